package packet

import (
	"fmt"
	"time"
)

// FormatTime writes t as packets hold times: UTC with microseconds and no
// zone, the fraction left out when it is zero, as Python's isoformat does:
// "2025-12-02T14:35:18.000123". What is finer than a microsecond is cut off.
func FormatTime(t time.Time) string {
	var buf [32]byte
	return string(AppendTime(buf[:0], t))
}

// AppendTime appends what FormatTime writes.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, "2006-01-02T15:04:05")
	}
	hour, minute, second := t.Clock()
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	if micro := t.Nanosecond() / 1000; micro != 0 {
		dst = appendDigits(append(dst, '.'), micro, 6)
	}
	return dst
}

// FormatMicros writes t as records hold times: RFC 3339 in UTC, always with
// microseconds: "2025-12-02T14:35:18.000000Z".
func FormatMicros(t time.Time) string {
	var buf [32]byte
	out := AppendTime(buf[:0], t)
	if t.Nanosecond()/1000 == 0 {
		out = append(out, ".000000"...)
	}
	return string(append(out, 'Z'))
}

func appendDigits(dst []byte, n, width int) []byte {
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// ParseTime reads an ISO 8601 time: "2025-12-02T14:35:18", with a space in
// place of the T, with 1 to 9 fraction digits, and with no zone (taken as
// UTC), Z, or an offset (+01:00, +0100, +01). It is strict about the
// calendar: no 30 February, no hour 24, no second 60, no year 0. The result
// is in UTC.
func ParseTime(s string) (time.Time, error) {
	seconds, nanos, ok := parseTime(s)
	if !ok {
		return time.Time{}, fmt.Errorf("%s is not an ISO 8601 time such as 2025-12-02T14:35:18", quoteShort(s))
	}
	return time.Unix(seconds, nanos).UTC(), nil
}

// Time is the packet's dispatched_at as a time in UTC.
func (p Packet) Time() (time.Time, error) { return ParseTime(p.DispatchedAt) }

func parseTime(s string) (seconds, nanos int64, ok bool) {
	const shape = "0000-00-00T00:00:00"
	if len(s) < len(shape) || s[4] != '-' || s[7] != '-' || s[13] != ':' || s[16] != ':' || (s[10] != 'T' && s[10] != ' ') {
		return 0, 0, false
	}
	century, ok0 := twoDigits(s, 0)
	rest, ok1 := twoDigits(s, 2)
	month, ok2 := twoDigits(s, 5)
	day, ok3 := twoDigits(s, 8)
	hour, ok4 := twoDigits(s, 11)
	minute, ok5 := twoDigits(s, 14)
	second, ok6 := twoDigits(s, 17)
	year := century*100 + rest
	switch {
	case !ok0 || !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6:
		return 0, 0, false
	case year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month):
		return 0, 0, false
	case hour > 23 || minute > 59 || second > 59:
		return 0, 0, false
	}
	seconds = daysSinceEpoch(year, month, day)*86400 + hour*3600 + minute*60 + second
	s = s[len(shape):]
	nanos, s, ok = parseFraction(s)
	if !ok {
		return 0, 0, false
	}
	offset, ok := parseOffset(s)
	return seconds - offset, nanos, ok
}

// parseFraction reads ".123" in front of s, if it is there, as nanoseconds.
func parseFraction(s string) (nanos int64, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	i := 1
	for ; i < len(s) && i <= 9 && s[i] >= '0' && s[i] <= '9'; i++ {
		nanos = nanos*10 + int64(s[i]-'0')
	}
	for n := i; n <= 9; n++ {
		nanos *= 10
	}
	return nanos, s[i:], i > 1
}

// parseOffset reads the zone at the end of a time, in seconds east of UTC.
func parseOffset(s string) (seconds int64, ok bool) {
	if s == "" || s == "Z" {
		return 0, true
	}
	if (s[0] != '+' && s[0] != '-') || len(s) < 3 {
		return 0, false
	}
	hour, ok := twoDigits(s, 1)
	if !ok || hour > 23 {
		return 0, false
	}
	var minute int64
	switch {
	case len(s) == 3:
	case len(s) == 5:
		minute, ok = twoDigits(s, 3)
	case len(s) == 6 && s[3] == ':':
		minute, ok = twoDigits(s, 4)
	default:
		return 0, false
	}
	if !ok || minute > 59 {
		return 0, false
	}
	seconds = hour*3600 + minute*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func twoDigits(s string, at int) (int64, bool) {
	a, b := s[at]-'0', s[at+1]-'0'
	return int64(a)*10 + int64(b), a <= 9 && b <= 9
}

func daysIn(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSinceEpoch counts the days from 1970-01-01 in the proleptic Gregorian
// calendar, with years that begin in March so that leap days come last.
func daysSinceEpoch(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}
