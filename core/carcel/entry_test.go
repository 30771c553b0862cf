package carcel_test

import (
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func TestEntriesOfOthersAreReadAsTheyAre(t *testing.T) {
	h := carcel.Parse(`{"tracking_id": "x", "reason": "Queue full", "decision": "blocked", "timestamp": "2025-12-02T14:35:18.000123", "contents": {"primitive": "IF.Matrix.Route", "vertical": "LAB", "actor": "ann"}, "origin": "py"}`)
	if h.Primitive != "matrix.route" || h.Vertical != "lab" || h.Actor != "ann" || h.Decision != governance.Blocked || h.At.Year() != 2025 || h.Complete || len(h.Faults) != 0 {
		t.Errorf("%+v", h)
	}
	for raw, fault := range map[string]string{
		"":                                      "entry",
		"no JSON":                               "entry",
		"[]":                                    "entry",
		"null":                                  "entry",
		`{"contents": []}`:                      "contents",
		`{"contents": {}, "tracking_id": 7}`:    "tracking_id",
		`{"contents": {}, "timestamp": "noon"}`: "timestamp",
		`{"contents": {}, "decision": ["a"]}`:   "decision",
	} {
		h := carcel.Parse(raw)
		if len(h.Faults) == 0 || h.Faults[0].Field != fault {
			t.Errorf("%q: faults %v, want one of %s", raw, h.Faults, fault)
		}
		if !strings.HasPrefix(h.ID(), "sha:") || len(h.SHA) != 64 {
			t.Errorf("%q: id %s", raw, h.ID())
		}
	}
}

func TestADiffNamesWhatChanged(t *testing.T) {
	got := carcel.Diff(
		packet.MustValue(`{"a": 1, "b": {"c": [1, 2, 3], "d": "x"}, "gone": null, "same": {"k": 1.0}}`),
		packet.MustValue(`{"a": 1.0, "b": {"c": [1, 5], "d": "x"}, "same": {"k": 1.0}, "new": true}`))
	var lines []string
	for _, c := range got {
		lines = append(lines, c.Path+": "+c.From+" > "+c.To)
	}
	if text := strings.Join(lines, "; "); text != `a: 1 > 1.0; b.c[1]: 2 > 5; b.c[2]: 3 > ; gone: null > ; new:  > true` {
		t.Error(text)
	}
}

// Whatever stands in the list, it is read without a crash, has an identity,
// and never passes for another entry.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"tracking_id": "x", "decision": "requires_human_review", "timestamp": "2025-12-02T14:35:18", "contents": {"primitive": "x"}, "expires_at": "2026-01-01T00:00:00Z"}`,
		`{"gone": true, "tracking_id": "x"}`, `{"contents": {"actor": 1, "entropy": "high"}, "ttl_seconds": 3600.0, "format": "msgpack"}`, "", "[]", "\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		h := carcel.Parse(raw)
		if h.SHA != carcel.SHA(raw) || h.Raw != raw || h.Size != len(raw) || h.ID() == "" || !h.Named(h.SHA) {
			t.Errorf("%q: %+v", raw, h.Entry)
		}
		if h.Complete && h.Contents.Kind() != packet.Object {
			t.Errorf("%q is complete without contents", raw)
		}
		if again := carcel.Parse(raw); again.ID() != h.ID() || again.Decision != h.Decision {
			t.Errorf("%q is read in two ways", raw)
		}
	})
}
