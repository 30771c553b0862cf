package embedded

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func readEvents(value string) (string, string) {
	c, ok := parseClass(value)
	if !ok {
		return "", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
	}
	return c.String(), ""
}

func readInteger(value string) (string, string) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return "", "argument couldn't be parsed into an integer"
	}
	return strconv.FormatInt(n, 10), ""
}

func readYesNo(value string) (string, string) {
	value = strings.ToLower(value)
	if value != "yes" && value != "no" {
		return "", "argument must be 'yes' or 'no'"
	}
	return value, ""
}

func oneOf(allowed ...string) func(string) (string, string) {
	return func(value string) (string, string) {
		value = strings.ToLower(value)
		if !slices.Contains(allowed, value) {
			return "", "argument(s) must be one of the following: " + strings.Join(allowed, ", ")
		}
		return value, ""
	}
}

func readMemory(value string) (string, string) {
	n, ok := parseMemory(value)
	if !ok {
		return "", "argument must be a memory value"
	}
	return strconv.Itoa(n), ""
}

// parseMemory reads a number of bytes with an optional unit: 1k is 1000, 1kb 1024.
func parseMemory(s string) (int, bool) {
	digits := strings.TrimRight(strings.ToLower(s), "kmgb")
	units := map[string]int{"": 1, "b": 1, "k": 1e3, "kb": 1 << 10, "m": 1e6, "mb": 1 << 20, "g": 1e9, "gb": 1 << 30}
	unit, ok := units[strings.ToLower(s[len(digits):])]
	n, err := strconv.Atoi(digits)
	return n * unit, ok && err == nil && n >= 0
}

// readSave checks pairs of seconds and changes.
func readSave(value string) (string, string) {
	fields := strings.Fields(value)
	for _, f := range fields {
		if n, err := strconv.Atoi(f); err != nil || n < 0 {
			return "", "Invalid save parameters"
		}
	}
	if len(fields)%2 != 0 {
		return "", "Invalid save parameters"
	}
	return strings.Join(fields, " "), ""
}

// mergeLimits puts the classes named in value into the present limits.
func mergeLimits(present, value string) (string, string) {
	limits := parseLimits(present)
	fields := strings.Fields(value)
	if len(fields) == 0 || len(fields)%4 != 0 {
		return "", "Wrong number of arguments in buffer limit configuration."
	}
	for f := fields; len(f) > 0; f = f[4:] {
		class := strings.ToLower(f[0])
		if class == "replica" {
			class = "slave"
		}
		if _, known := limits[class]; !known {
			return "", "Invalid client class specified in buffer limit configuration."
		}
		hard, okHard := parseMemory(f[1])
		soft, okSoft := parseMemory(f[2])
		within, err := strconv.Atoi(f[3])
		if !okHard || !okSoft || err != nil || within < 0 {
			return "", "Error in hard, soft or soft_seconds setting in buffer limit configuration."
		}
		limits[class] = bufferLimit{hard, soft, time.Duration(within) * time.Second}
	}
	var shown []string
	for _, class := range []string{"normal", "slave", "pubsub"} {
		l := limits[class]
		shown = append(shown, fmt.Sprintf("%s %d %d %d", class, l.hard, l.soft, int(l.within/time.Second)))
	}
	return strings.Join(shown, " "), ""
}

// parseLimits reads limits in the form in which they are kept.
func parseLimits(s string) map[string]bufferLimit {
	limits := map[string]bufferLimit{}
	for f := strings.Fields(s); len(f) >= 4; f = f[4:] {
		hard, _ := strconv.Atoi(f[1])
		soft, _ := strconv.Atoi(f[2])
		within, _ := strconv.Atoi(f[3])
		limits[f[0]] = bufferLimit{hard, soft, time.Duration(within) * time.Second}
	}
	return limits
}

func (c *config) setLimits(s string) { c.limits = parseLimits(s) }
