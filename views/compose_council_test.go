package views

import (
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
)

func TestTheRulesThatFireTheQuorumTheRateAndTheRouteAreTold(t *testing.T) {
	p, err := governance.LoadPolicy("s2")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCompose(stage(t, engine.Config{Council: governance.Fixed(p)}), "")
	c.SetSize(160, 45)
	c.fill(draft{Origin: "ops@east", Schema: "1.1", TTL: "3600", Format: "json",
		Contents: `{"primitive":"process.kill","vertical":"nuclear-power","entropy":0.9,"pid":1,"reason":"stuck"}`})
	view := plain(c.View(true))
	wants(t, view, "◈ contrarian  two-person", "Two-person rule required for process.kill", "civic       critical-entropy", "ethical     critical-vertical",
		"advisory", "two different persons sign", "at most 5 a minute in nuclear-power", "queue:nuclear-power by rpush", "to queue:nuclear-power", "rpush, from the route")
	c.SetSize(80, 20)
	if view = plain(c.View(true)); !strings.Contains(view, "◈ contrarian/two-person  ◇ civic/critical-entropy") {
		t.Errorf("narrow, the rules are\n%s", view)
	}
	c.SetSize(160, 45)
	c.set("key", "queue:lab")
	if view = plain(c.View(true)); strings.Contains(view, "by rpush") {
		t.Errorf("a route is told although a key is named:\n%s", view)
	}
	c.set("key", "")
	c.set("contents", `{"primitive":"lab.measure","vertical":"lab"}`)
	wants(t, plain(c.View(true)), "! Would be held", "no route for lab.measure/lab", "none fits, and no key is named: it would be held", "no rule fires")
	c.set("ttl", "0")
	if c.verdict.ready() {
		t.Error("a ttl of 0 can be sent")
	}
}
