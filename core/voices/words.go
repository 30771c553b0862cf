package voices

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// count is 12,408.
func count[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is "1 packet" or "2 packets".
func counted[N int | int64](n N, what string) string {
	if n != 1 {
		if stem, ok := strings.CutSuffix(what, "try"); ok {
			return count(n) + " " + stem + "tries"
		}
		what += "s"
	}
	return count(n) + " " + what
}

// verb is the form that goes with a number: "waits" for one, "wait" for more.
func verb[N int | int64](n N, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// size is 612 B, 4.2 KB, 1.5 MB.
func size(bytes float64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%.0f B", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KB", bytes/(1<<10))
	case bytes < 1<<30:
		return fmt.Sprintf("%.1f MB", bytes/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", bytes/(1<<30))
}

// span is 0.2 s, 38 s, 6m 02, 3h 07 or 12d 04.
func span(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d < 9950*time.Millisecond {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%dm %02d", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh %02d", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd %02d", s/86400, s/3600%24)
}

// rate is 4.2/s.
func rate(perSecond float64) string {
	switch {
	case perSecond >= 99.95:
		return count(int64(math.Round(perSecond))) + "/s"
	case perSecond < 0.1 && perSecond > 0:
		return fmt.Sprintf("%.1f/min", perSecond*60)
	}
	return fmt.Sprintf("%.1f/s", perSecond)
}

// percent is a share of 1 as 12 %, or 1.6 % where that says more.
func percent(share float64) string {
	p := share * 100
	if p > 0 && p < 9.95 || p > 99 && p < 100 {
		return fmt.Sprintf("%.1f %%", math.Floor(p*10+1e-6)/10)
	}
	return fmt.Sprintf("%.0f %%", p)
}

// change is how much more the second is than the first: +12 %, −10 %.
func change(from, to float64) string { return signed("%+.0f %%", (to-from)/from*100) }

// signed has a minus sign in place of a hyphen.
func signed(form string, v float64) string {
	return strings.Replace(fmt.Sprintf(form, v), "-", "−", 1)
}

// clock is a time of the day, in UTC as the records have it.
func clock(at time.Time) string { return at.UTC().Format("15:04:05") }

// or is the first text that says something.
func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// shell quotes an argument of a command that somebody will paste: ids are
// anybody's.
func shell(arg string) string {
	return "'" + strings.ReplaceAll(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, arg), "'", `'\''`) + "'"
}
