package themes

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// The two palettes whose values are promised, as written in the design.
var promised = map[string]string{
	"dark": `bg #0f1218 surface #161b24 select #222c40 fg #dce1ea muted #a3acbb faint #808a9b
		border #2c3543 accent #82a8ff graph #5573b5 graphlo #49619a graphtop #82a8ff ok #7fc98f
		warn #f0a45f bad #ff7d80 info #79c3d9 hold #e6c667 cosign #d5a0f2`,
	"light": `bg #fafaf7 surface #f0f1ef select #dde6f9 fg #1c212a muted #4a5362 faint #656d7b
		border #d2d5da accent #2b57cc graph #5a79cc graphlo #738ed3 graphtop #2b57cc ok #1c7439
		warn #a04a0c bad #bd2129 info #116a84 hold #7d5a00 cosign #853aab`,
}

func hex(p paint) string { return fmt.Sprintf("#%02x%02x%02x", p.r, p.g, p.b) }

func TestDarkAndLightHaveTheDesignsColours(t *testing.T) {
	for name, want := range promised {
		var got []string
		for _, r := range Roles() {
			got = append(got, r.String(), hex(MustLoad(name).paints[r]))
		}
		if g, w := strings.Join(got, " "), strings.Join(strings.Fields(want), " "); g != w {
			t.Errorf("%s:\n got %s\nwant %s", name, g, w)
		}
	}
}

func isText(r Role) bool { return r >= Fg && r != Border && !isGraph(r) }

func isGraph(r Role) bool { return r == Graph || r == GraphLo || r == GraphTop }

func TestEveryTextCanBeRead(t *testing.T) {
	for _, name := range Names() {
		th := MustLoad(name)
		if th.paints[Bg].kind != paintRGB {
			continue // the terminal's own colours
		}
		least := 4.5
		if name == "high-contrast" {
			least = 7
		}
		for _, r := range Roles() {
			for _, bg := range []Role{Bg, Surface, Select} {
				fg, ground, _ := th.resolve(th.On(bg, r))
				c := Contrast(fg.color(), ground.color())
				switch {
				case isText(r) && c < least:
					t.Errorf("%s: %s on %s is %.2f", name, r, bg, c)
				case isGraph(r) && bg == Bg && c < 3:
					t.Errorf("%s: %s on %s is %.2f", name, r, bg, c)
				}
			}
		}
	}
}

func TestAnAwayPictureCanStillBeRead(t *testing.T) {
	for _, name := range []string{"dark", "light", "high-contrast", "colour-blind"} {
		th := MustLoad(name)
		away := th.Away()
		if got, want := away.On(Select, Fg).Render("x"), th.On(Select, Muted).Render("x"); got != want {
			t.Errorf("%s: fg on select while away is %q, not muted %q", name, got, want)
		}
		if got, want := away.Style(Bad).Bold().Render("x"), th.Style(Faint).Render("x"); ansi.Strip(got) != "x" || prefix(got) != prefix(want) {
			t.Errorf("%s: bad while away is %q, not faint", name, got)
		}
		if got, want := away.Style(Accent).Bold().Pre(), th.Style(Accent).Bold().Pre(); got != want {
			t.Errorf("%s: the focus lost its accent", name)
		}
		if away.Style(GraphTop).Pre() != th.Style(Border).Pre() {
			t.Errorf("%s: graphs are not in border", name)
		}
		if away.Live() != th || away.Away() != away || th.Away() != away {
			t.Errorf("%s: away and live do not lead back", name)
		}
	}
}

func prefix(s string) string { return s[:strings.IndexByte(s, 'x')] }

// deuteranopia and protanopia after Machado, Oliveira and Fernandes (2009),
// severity 1, on linear RGB.
var blindness = map[string][9]float64{
	"deuteranopia": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	"protanopia":   {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
}

func TestColourBlindEyesTellWellFromTrouble(t *testing.T) {
	th := MustLoad("colour-blind")
	pairs := [][2]Role{{OK, Bad}, {OK, Warn}, {OK, Hold}, {Info, Bad}, {Accent, Bad}, {Bad, Hold}, {Bad, Cosign}}
	for eye, m := range blindness {
		for _, p := range pairs {
			if d := distance(th.paints[p[0]], th.paints[p[1]], m); d < 0.35 {
				t.Errorf("%s: %s and %s are %.3f apart", eye, p[0], p[1], d)
			}
		}
	}
}

// distance is between linear colours as seen by an eye; 1 is black to white
// in one channel.
func distance(a, b paint, m [9]float64) float64 {
	see := func(p paint) [3]float64 {
		r, g, bl, _ := p.color().RGBA()
		v := [3]float64{linear(r), linear(g), linear(bl)}
		var o [3]float64
		for i := range o {
			o[i] = m[3*i]*v[0] + m[3*i+1]*v[1] + m[3*i+2]*v[2]
		}
		return o
	}
	x, y := see(a), see(b)
	sum := 0.0
	for i := range x {
		sum += (x[i] - y[i]) * (x[i] - y[i])
	}
	return math.Sqrt(sum)
}

func TestEveryGlyphTakesOneCellAndHasAnASCIIForm(t *testing.T) {
	for g := range numGlyphs {
		for name, table := range map[string]*glyphTable{"unicode": &unicodeGlyphs, "ascii": &asciiGlyphs} {
			s := table[g]
			if ansi.StringWidth(s) != 1 || ansi.StringWidthWc(s) != 1 {
				t.Errorf("%s glyph %d %q is not one cell", name, g, s)
			}
		}
		if len(asciiGlyphs[g]) != 1 {
			t.Errorf("glyph %d has no ASCII form", g)
		}
	}
}

func TestMonoAndAnsi16UseNoColourOfTheirOwn(t *testing.T) {
	for _, name := range []string{"mono", "ansi16"} {
		th := MustLoad(name)
		for _, r := range Roles() {
			for _, bg := range []Role{Bg, Surface, Select} {
				s := th.On(bg, r).Bold().Render("x")
				if strings.Contains(s, "38;2") || strings.Contains(s, "48;") {
					t.Errorf("%s: %s on %s is %q", name, r, bg, s)
				}
				if name == "mono" && (strings.Contains(s, "[3") || strings.Contains(s, ";3")) {
					t.Errorf("mono has colour: %q", s)
				}
			}
		}
		if s := th.On(Select, Fg).Render("x"); !strings.Contains(s, "\x1b[7m") {
			t.Errorf("%s: select is not reverse: %q", name, s)
		}
	}
}

func TestFaintOnSelectIsMuted(t *testing.T) {
	th := MustLoad("dark")
	if th.On(Select, Faint).Render("x") != th.On(Select, Muted).Render("x") {
		t.Error("faint on select is not muted")
	}
	if th.On(Surface, Faint).Render("x") == th.On(Surface, Muted).Render("x") {
		t.Error("faint on surface is muted")
	}
}

func TestAPageIsFilledInEveryCell(t *testing.T) {
	th := MustLoad("light")
	for _, line := range strings.Split(th.Page("a\n"+th.On(Select, Fg).Render("bb ")+"\n\x1b[1mc\x1b[m d", 6, 5), "\n") {
		if ansi.StringWidth(line) != 6 && ansi.StringWidth(line) != 0 {
			t.Errorf("%q is %d cells wide", line, ansi.StringWidth(line))
		}
		if !strings.HasPrefix(line, th.base) {
			t.Errorf("%q does not begin with the page's colours", line)
		}
		if strings.Contains(strings.TrimSuffix(line, "\x1b[m"), "\x1b[m") {
			t.Errorf("%q falls back to the terminal's colours", line)
		}
		if !strings.HasSuffix(strings.TrimSuffix(line, "\x1b[m"), nbsp) {
			t.Errorf("%q ends in a space that a renderer would erase", line)
		}
	}
	full := th.Page(th.On(Select, Fg).Render("123456 "), 7, 1)
	if ansi.StringWidth(full) != 7 || !strings.Contains(full, "123456"+nbsp) {
		t.Errorf("%q ends in a space", full)
	}
}

func TestPageKeepsToTheSize(t *testing.T) {
	if got := strings.Count(MustLoad("mono").Page("a\nb\nc\nd", 2, 3), "\n"); got != 2 {
		t.Errorf("%d line breaks", got)
	}
}

func TestParseSaysWhereItIsWrong(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"name: x\nroles:\n  bg: \"#12\"\n", "line 3, column 7: role bg: colour \"#12\" is not #rrggbb"},
		{"name: x\nroles:\n  fgg: red\n", "line 3, column 3: no role \"fgg\""},
		{"name: x\ncolour: red\n", "line 2, column 1: \"colour\" is not known"},
		{"name: x\ndark: maybe\n", "line 2, column 7: dark is true or false"},
		{"name: x\nextends: dusk\n", "line 2, column 10: extends: no theme \"dusk\""},
		{"name: x\nroles: [a]\n", "line 2, column 8: roles is a list"},
		{"name: x\nroles:\n  bad: red blue\n", "line 3, column 8: role bad: \"red blue\" names 2 colours"},
		{"name: x\nextends: dark\nroles:\n  bad: red\n  bad: blue\n", "line 5, column 3"},
		{"roles:\n  bg: red\n", "the palette has no name"},
		{"name: x\nroles:\n  bg: red\n", "role surface is missing"},
		{"", "the palette is empty"},
		{"name: [x\n", "line 1"},
	} {
		_, err := Parse([]byte(c.yaml))
		var pe *ParseError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &pe) {
			t.Errorf("%q gives %v, want %q", c.yaml, err, c.want)
		}
	}
}

func TestAUsersThemeExtendsABuiltInOne(t *testing.T) {
	th, err := Parse([]byte("name: mine\nextends: light\nroles:\n  accent: \"#112233\"\n  bad: red bold\n"))
	if err != nil {
		t.Fatal(err)
	}
	if th.Name() != "mine" || th.Dark() || hex(th.paints[Accent]) != "#112233" || hex(th.paints[GraphTop]) != "#112233" {
		t.Errorf("%s dark %v accent %s top %s", th.Name(), th.Dark(), hex(th.paints[Accent]), hex(th.paints[GraphTop]))
	}
	if hex(th.paints[OK]) != "#1c7439" {
		t.Error("ok was not taken from light")
	}
	if s := th.Style(Bad).Render("x"); !strings.HasPrefix(s, "\x1b[1;31m") {
		t.Errorf("bad is %q", s)
	}
}

func TestUnknownThemesAreNamedWithTheKnownOnes(t *testing.T) {
	_, err := Load("dusk")
	if err == nil || !strings.Contains(err.Error(), "colour-blind") {
		t.Errorf("%v", err)
	}
}

func TestRenderingCostsOneAllocation(t *testing.T) {
	th := MustLoad("dark")
	if n := testing.AllocsPerRun(100, func() { _ = th.On(Select, Warn).Bold().Render("growing") }); n > 1 {
		t.Errorf("%.0f allocations", n)
	}
}

func TestWidthAgreesWithTheFullMeasure(t *testing.T) {
	for _, s := range []string{"", "abc", "\x1b[38;2;1;2;3mab\x1b[m", "é", "e\u0301", "日本", "✓\ufe0f", "─━▌⣿ ✓✕●○▲", "\x1b]0;title\x07a", "a\tb", "\x1b[2Ja", "\x1b"} {
		if got, want := Width(s), ansi.StringWidth(s); got != want {
			t.Errorf("%q is %d, not %d", s, got, want)
		}
	}
	for r := rune(0); r < 0x3000; r++ {
		if narrow(r) && (ansi.StringWidth(string(r)) != 1 || ansi.StringWidthWc(string(r)) != 1) {
			t.Errorf("%U is not narrow", r)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	th := MustLoad("dark")
	for b.Loop() {
		_ = th.Style(Muted).Render("nuclear-power")
	}
}

func BenchmarkPage200x60(b *testing.B) {
	th := MustLoad("dark")
	var row strings.Builder
	for range 10 {
		row.WriteString(th.Style(Muted).Render("nuclear-power") + "       ")
	}
	content := strings.TrimSuffix(strings.Repeat(row.String()+"\n", 60), "\n")
	b.ReportAllocs()
	for b.Loop() {
		_ = th.Page(content, 200, 60)
	}
}
