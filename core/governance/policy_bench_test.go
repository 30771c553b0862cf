package governance_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// typicalPayload is contents of about 250 bytes.
func typicalPayload() packet.Value {
	return packet.MustValue(`{"primitive":"matrix.route","vertical":"lab","entropy":0.21,"actor":"haiku_worker_b3f8c2",` +
		`"source":"agent:haiku_worker_b3f8c2","destination":"agent:sonnet_coordinator_1","hops":[1,2,3],` +
		`"body":{"text":"the third section is done","confidence":0.94}}`)
}

func typicalPacket() packet.Packet {
	p := packet.New("haiku_worker_b3f8c2", typicalPayload())
	p.SchemaVersion = packet.Schema10
	return p
}

func typicalAction(b testing.TB) governance.Action {
	a, err := governance.ActionOf(typicalPacket(), "queue:lab", "rpush")
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func benchJudge(b *testing.B, p *governance.Policy, a governance.Action, want governance.Status) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		if v, err := p.Judge(ctx, a); err != nil || v.Status != want {
			b.Fatal(v.Status, err)
		}
	}
}

func BenchmarkJudgeApproved(b *testing.B) {
	benchJudge(b, load(b, "default"), typicalAction(b), governance.Approved)
}

func BenchmarkJudgeHeld(b *testing.B) {
	a := typicalAction(b)
	a.Primitive = "process.kill"
	benchJudge(b, load(b, "default"), a, governance.Blocked)
}

func BenchmarkJudgeUnderARate(b *testing.B) {
	a := typicalAction(b)
	a.Vertical = "energy"
	benchJudge(b, load(b, "default"), a, governance.Approved)
}

func BenchmarkJudgeHundredRules(b *testing.B) {
	var text strings.Builder
	text.WriteString("guardians:\n  - name: g\n    rules:\n")
	for i := range 100 {
		fmt.Fprintf(&text, "      - {name: r%d, when: 'primitive == \"p.%d\" && payload.n > %d', status: blocked}\n", i, i, i)
	}
	benchJudge(b, parse(b, text.String()), typicalAction(b), governance.Approved)
}

func BenchmarkValidateAndJudge(b *testing.B) {
	p, registry, one := load(b, "default"), packet.DefaultRegistry(), typicalPacket()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := registry.Validate(one); err != nil {
			b.Fatal(err)
		}
		a, err := governance.ActionOf(one, "queue:lab", "rpush")
		if err != nil {
			b.Fatal(err)
		}
		if v, err := p.Judge(ctx, a); err != nil || v.Status != governance.Approved {
			b.Fatal(v.Status, err)
		}
	}
}

func BenchmarkParsePolicy(b *testing.B) {
	text, err := governance.ShippedPolicy("default")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := governance.ParsePolicy("default.yaml", text); err != nil {
			b.Fatal(err)
		}
	}
}
