package packet

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimesAreReadInEveryFormThatIsInUse(t *testing.T) {
	base := time.Date(2025, 12, 2, 14, 35, 18, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2025-12-02T14:35:18":                 base,
		"2025-12-02 14:35:18":                 base,
		"2025-12-02T14:35:18Z":                base,
		"2025-12-02T14:35:18.5":               base.Add(500 * time.Millisecond),
		"2025-12-02T14:35:18.000123":          base.Add(123 * time.Microsecond),
		"2025-12-02T14:35:18.123456789Z":      base.Add(123456789),
		"2025-12-02T15:35:18+01:00":           base,
		"2025-12-02T15:35:18+0100":            base,
		"2025-12-02T15:35:18+01":              base,
		"2025-12-02T09:05:18.000123-05:30":    base.Add(123 * time.Microsecond),
		"2024-02-29T00:00:00":                 time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"2000-02-29T00:00:00":                 time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC),
		"0001-01-01T00:00:00":                 time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59.999999999-23:59": time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("", -(23*3600+59*60))),
	} {
		got, err := ParseTime(text)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("ParseTime(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestTimesThatNoCalendarHasAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "now", "2025-12-02", "2025-12-02T14:35", "2025-12-02t14:35:18", "2025-12-02T14:35:18z",
		"2025-02-29T00:00:00", "1900-02-29T00:00:00", "2025-04-31T00:00:00", "2025-13-01T00:00:00", "2025-00-01T00:00:00",
		"2025-01-00T00:00:00", "0000-01-01T00:00:00", "2025-01-01T24:00:00", "2025-01-01T00:60:00", "2025-01-01T00:00:60",
		"2025-12-02T14:35:18.", "2025-12-02T14:35:18.1234567890", "2025-12-02T14:35:18,5", "2025-12-02T14:35:18+1",
		"2025-12-02T14:35:18+24:00", "2025-12-02T14:35:18+01:60", "2025-12-02T14:35:18+01:0", "2025-12-02T14:35:18 Z",
		" 2025-12-02T14:35:18", "2025-12-02T14:35:18\n", "2025-1２-02T14:35:18", "20251202T143518", "+025-12-02T14:35:18",
	} {
		if got, err := ParseTime(text); err == nil {
			t.Errorf("ParseTime(%q) = %v, want an error", text, got)
		}
	}
}

func TestTimesAreWrittenAsPythonsIsoformatDoes(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for want, at := range map[string]time.Time{
		"2025-12-02T14:35:18.000123": time.Date(2025, 12, 2, 15, 35, 18, 123999, zone),
		"2025-12-02T14:35:18":        time.Date(2025, 12, 2, 14, 35, 18, 999, time.UTC),
		"2025-12-02T14:35:18.100000": time.Date(2025, 12, 2, 14, 35, 18, 100000000, time.UTC),
		"0009-01-02T03:04:05":        time.Date(9, 1, 2, 3, 4, 5, 0, time.UTC),
	} {
		if got := FormatTime(at); got != want {
			t.Errorf("FormatTime(%v) = %q, want %q", at, got, want)
		}
	}
}

func TestATimeThatIsWrittenIsReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "micros")
		want := time.UnixMicro(micros).UTC()
		got, err := ParseTime(FormatTime(want))
		if err != nil || !got.Equal(want) {
			t.Fatalf("%v came back as %v, %v", want, got, err)
		}
		if want.Format("2006-01-02T15:04:05.000000")[:19] != FormatTime(want)[:19] {
			t.Fatalf("%v is written %s", want, FormatTime(want))
		}
	})
}
