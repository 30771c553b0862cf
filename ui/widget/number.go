package widget

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Zero stands for nothing; draw it faint.
const Zero = "·"

// Minus is the sign of negative numbers, as wide as the plus.
const Minus = "−"

// Widths of the number columns; every form below fits its own.
const (
	CountWidth   = 7
	RateWidth    = 7
	NetRateWidth = 6
	AgeWidth     = 6
	LatencyWidth = 7
	SizeWidth    = 7
	ClockWidth   = 8
)

// Count is 12,408, and 1.24M from a million. Zero is [Zero].
func Count(n int64) string {
	switch {
	case n == 0:
		return Zero
	case n < 0:
		if n <= -100_000 {
			return Minus + short(-float64(n))
		}
		return Minus + group(-n)
	case n < 1_000_000:
		return group(n)
	}
	return short(float64(n))
}

// group is n with a comma each three digits.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	if len(s) <= 3 {
		return s
	}
	out := make([]byte, 0, len(s)+len(s)/3)
	for i := range len(s) {
		if i > 0 && (len(s)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// Commas is n in full with a comma each three digits, for sentences: "1–21 of
// 1,211". Unlike Count, zero is 0.
func Commas(n int) string {
	if n < 0 {
		return Minus + group(-int64(n))
	}
	return group(int64(n))
}

var units = []string{"", "k", "M", "G", "T", "P", "E"}

// short is v in at most three digits and a unit: 412, 18.4k, 1.24M. v ≥ 0.
func short(v float64) string {
	u := 0
	for v >= 999.5 && u < len(units)-1 {
		v /= 1000
		u++
	}
	if u == 0 {
		return threeDigits(v, 1)
	}
	return threeDigits(v, 2) + units[u]
}

// threeDigits is v below 1000 in three digits, with at most decimals of them
// behind the point. Whole numbers have no point.
func threeDigits(v float64, decimals int) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(math.Min(v, 999), 'f', 0, 64)
	case v >= 9.995 && decimals > 1:
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals == 1 && s[len(s)-2:] == ".0" {
		return s[:len(s)-2]
	}
	return s
}

// Rate is 18.4k/s, three digits. Zero is [Zero]; what rounds to nothing and
// is not is <0.1/s.
func Rate(perSecond float64) string {
	switch {
	case perSecond == 0 || math.IsNaN(perSecond):
		return Zero
	case perSecond < 0.05:
		return "<0.1/s"
	}
	return short(math.Min(perSecond, 999e18)) + "/s"
}

// NetRate is +18.2 or −4.0 a second. What rounds to zero is [Zero].
func NetRate(perSecond float64) string {
	sign, v := "+", perSecond
	if v < 0 {
		sign, v = Minus, -v
	}
	switch {
	case v < 0.05 || math.IsNaN(v):
		return Zero
	case v < 999.95:
		return sign + strconv.FormatFloat(v, 'f', 1, 64)
	case v < 9995:
		return sign + strconv.FormatFloat(v/1000, 'f', 1, 64) + "k"
	}
	return sign + short(math.Min(v, 999e18))
}

// Age is 0.2 s, 38 s, 6m 02, 3h 07, 12d 04 or 413 d. Zero and less is [Zero].
func Age(d time.Duration) string {
	if d > 0 && d < 9950*time.Millisecond {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return AgeWhole(d)
}

// AgeWhole is Age in whole seconds, where tenths say nothing (heartbeats).
// The slower it changes, the less there is to draw.
func AgeWhole(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d <= 0:
		return Zero
	case s < 60:
		return strconv.FormatInt(s, 10) + " s"
	case s < 3600:
		return fmt.Sprintf("%dm %02d", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh %02d", s/3600, s%3600/60)
	case s < 100*86400:
		return fmt.Sprintf("%dd %02d", s/86400, s%86400/3600)
	}
	return strconv.FormatInt(min(s/86400, 9999), 10) + " d"
}

// Latency is 0.41 ms, or 41.2 µs below a tenth, or 1.24 s. Zero is [Zero].
func Latency(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d <= 0:
		return Zero
	case ms < 0.09995:
		return threeDigits(ms*1000, 1) + " µs"
	case ms < 999.5:
		return threeDigits(ms, 2) + " ms"
	}
	s := d.Seconds()
	if s < 999.5 {
		return threeDigits(s, 2) + " s"
	}
	return strconv.FormatFloat(math.Min(s, 99999), 'f', 0, 64) + " s"
}

var sizes = []string{"B", "KB", "MB", "GB", "TB", "PB", "EB"}

// Size is 612 B or 4.2 KB, of 1024. Zero is [Zero].
func Size(bytes int64) string {
	if bytes <= 0 {
		return Zero
	}
	if bytes < 1024 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	v, u := float64(bytes), 0
	for v >= 999.5 && u < len(sizes)-1 {
		v /= 1024
		u++
	}
	if v < 99.95 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " " + sizes[u]
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + " " + sizes[u]
}

// Clock is 03:08:20 in the time's own zone; the zero time is [Zero].
func Clock(t time.Time) string {
	if t.IsZero() {
		return Zero
	}
	return t.Format("15:04:05")
}

// Number is a span for a number column: fg unless it is nothing, then faint.
func Number(s string) Span {
	if s == Zero {
		return T(faint, s)
	}
	return T(fg, s)
}
