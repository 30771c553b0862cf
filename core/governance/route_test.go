package governance_test

import (
	"testing"

	"github.com/infrafabric/ifpacket/core/governance"
)

func TestTheFirstRouteThatFitsIsTaken(t *testing.T) {
	p := parse(t, `guardians: [{name: g, rules: [{name: r, when: "false", status: blocked}]}]
routes:
  - {primitive: matrix.route, vertical: "nuclear*", key: "queue:slow", operation: lpush, ttl: 60, format: msgpack}
  - {primitive: "matrix.*", key: "queue:{vertical}"}
  - {primitive: "a*b*c", key: "swarm:{primitive}", operation: sadd}
`)
	for _, c := range []struct{ primitive, vertical, key, operation string }{
		{"matrix.route", "nuclear-power", "queue:slow", "lpush"},
		{"matrix.route", "lab", "queue:lab", ""},
		{"matrix.", "lab", "queue:lab", ""},
		{"a.b.c", "lab", "swarm:a.b.c", "sadd"},
		{"abc", "lab", "swarm:abc", "sadd"},
		{"ab", "lab", "", ""},
		{"abcd", "lab", "", ""},
		{"matrix", "lab", "", ""},
		{"unknown", "lab", "", ""},
		{"matrix.route", "a b", "", ""},
		{"matrix.route", "a:b", "", ""},
		{"matrix.route", "", "", ""},
		{"matrix.route", "é", "", ""},
		{"matrix.route", "LAB", "", ""},
		{"a\nbc", "lab", "", ""},
	} {
		r, ok := p.Route(c.primitive, c.vertical)
		if ok != (c.key != "") || ok && (r.Key != c.key || r.Operation != c.operation) {
			t.Errorf("%q in %q: %+v, %v", c.primitive, c.vertical, r, ok)
		}
	}
	if r, _ := p.Route("matrix.route", "nuclear"); r != (governance.Route{Key: "queue:slow", Operation: "lpush", TTL: 60, Format: "msgpack"}) {
		t.Errorf("%+v", r)
	}
}

func TestTheShippedPoliciesRouteTheKnownPrimitivesAndNoOthers(t *testing.T) {
	for _, ref := range []string{"default", "s2"} {
		p := load(t, ref)
		for _, primitive := range []string{
			"matrix.route", "process.kill", "resource.allocate", "resource.deallocate", "signal.broadcast",
			"signal.terminate", "packet.dispatch", "packet.purge", "logistics.spawn", "context.share",
		} {
			r, ok := p.Route(primitive, "ems-dispatch")
			if !ok || r.Key != "queue:ems-dispatch" || r.Operation != "rpush" {
				t.Errorf("%s: %s goes to %+v, %v", ref, primitive, r, ok)
			}
		}
		if r, ok := p.Route("unknown", "general"); ok {
			t.Errorf("%s: the unknown primitive goes to %+v", ref, r)
		}
	}
}
