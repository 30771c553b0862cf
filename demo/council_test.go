package demo

import (
	"testing"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

type action = governance.Action

func readAction(p packet.Packet, to dispatch.Destination) (action, error) {
	return governance.ActionOf(p, to.Key, string(to.Operation))
}

func TestTheCouncilJudgesAsThePolicyWordsIt(t *testing.T) {
	recipients := make([]packet.Value, 1001)
	crowd := packet.MustValue(`{"primitive": "signal.broadcast"}`).With("recipients", packet.ArrayOf(recipients...))
	for _, c := range []struct {
		contents packet.Value
		status   governance.Status
		reason   string
		fired    int
	}{
		{packet.MustValue(`{"primitive": "matrix.route", "source": "a", "destination": "b"}`), governance.Approved, "Action matrix.route approved (no guardian triggers)", 0},
		{packet.MustValue(`{"primitive": "IF.process.kill", "pid": null, "reason": "x"}`), governance.CoSign, "Two-person rule required for process.kill", 1},
		{packet.MustValue(`{"primitive": "process.kill", "vertical": "nuclear-power", "pid": 1, "reason": "x"}`), governance.CoSign, "Two-person rule required for process.kill", 2},
		{packet.MustValue(`{"primitive": "process.kill", "reason": "x"}`), governance.Blocked, "no pid", 2},
		{packet.MustValue(`{"primitive": "x", "entropy": 0.6}`), governance.Review, "Human review required (entropy: 0.60)", 1},
		{packet.MustValue(`{"primitive": "packet.purge", "entropy": 0.9}`), governance.CoSign, "Two-person rule required for packet.purge", 2},
		{packet.MustValue(`{"primitive": "x", "vertical": "drones", "intent": "Crash"}`), governance.CoSign, "Two-person rule required for x", 1},
		{packet.MustValue(`{}`), governance.Blocked, "empty payload", 1},
		{packet.MustValue(`{"primitive": "resource.allocate", "resource_id": "r", "amount": 10001}`), governance.Blocked, "amount 10001 > 10000", 1},
		{packet.MustValue(`{"primitive": "resource.allocate", "resource_id": "r", "amount": 10000}`), governance.Approved, "Action resource.allocate approved (no guardian triggers)", 0},
		{crowd, governance.Blocked, "1001 recipients > 1000", 1},
	} {
		a, err := readAction(packet.New("w", c.contents), dispatch.Destination{Key: "queue:q"})
		if err != nil {
			t.Fatal(err)
		}
		v, err := council{}.Judge(t.Context(), a)
		if err != nil || v.Status != c.status || v.Reason != c.reason || len(v.Findings) != c.fired {
			t.Errorf("%s: %+v, %v", a.Primitive, v, err)
		}
	}
}
