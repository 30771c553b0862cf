package governance_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func bound(contents string) packet.Packet {
	p := packet.New("worker_1", packet.MustValue(contents))
	return p
}

func TestAnActionIsReadOutOfAPacket(t *testing.T) {
	cases := []struct{ contents, primitive, vertical, actor string }{
		{`{}`, "unknown", "general", "worker_1"},
		{`{"primitive": null, "vertical": null, "actor": null, "entropy": null}`, "unknown", "general", "worker_1"},
		{`{"primitive": "", "vertical": "", "actor": ""}`, "unknown", "general", "worker_1"},
		{`{"primitive": "IF.Process.KILL", "vertical": "LAB", "actor": "Ann"}`, "process.kill", "lab", "Ann"},
		{`{"primitive": "if."}`, "unknown", "general", "worker_1"},
		{`{"primitive": "if.if.x"}`, "if.x", "general", "worker_1"},
		{`{"primitive": "ÉTEINDRE"}`, "éteindre", "general", "worker_1"},
	}
	for _, c := range cases {
		a, err := governance.ActionOf(bound(c.contents), "queue:q", "rpush")
		if err != nil {
			t.Errorf("%s: %v", c.contents, err)
			continue
		}
		if a.Primitive != c.primitive || a.Vertical != c.vertical || a.Actor != c.actor || a.Origin != "worker_1" || a.Key != "queue:q" || a.Operation != "rpush" {
			t.Errorf("%s: %+v", c.contents, a)
		}
		if a.Primitive != packet.Primitive(bound(c.contents).Contents) {
			t.Errorf("%s: the council sees %s, the schema registry %s", c.contents, a.Primitive, packet.Primitive(bound(c.contents).Contents))
		}
	}
}

func TestAnActionNamesEveryFaultAtOnce(t *testing.T) {
	_, err := governance.ActionOf(bound(`{"primitive": 1, "vertical": [], "actor": {}, "entropy": "high"}`), "k", "set")
	var invalid *packet.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Faults) != 4 {
		t.Fatalf("error = %v", err)
	}
	for _, field := range []string{"contents.primitive", "contents.vertical", "contents.actor", "contents.entropy"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("the error does not name %s: %v", field, err)
		}
	}
	for _, entropy := range []string{"0", "1", "0.0", "1.0", "0.5", "-0.0", "1e-9"} {
		if _, err := governance.ActionOf(bound(`{"entropy": `+entropy+`}`), "k", "set"); err != nil {
			t.Errorf("entropy %s: %v", entropy, err)
		}
	}
}

type council func() (governance.Verdict, error)

func (council) Revision() string                             { return "t" }
func (council) Route(_, _ string) (governance.Route, bool)   { return governance.Route{}, false }
func (council) Mask(v packet.Value) (packet.Value, []string) { return v, nil }
func (c council) Judge(context.Context, governance.Action) (governance.Verdict, error) {
	return c()
}

func TestACouncilThatFailsApprovesNothing(t *testing.T) {
	approved := governance.Verdict{Status: governance.Approved, Reason: "fine"}
	cases := map[string]council{
		"an error":      func() (governance.Verdict, error) { return approved, errors.New("no") },
		"a panic":       func() (governance.Verdict, error) { panic("no") },
		"a nil pointer": func() (governance.Verdict, error) { var p *governance.Verdict; return *p, nil },
		"no status":     func() (governance.Verdict, error) { return governance.Verdict{}, nil },
		"a typing slip": func() (governance.Verdict, error) { return governance.Verdict{Status: "aproved"}, nil },
	}
	for name, c := range cases {
		if v := governance.Ask(context.Background(), c, governance.Action{}); v.Status != governance.Failed || v.Reason == "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := governance.Ask(context.Background(), council(func() (governance.Verdict, error) { return approved, nil }), governance.Action{}); v.Status != governance.Approved {
		t.Errorf("an approval: %+v", v)
	}
	if v := governance.Ask(context.Background(), governance.Unanimous{}, governance.Action{}); v.Status != governance.Approved || !strings.Contains(v.Reason, "No guardian") {
		t.Errorf("the council of none: %+v", v)
	}
}

func TestTheMoreRestrictiveStatusWins(t *testing.T) {
	order := []governance.Status{governance.Approved, governance.Review, governance.CoSign, governance.Failed, governance.Blocked}
	for i, a := range order {
		for j, b := range order {
			if got, want := governance.Worst(a, b), order[max(i, j)]; got != want {
				t.Errorf("Worst(%s, %s) = %s, want %s", a, b, got, want)
			}
		}
	}
	if got := governance.Worst("what", governance.CoSign); got != "what" {
		t.Errorf("an unknown status gave way to %s", got)
	}
	if got := governance.Worst("what", governance.Blocked); got != governance.Blocked {
		t.Errorf("Worst = %s", got)
	}
}

// The expected hash is what Python's json.dumps(…, sort_keys=True) and
// hashlib.sha256 give for the same record.
func TestTheAuditHashIsThatOfPython(t *testing.T) {
	d := governance.Decision{
		DecisionID: "d-1", DecidedAt: "2025-12-02T14:35:18.000123Z",
		Verdict: governance.Verdict{
			Status: governance.Blocked, Reason: "no é \"way\"",
			Findings: []governance.Finding{
				{Guardian: "g", Rule: "r", Status: governance.Blocked, Reason: "x"},
				{Guardian: "h", Rule: "s", Status: governance.Approved, Advisory: true},
			},
		},
	}
	if got := d.AuditHash(); got != "68c71465e152f0ce09f2fd9d56baaf36eddd057f3044286c30a73e07de5fa0a4" {
		t.Errorf("audit hash %s", got)
	}
}

func TestADecisionIsReadBackAsItWasWritten(t *testing.T) {
	a, err := governance.ActionOf(bound(`{"primitive": "x", "n": 9007199254740993}`), "queue:q", "rpush")
	if err != nil {
		t.Fatal(err)
	}
	d := governance.NewDecision("id-1", a, governance.Verdict{Status: governance.Review, Reason: "look", Quorum: governance.Quorum{Approvals: 1}}, council(nil), time.Unix(1, 5000))
	d.TTLSeconds, d.Request = 77, "abc"
	raw := d.AppendJSON(nil)
	got, err := governance.ParseRecorded(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got.DecisionID != d.DecisionID || got.TrackingID != "id-1" || got.Status != governance.Review || got.Reason != "look" || got.Policy != "t" ||
		got.DecidedAt != "1970-01-01T00:00:01.000005Z" || got.ExpiresAt != "1970-01-02T00:00:01.000005Z" || got.AuditHash != d.AuditHash() ||
		got.Key != "queue:q" || got.Operation != "rpush" || got.TTLSeconds != 77 || got.Request != "abc" || got.Quorum.Approvals != 1 {
		t.Errorf("%+v", got)
	}
	if again, there := got.Action(); !there || again.Primitive != "x" || !strings.Contains(string(raw), "9007199254740993") {
		t.Errorf("the action came back as %+v", again)
	}
	for _, bad := range []string{"", "null", "[]", "{}", `{"status": "approved"}`, `{"decision_id": 7, "status": "approved"}`, "\x00"} {
		if _, err := governance.ParseRecorded([]byte(bad)); !errors.Is(err, governance.ErrNotDecision) {
			t.Errorf("%q: error = %v", bad, err)
		}
	}
}
