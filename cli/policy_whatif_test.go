package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func whatIfOutput(t *testing.T, format string) string {
	t.Helper()
	p, err := governance.LoadPolicy("s2")
	if err != nil {
		t.Fatal(err)
	}
	kill := governance.Action{Primitive: "process.kill", Vertical: "lab", Payload: packet.MustValue(`{"pid": 1, "reason": "x"}`)}
	at := time.Date(2025, 12, 2, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	a := &app{out: &output{to: &out}, err: &out, global: globals{output: format}}
	err = a.whatIf(t.Context(), p, []governance.Case{
		{TrackingID: "id-1", Action: kill, Status: governance.Approved, At: at},
		{TrackingID: "id-2", Action: kill, Status: governance.CoSign, At: at, Masked: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPolicyWhatIfPrintsWhatWouldFlip(t *testing.T) {
	var got whatIfReport
	if err := json.Unmarshal([]byte(whatIfOutput(t, "json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Cases != 2 || got.Judged != 2 || got.Same != 1 || got.Masked != 1 || len(got.Flips) != 1 || got.Failures == nil ||
		got.Turns[0] != (turnLine{governance.Approved, governance.CoSign, 1}) {
		t.Errorf("%+v", got)
	}
	want := flipLine{
		TrackingID: "id-1", At: "2025-12-02T12:00:00Z", Primitive: "process.kill", Vertical: "lab", From: governance.Approved,
		To: governance.CoSign, ToRule: "contrarian/two-person", Reason: "Two-person rule required for process.kill",
	}
	if got.Flips[0] != want {
		t.Errorf("%+v", got.Flips[0])
	}
	table := whatIfOutput(t, "table")
	for _, words := range []string{"1 would stay, 1 would flip, 0 would fail", "1  approved → co-sign", "id-1  process.kill in lab: approved → co-sign  Two-person", "1 were judged without"} {
		if !strings.Contains(table, words) {
			t.Errorf("no %q in %s", words, table)
		}
	}
}
