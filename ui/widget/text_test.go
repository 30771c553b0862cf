package widget

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/themes"
)

// nasty is text as an enemy would write it.
func nasty() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"queue:council", "sonnet_coordinator_bb74", " ", "日本語", "é", "e\u0301", "z\u0351\u0352\u0353\u0354", "\u0301",
		"\x1b[31m", "\x1b]0;pwned\x07", "\x9b31m", "\u009b31m", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\n", "\r", "\t", "\x00", "\x7f",
		"👩\u200d💻", "🇩🇪", "👍🏽", "✓\ufe0f", "한국", "\u1112\u1161\u11ab", "\u1161", "क्षि", "\u093f", "\u0d4e", "ﷺ", "\xff\xfe", "\u2028", "\U000e0041", "ｗｉｄｅ", "\u3164", "…",
	})
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces")
		parts = append(parts, rapid.StringN(0, 6, -1).Draw(t, "any"))
		return strings.Join(parts, "")
	})
}

func TestSanitizedTextIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nasty().Draw(t, "text")
		clean := Sanitize(s)
		for _, r := range clean {
			if !unicode.IsGraphic(r) {
				t.Fatalf("%q still holds %U", clean, r)
			}
		}
		if a, b := ansi.StringWidth(clean), ansi.StringWidthWc(clean); a != b {
			t.Fatalf("%q is %d or %d cells wide", clean, a, b)
		}
		if Width(clean) != ansi.StringWidth(clean) {
			t.Fatalf("Width of %q is %d", clean, Width(clean))
		}
		if again := Sanitize(clean); again != clean {
			t.Fatalf("%q becomes %q the second time", clean, again)
		}
		if s != "" && clean == "" {
			t.Fatalf("%q vanished", s)
		}
	})
}

func TestSanitizeShowsWhatItDisarms(t *testing.T) {
	for in, want := range map[string]string{
		"plain":               "plain",
		"naïve 日本":            "naïve 日本",
		"\x1b[31mred":         "␛[31mred",
		"a\nb\tc\r":           "a␊b␉c␍",
		"del\x7f":             "del␡",
		"\u009b1m":            `\x9b1m`,
		"bad\xff":             `bad\xff`,
		"ab\u202edc":          `ab\u202edc`,
		"zero\u200bwidth":     `zero\u200bwidth`,
		"e\u0301":             "e\u0301",
		"\u0301":              `\u0301`,
		"a\u0301\u0301\u0301": "a\u0301\u0301\u0301",
	} {
		if got := Sanitize(in); got != want {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
	if got := Sanitize("a" + strings.Repeat("\u0301", 9)); strings.Count(got, "\u0301") > maxMarks {
		t.Errorf("a pile of marks stays: %q", got)
	}
}

func TestCutAndPadKeepToTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Sanitize(nasty().Draw(t, "text"))
		w := rapid.IntRange(0, 30).Draw(t, "width")
		for name, got := range map[string]string{"Cut": Cut(s, w), "CutMiddle": CutMiddle(s, w)} {
			if Width(got) > w {
				t.Errorf("%s(%q, %d) is %q", name, s, w, got)
			}
			if Width(s) <= w && got != s {
				t.Errorf("%s(%q, %d) is %q without need", name, s, w, got)
			}
			if Width(s) > w && w > 0 && !strings.Contains(got, "…") {
				t.Errorf("%s(%q, %d) is %q and does not say so", name, s, w, got)
			}
		}
		for name, got := range map[string]string{"PadLeft": PadLeft(s, w), "PadRight": PadRight(s, w)} {
			if Width(got) != w {
				t.Errorf("%s(%q, %d) is %q", name, s, w, got)
			}
		}
	})
}

func TestIdentitiesAreCutInTheMiddle(t *testing.T) {
	if got := CutMiddle("sonnet_coordinator_ator_bb74", 20); got != "sonnet_coo…ator_bb74" {
		t.Errorf("%q", got)
	}
	if got := Cut("queue:integrated-operations", 19); got != "queue:integrated-o…" {
		t.Errorf("%q", got)
	}
	if got := CutMiddle("日本語日本語日本語", 8); Width(got) > 8 || !strings.HasPrefix(got, "日本…") {
		t.Errorf("%q", got)
	}
}

func TestNumbersHaveTheirForms(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Count(0), "·"}, {Count(7), "7"}, {Count(12408), "12,408"}, {Count(999_999), "999,999"}, {Count(1_240_000), "1.24M"},
		{Count(12_400_000), "12.4M"}, {Count(-12), "−12"}, {Count(1_000_000), "1.00M"},
		{Rate(0), "·"}, {Rate(0.3), "0.3/s"}, {Rate(1.2), "1.2/s"}, {Rate(40), "40/s"}, {Rate(412.3), "412/s"}, {Rate(18_400), "18.4k/s"},
		{Rate(1_240), "1.24k/s"}, {Rate(999_600), "1.00M/s"}, {Rate(0.001), "<0.1/s"},
		{NetRate(18.2), "+18.2"}, {NetRate(-4), "−4.0"}, {NetRate(0.01), "·"}, {NetRate(-0.3), "−0.3"}, {NetRate(1234), "+1.2k"}, {NetRate(-123456), "−123k"},
		{Age(200 * time.Millisecond), "0.2 s"}, {Age(38 * time.Second), "38 s"}, {Age(362 * time.Second), "6m 02"}, {Age(3*time.Hour + 7*time.Minute), "3h 07"},
		{Age(12*24*time.Hour + 4*time.Hour), "12d 04"}, {Age(413 * 24 * time.Hour), "413 d"}, {Age(0), "·"}, {Age(-time.Second), "·"},
		{Age(9999 * time.Millisecond), "10 s"}, {Age(59_900 * time.Millisecond), "1m 00"}, {AgeWhole(4200 * time.Millisecond), "4 s"},
		{Latency(410 * time.Microsecond), "0.41 ms"}, {Latency(12300 * time.Microsecond), "12.3 ms"}, {Latency(1240 * time.Millisecond), "1.24 s"}, {Latency(4100), "4.1 µs"},
		{Size(0), "·"}, {Size(612), "612 B"}, {Size(4300), "4.2 KB"}, {Size(1 << 20), "1.0 MB"}, {Size(1000 << 10), "1.0 MB"}, {Size(412 << 20), "412 MB"},
		{Clock(time.Date(2026, 1, 2, 3, 8, 20, 0, time.UTC)), "03:08:20"}, {Clock(time.Time{}), "·"},
		{Commas(1211), "1,211"}, {Commas(0), "0"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestNumbersFitTheirColumns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		f := rapid.Float64().Draw(t, "f")
		d := time.Duration(n)
		for name, c := range map[string]struct {
			got   string
			width int
		}{
			"Count": {Count(n), CountWidth}, "Rate": {Rate(max(f, 0)), RateWidth}, "NetRate": {NetRate(f), NetRateWidth},
			"Age": {Age(d), AgeWidth}, "Latency": {Latency(d), LatencyWidth}, "Size": {Size(n), SizeWidth}, "Clock": {Clock(time.Unix(n%1e11, 0)), ClockWidth},
		} {
			if Width(c.got) > c.width || c.got == "" {
				t.Errorf("%s of %d or %g is %q", name, n, f, c.got)
			}
		}
	})
}

func TestScaleGrowsAtOnceAndShrinksAfterAMinute(t *testing.T) {
	var s Scale
	now := time.Unix(0, 0)
	at := func(sec int, v, want float64) {
		t.Helper()
		if got := s.Update(v, now.Add(time.Duration(sec)*time.Second)); got != want {
			t.Errorf("at %d s with %g the top is %g, not %g", sec, v, got, want)
		}
	}
	at(0, 3, 5)
	at(1, 18_400, 20_000)
	at(2, 9_000, 20_000)
	at(61, 9_000, 20_000)
	at(62, 9_000, 10_000)
	at(63, 4_000, 10_000)
	at(100, 6_000, 10_000) // above half again: the minute starts anew
	at(124, 4_000, 10_000)
	at(183, 4_000, 10_000)
	at(184, 4_000, 5_000)
	at(185, 0, 5_000)
	at(245, 0, 1)
}

func TestNoDataIsBlankAndZeroIsNot(t *testing.T) {
	g := AreaGraph{Values: []float64{0, 0}, Top: 10}
	zero := ansi.Strip(g.View(dark, graphStart+1, 3))
	g.Values = nil
	none := ansi.Strip(g.View(dark, graphStart+1, 3))
	if zero == none {
		t.Errorf("zero and no data look the same: %q", zero)
	}
	g.Values, g.Top = []float64{1, 1}, 1e9
	if tiny := ansi.Strip(g.View(dark, graphStart+1, 3)); !strings.Contains(tiny, "⣀") {
		t.Errorf("a value above zero draws no dot: %q", tiny)
	}
}

func TestFootersKeepWhatMattersMost(t *testing.T) {
	for _, name := range themes.Names() {
		th := themes.MustLoad(name)
		for w := 20; w < 160; w += 7 {
			exact(t, name, footer().View(th, w), w, 1)
		}
	}
	narrow := ansi.Strip(footer().View(dark, 70))
	for _, want := range []string{"tab pane", "a sign", "? help", "│"} {
		if !strings.Contains(narrow, want) {
			t.Errorf("%q is not in %q", want, narrow)
		}
	}
}

func TestEveryRuneKeepsItsWidthAmongOthers(t *testing.T) {
	for r := rune(1); r < 0x20000; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		s := string(r)
		for _, in := range []string{s, "a" + s, "日" + s, s + "a", "\x1b" + s, s + s, s + "\u0301"} {
			if c := Sanitize(in); ansi.StringWidth(c) != ansi.StringWidthWc(c) {
				t.Fatalf("%U: %q becomes %q, of %d or %d cells", r, in, c, ansi.StringWidth(c), ansi.StringWidthWc(c))
			}
		}
		if c := Sanitize(s); ansi.StringWidth("a"+c) != 1+ansi.StringWidth(c) || ansi.StringWidth(c+"a") != 1+ansi.StringWidth(c) {
			t.Fatalf("%U: %q changes its width beside a letter", r, c)
		}
	}
}
