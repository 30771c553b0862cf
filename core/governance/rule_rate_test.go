package governance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
)

func TestARateRuleGivesBothOutcomes(t *testing.T) {
	p := parse(t, `let: {limits: {lab: 3, energy: 0}}
guardians:
  - name: first
    rules: [{name: note, when: payload.note, status: requires_human_review}]
  - name: second
    rules:
      - {name: before, when: payload.before, status: blocked}
      - {name: busy, when: "vertical in limits && rate > limits[vertical] && !payload.free", status: blocked, reason: "{vertical} is busy"}
      - {name: after, when: payload.after, status: requires_co_signature}
  - name: third
    rules: [{name: note, when: payload.note, status: requires_human_review}]
`)
	for _, c := range []struct {
		vertical, payload string
		limit             int // -1: no rate
		now, over         string
	}{
		{"general", `{"note":false,"before":false,"after":false,"free":false}`, -1, "approved", ""},
		{"lab", `{"note":false,"before":false,"after":false,"free":true}`, -1, "approved", ""},
		{"lab", `{"note":false,"before":true,"after":false,"free":false}`, -1, "blocked second/before", ""},
		{"lab", `{"note":false,"before":false,"after":false,"free":false}`, 3, "approved", "blocked second/busy"},
		{"energy", `{"note":true,"before":false,"after":false,"free":false}`, 0, "requires_human_review first/note third/note", "blocked first/note second/busy third/note"},
		{"lab", `{"note":true,"before":false,"after":true,"free":false}`, 3, "requires_co_signature first/note second/after third/note", "blocked first/note second/busy third/note"},
	} {
		v := judge(t, p, act("x", c.vertical, c.payload))
		if got := outcome(v); got != c.now {
			t.Errorf("%s %s: %s, not %s", c.vertical, c.payload, got, c.now)
		}
		if (v.Rate != nil) != (c.limit >= 0) {
			t.Errorf("%s %s: rate %+v", c.vertical, c.payload, v.Rate)
			continue
		}
		if v.Rate == nil {
			continue
		}
		if v.Rate.Limit != c.limit || v.Rate.Vertical != c.vertical || v.Rate.Window != time.Minute || outcome(v.Rate.Over) != c.over ||
			v.Rate.Over.Reason != c.vertical+" is busy" || v.Rate.Over.Rate != nil {
			t.Errorf("%s %s: %+v", c.vertical, c.payload, v.Rate)
		}
	}
}

// outcome is a verdict in one line.
func outcome(v governance.Verdict) string {
	parts := []string{string(v.Status)}
	for _, f := range v.Findings {
		parts = append(parts, f.Guardian+"/"+f.Rule)
	}
	return strings.Join(parts, " ")
}

func TestTheTightestRateWinsAndTheFirstOfEquals(t *testing.T) {
	for rates, want := range map[string]string{
		"rate > 5; rate > 3; rate > 4": "b 3", "rate > 3; rate > 3; rate > 9": "a 3", "rate >= 3; rate > 3; rate > 9": "a 2",
		"rate > -5; rate > 0; rate > 1": "a 0", "rate > 5; 1 == 2 && rate > 3; rate > size(payload)": "c 1",
	} {
		text := "guardians:\n"
		for i, when := range strings.Split(rates, "; ") {
			text += "  - {name: g" + string(rune('a'+i)) + ", rules: [{name: " + string(rune('a'+i)) + ", when: '" + when + "', status: blocked}]}\n"
		}
		v := judge(t, parse(t, text), act("x", "general", `{"k":1}`))
		if v.Rate == nil || v.Rate.Over.Findings[0].Rule+" "+string(rune('0'+v.Rate.Limit)) != want {
			t.Errorf("%s: %+v, not %s", rates, v.Rate, want)
		}
	}
}

func TestARateWhoseLimitFailsFailsTheVerdict(t *testing.T) {
	p := parse(t, "let: {limits: {lab: 3}}\n"+oneRule("rate > limits[vertical]"))
	if v := governance.Ask(t.Context(), p, act("x", "lab", "{}")); v.Rate == nil {
		t.Errorf("%+v", v)
	}
	if v := governance.Ask(t.Context(), p, act("x", "elsewhere", "{}")); v.Status != governance.Failed || !strings.Contains(v.Reason, "guardian g, rule r") {
		t.Errorf("%+v", v)
	}
}
