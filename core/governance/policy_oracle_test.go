package governance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// s2Row is one row of the S2 guardians' table, written down a second time.
type s2Row struct {
	guardian string
	effect   string // blocked, requires_…, or advisory
	reason   string // of a decision; "" when any will do
	fires    func(f s2Facts) bool
}

// s2Facts is an action as the table speaks of it.
type s2Facts struct {
	primitive, vertical string
	entropy             float64
	payload             map[string]any // nil for null, as encoding/json would have it
}

func (f s2Facts) has(keys ...string) bool {
	for _, k := range keys {
		if _, ok := f.payload[k]; !ok {
			return false
		}
	}
	return true
}

var s2Table = []s2Row{
	{"civic", "requires_human_review", "Human review required (entropy: %.2f)", func(f s2Facts) bool { return f.entropy >= 0.6 }},
	{"contrarian", "requires_co_signature", "Two-person rule required for %s", s2Irreversible},
	{"contrarian", "requires_co_signature", "Two-person rule required for %s", func(f s2Facts) bool {
		s, _ := f.payload["intent"].(string)
		s = strings.Map(unicode.ToLower, s)
		return f.vertical == "drones" && (s == "kill" || s == "destroy" || s == "terminate" || s == "self-destruct" || s == "crash")
	}},
	{"ethical", "advisory", "", func(f s2Facts) bool { return s2Critical(f) && s2Irreversible(f) }},
	{"ethical", "advisory", "", func(f s2Facts) bool { return s2Critical(f) && f.entropy >= 0.6 }},
	{"technical", "blocked", "", func(f s2Facts) bool { return len(f.payload) == 0 }},
	{"technical", "blocked", "", func(f s2Facts) bool {
		switch f.primitive {
		case "process.kill":
			return !f.has("pid", "reason")
		case "matrix.route":
			return !f.has("source", "destination")
		case "resource.allocate":
			return !f.has("resource_id", "amount")
		}
		return false
	}},
	{"operational", "blocked", "", func(f s2Facts) bool {
		list, _ := f.payload["recipients"].([]any)
		return f.primitive == "signal.broadcast" && len(list) > 1000
	}},
	{"operational", "blocked", "", func(f s2Facts) bool {
		amount, ok := f.payload["amount"].(float64)
		return f.primitive == "resource.allocate" && ok && amount > 10000
	}},
}

func s2Irreversible(f s2Facts) bool {
	switch f.primitive {
	case "process.kill", "resource.deallocate", "signal.terminate", "packet.purge":
		return true
	}
	return false
}

func s2Critical(f s2Facts) bool {
	return strings.Contains(" acute-care-hospital integrated-or ems-dispatch ng911-psap energy-grid water-utilities nuclear-power ", " "+f.vertical+" ")
}

// s2Verdict is what the table says: status, reason ("" for any), and the
// guardians that fired, advisory ones with a star.
func s2Verdict(f s2Facts) (status, reason string, fired []string) {
	order := []string{"approved", "requires_human_review", "requires_co_signature", "blocked"}
	status = "approved"
	spoken, notes := map[string]bool{}, 0
	for _, row := range s2Table {
		if spoken[row.guardian] || !row.fires(f) {
			continue
		}
		spoken[row.guardian] = true
		if row.effect == "advisory" {
			notes++
			fired = append(fired, row.guardian+"*")
			continue
		}
		fired = append(fired, row.guardian)
		if slices.Index(order, row.effect) <= slices.Index(order, status) {
			continue
		}
		status, reason = row.effect, row.reason
		switch {
		case strings.Contains(reason, "%.2f"):
			reason = fmt.Sprintf(reason, f.entropy)
		case reason != "":
			reason = fmt.Sprintf(reason, f.primitive)
		}
	}
	if status == "approved" {
		reason = "Action " + f.primitive + " approved (no guardian triggers)"
		if notes > 0 {
			reason = "Approved with recommendations: " + strconv.Itoa(notes) + " advisory notes"
		}
	}
	return status, reason, fired
}

// s2Rate is the table's last row.
var s2Rate = map[string]int{"energy": 10, "energy-grid": 10, "nuclear": 5, "nuclear-power": 5, "water-utilities": 15}

// described is one random action: as JSON to be read, and as facts.
type described struct {
	text  string
	facts s2Facts
}

func one[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func describe(r *rand.Rand) described {
	var d described
	d.facts.payload = map[string]any{}
	var fields, members []string
	spell := func(word string) string {
		switch r.IntN(4) {
		case 0:
			return strings.ToUpper(word)
		case 1:
			return word[:len(word)/2] + strings.ToUpper(word[len(word)/2:])
		}
		return word
	}
	d.facts.primitive = "unknown"
	switch r.IntN(12) {
	case 0:
	case 1:
		fields = append(fields, `"primitive": `+one(r, `null`, `""`, `"if."`, `"IF."`, `"unknown"`))
	default:
		d.facts.primitive = one(r, "process.kill", "resource.deallocate", "signal.terminate", "packet.purge", "matrix.route",
			"resource.allocate", "signal.broadcast", "context.share", "if.x", "kill")
		fields = append(fields, `"primitive": "`+one(r, "", "if.", "IF.", "If.")+spell(d.facts.primitive)+`"`)
		if strings.HasPrefix(d.facts.primitive, "if.") && strings.Count(strings.ToLower(fields[len(fields)-1]), "if.") == 1 {
			d.facts.primitive = "x"
		}
	}
	d.facts.vertical = "general"
	if r.IntN(8) == 0 {
		fields = append(fields, `"vertical": `+one(r, `null`, `""`, `"general"`))
	} else {
		d.facts.vertical = one(r, "drones", "lab", "acute-care-hospital", "integrated-or", "ems-dispatch", "ng911-psap", "energy-grid",
			"water-utilities", "nuclear-power", "nuclear", "energy", "drone", "grid")
		fields = append(fields, `"vertical": "`+spell(d.facts.vertical)+`"`)
	}
	if r.IntN(5) > 0 {
		text := one(r, "0", "1", "0.0", "0.59", "0.5999999999999999", "0.6", "6e-1", "0.60000000000000009", "0.7999999", "0.8", "0.995", "1.0", "-0.0", "1e-300")
		d.facts.entropy, _ = strconv.ParseFloat(text, 64)
		fields = append(fields, `"entropy": `+text)
	}
	put := func(key, text string, value any) {
		members = append(members, `"`+key+`": `+text)
		d.facts.payload[key] = value
	}
	for _, key := range []string{"pid", "reason", "source", "destination", "resource_id", "note"} {
		if r.IntN(3) > 0 {
			put(key, one(r, "null", "7", `"x"`, "[]", "{}"), nil)
		}
	}
	switch r.IntN(10) {
	case 0, 1, 2:
		n := one(r, 0, 1, 999, 1000, 1001, 1500)
		put("recipients", "["+strings.TrimSuffix(strings.Repeat(`"a",`, n), ",")+"]", make([]any, n))
	case 3:
		put("recipients", one(r, "null", "5000", `"`+strings.Repeat("x", 2000)+`"`, `{"a": 1}`, "true"), nil)
	}
	switch r.IntN(8) {
	case 0, 1, 2:
		text := one(r, "9999", "10000", "10001", "10000.0", "10000.000001", "1e4", "1e5", "-20000", "0", "9223372036854775807",
			"123456789012345678901234567890", "-123456789012345678901234567890")
		value, _ := strconv.ParseFloat(text, 64)
		put("amount", text, value)
	case 3:
		put("amount", one(r, "null", "true", `"20000"`, "[20000]", `{"n": 20000}`), nil)
	}
	switch r.IntN(4) {
	case 0, 1:
		word := one(r, "kill", "KILL", "Destroy", "terminate", "Self-Destruct", "crash", "\u212aill", "de\u017ftroy", "kill ", "look", "ＫＩＬＬ", "")
		put("intent", strconv.Quote(word), word)
	case 2:
		put("intent", one(r, "null", "1", `["kill"]`, `{"kill": true}`), nil)
	}
	if r.IntN(12) == 0 {
		members, d.facts.payload = nil, map[string]any{}
	}
	if len(members) > 0 || r.IntN(2) == 0 {
		fields = append(fields, `"payload": {`+strings.Join(members, ", ")+"}")
	} else if r.IntN(2) == 0 {
		fields = append(fields, `"payload": null`)
	}
	r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	d.text = "{" + strings.Join(fields, ", ") + "}"
	return d
}

// The default policy has the same second part, and its first part is silent on
// these actions but for drones that are spawned and other verticals' targets,
// which none of them has.
func TestTheS2GuardiansJudgeAsTheTableSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]int{}
	for _, ref := range []string{"s2", "default"} {
		p := load(t, ref)
		for range 30_000 {
			d := describe(r)
			a, err := governance.DescribedAction(packet.MustValue(d.text))
			if err != nil {
				t.Fatalf("%s: %v", d.text, err)
			}
			v := judge(t, p, a)
			status, reason, fired := s2Verdict(d.facts)
			var got []string
			for _, f := range v.Findings {
				name := f.Guardian
				if f.Advisory {
					name += "*"
				}
				got = append(got, name)
			}
			if string(v.Status) != status || !slices.Equal(got, fired) || reason != "" && v.Reason != reason || v.Reason == "" {
				t.Fatalf("%s: %.300s\n%s, %v, %q\nthe table says %s, %v, %q", ref, d.text, v.Status, got, v.Reason, status, fired, reason)
			}
			limit, rated := s2Rate[d.facts.vertical]
			rated = rated && !slices.ContainsFunc(v.Findings, func(f governance.Finding) bool { return f.Guardian == "operational" })
			if (v.Rate != nil) != rated || rated && (v.Rate.Limit != limit || v.Rate.Over.Status != governance.Blocked || v.Rate.Vertical != d.facts.vertical) {
				t.Fatalf("%s: %.300s: rate %+v", ref, d.text, v.Rate)
			}
			for _, name := range append(fired, status) {
				seen[name]++
			}
		}
	}
	for _, name := range []string{"approved", "requires_human_review", "requires_co_signature", "blocked", "civic", "contrarian", "ethical*", "technical", "operational"} {
		if seen[name] < 500 {
			t.Errorf("%s came %d times only", name, seen[name])
		}
	}
}
