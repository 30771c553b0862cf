package governance_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/governance"
)

// Each fault is told with the line and column where it stands.
func TestFaultsOfAPolicyAreToldWithTheirPlace(t *testing.T) {
	rule := func(body string) string {
		return "guardians:\n  - name: g\n    rules:\n      - " + strings.ReplaceAll(body, "\n", "\n        ") + "\n"
	}
	fine := rule("name: r\nwhen: \"true\"\nstatus: blocked")
	for name, c := range map[string]struct {
		text, place string
		words       []string
	}{
		"an empty file":                  {"", "1:1", []string{"empty"}},
		"only a comment":                 {"# nothing\n", "1:1", []string{"empty"}},
		"a bracket left open":            {"guardians: [", "1:12", []string{"YAML"}},
		"a tab":                          {"guardians:\n\t- x\n", "2:1", []string{"YAML"}},
		"a list":                         {"- x\n", "1:1", []string{"must be a mapping"}},
		"no guardians":                   {"name: x\n", "1:1", []string{"no guardians"}},
		"an empty list of guardian":      {"guardians: []\n", "1:12", []string{"no guardians"}},
		"two documents":                  {fine + "---\n" + fine, "8:1", []string{"second document"}},
		"an unknown key":                 {"colour: red\n" + fine, "1:1", []string{`"colour"`, "guardians"}},
		"a key twice":                    {"name: a\nname: b\n" + fine, "2:1", []string{"name"}},
		"an anchor":                      {"name: &a b\n" + fine, "1:7", []string{"Anchor"}},
		"a guardian's unknown key":       {"guardians:\n  - name: g\n    role: x\n    rules: []\n", "3:5", []string{`"role"`}},
		"a guardian without name":        {"guardians:\n  - rules: []\n", "2:5", []string{"no name"}},
		"a guardian without rules":       {"guardians:\n  - name: g\n    rules: []\n", "3:12", []string{"no rules"}},
		"a guardian twice":               {fine + "  - name: g\n    rules: [{name: r, when: 'true', status: blocked}]\n", "7:11", []string{"second guardian"}},
		"a rule's unknown key":           {rule("name: r\nwhen: \"true\"\nstatus: blocked\nseverity: 9"), "7:9", []string{`"severity"`}},
		"a rule without when":            {rule("name: r\nstatus: blocked"), "4:9", []string{"no when"}},
		"a rule without status":          {rule("name: r\nwhen: \"true\""), "4:9", []string{"no status"}},
		"an empty when":                  {rule("name: r\nwhen: \"\"\nstatus: blocked"), "5:15", []string{"g/r", "empty"}},
		"a rule twice":                   {fine + "      - {name: r, when: 'true', status: blocked}\n", "7:16", []string{"second rule"}},
		"an unknown status":              {rule("name: r\nwhen: \"true\"\nstatus: aproved"), "6:17", []string{`"aproved"`, "requires_co_signature"}},
		"an approval":                    {rule("name: r\nwhen: \"true\"\nstatus: approved"), "6:17", []string{"advisory"}},
		"a quorum too small":             {rule("name: r\nwhen: \"true\"\nstatus: requires_co_signature\nrequires: {approvals: 1}"), "7:31", []string{"2 to 100"}},
		"a quorum of none":               {rule("name: r\nwhen: \"true\"\nstatus: requires_human_review\nrequires: {approvals: 0}"), "7:31", []string{"1 to 100"}},
		"a quorum for nobody":            {rule("name: r\nwhen: \"true\"\nstatus: blocked\nrequires: {approvals: 2}"), "7:19", []string{"leave requires away"}},
		"a time too short":               {rule("name: r\nwhen: \"true\"\nstatus: requires_human_review\nrequires: {within: 5s}"), "7:28", []string{"30m"}},
		"a time that is none":            {rule("name: r\nwhen: \"true\"\nstatus: requires_human_review\nrequires: {within: [1]}"), "7:28", []string{"30m"}},
		"an unknown reason field":        {rule("name: r\nwhen: \"true\"\nstatus: blocked\nreason: \"see {primitiv}\""), "7:17", []string{"{primitiv}", "primitive"}},
		"a lone brace":                   {rule("name: r\nwhen: \"true\"\nstatus: blocked\nreason: \"a } b\""), "7:17", []string{"lone"}},
		"a secret in a reason":           {"mask: [payload.**.token]\n" + rule("name: r\nwhen: \"true\"\nstatus: blocked\nreason: \"{payload.a.token}\""), "8:17", []string{"masks"}},
		"syntax in plain text":           {rule("name: r\nwhen: entropy >= >= 1\nstatus: blocked"), "5:26", []string{"g/r", "syntax"}},
		"syntax in quotes":               {rule("name: r\nwhen: 'entropy >= >= 1'\nstatus: blocked"), "5:27", []string{"syntax"}},
		"an unknown variable":            {rule("name: r\nwhen: entropy > 0.5 && verticle == \"x\"\nstatus: blocked"), "5:32", []string{"verticle", "vertical"}},
		"behind an escape":               {rule("name: r\nwhen: \"vertical == \\\"x\\\" && nope\"\nstatus: blocked"), "5:37", []string{"nope"}},
		"behind a doubled quote":         {rule("name: r\nwhen: 'vertical == ''x'' && nope'\nstatus: blocked"), "5:37", []string{"nope"}},
		"in a block":                     {rule("name: r\nwhen: |\n  vertical == \"x\" &&\n    nope\nstatus: blocked"), "7:13", []string{"nope"}},
		"in a folded block":              {rule("name: r\nwhen: >-\n  vertical == \"x\" &&\n  nope\nstatus: blocked"), "7:11", []string{"nope"}},
		"on a second plain line":         {rule("name: r\nwhen: vertical == \"x\" &&\n  nope\nstatus: blocked"), "6:11", []string{"nope"}},
		"no truth value":                 {rule("name: r\nwhen: entropy + 1.0\nstatus: blocked"), "5:15", []string{"double", "true or false"}},
		"types that do not go together":  {rule("name: r\nwhen: entropy == \"x\"\nstatus: blocked"), "5:23", []string{"overload"}},
		"a constant named as a variable": {"let: {entropy: 1}\n" + fine, "1:7", []string{"entropy"}},
		"a constant named as a type":     {"let: {string: 1}\n" + fine, "1:7", []string{"string"}},
		"a constant with a hyphen":       {"let: {a-b: 1}\n" + fine, "1:7", []string{"a-b"}},
		"a loop that cannot be afforded": {"let: {l: [" + strings.Repeat("1,", 400) + "1]}\n" + rule("name: r\nwhen: l.all(a, l.all(b, l.all(c, a+b+c > 0)))\nstatus: blocked"), "6:15", []string{"g/r", "cost"}},
		"rate in a disjunction":          {rule("name: r\nwhen: rate > 5 || entropy > 0.5\nstatus: blocked"), "5:15", []string{"rate > LIMIT"}},
		"rate twice":                     {rule("name: r\nwhen: rate > 5 && rate > 6\nstatus: blocked"), "5:15", []string{"rate > LIMIT"}},
		"rate below":                     {rule("name: r\nwhen: rate < 5\nstatus: blocked"), "5:15", []string{"rate > LIMIT"}},
		"rate with a double limit":       {rule("name: r\nwhen: rate > 5.5\nstatus: blocked"), "5:15", []string{"whole number"}},
		"rate that advises":              {rule("name: r\nwhen: rate > 5\nstatus: blocked\nadvisory: true"), "5:15", []string{"advisory"}},
		"a route without key":            {"routes: [{primitive: x}]\n" + fine, "1:10", []string{"no key"}},
		"a route's operation":            {"routes: [{primitive: x, key: k, operation: push}]\n" + fine, "1:44", []string{`"push"`, "rpush"}},
		"a route's ttl":                  {"routes: [{primitive: x, key: k, ttl: 0}]\n" + fine, "1:38", []string{"1 to 86400"}},
		"a route's format":               {"routes: [{primitive: x, key: k, format: xml}]\n" + fine, "1:41", []string{`"xml"`, "msgpack"}},
		"a route's odd field":            {"routes: [{primitive: x, key: 'a{b}'}]\n" + fine, "1:30", []string{"braces"}},
		"a mask elsewhere":               {"mask: [contents.x]\n" + fine, "1:8", []string{"payload."}},
		"a failing test":                 {fine + "tests:\n  - name: it goes\n    action: {primitive: x}\n    expect: approved\n", "8:5", []string{`"it goes"`, "expected approved", "got blocked"}},
		"a test's guardians":             {fine + "tests:\n  - {name: t, action: {}, expect: {status: blocked, guardians: [h]}}\n", "8:5", []string{"[h]", "[g]"}},
		"a test's unknown status":        {fine + "tests:\n  - {name: t, action: {}, expect: fine}\n", "8:35", []string{`"fine"`}},
		"a test's bad action":            {fine + "tests:\n  - {name: t, action: {entropy: high}, expect: blocked}\n", "8:23", []string{"entropy"}},
	} {
		_, err := governance.ParsePolicy("p.yaml", []byte(c.text))
		var bad *governance.PolicyError
		if !errors.As(err, &bad) || !errors.Is(err, governance.ErrPolicy) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		line := bad.Error()
		if got := fmt.Sprintf("%d:%d", bad.Line, bad.Column); got != c.place || !strings.HasPrefix(line, "p.yaml:"+c.place+": ") {
			t.Errorf("%s: at %s, not %s: %s", name, got, c.place, line)
		}
		if strings.ContainsAny(line, "\n\r\t\x1b") {
			t.Errorf("%s: more than one line: %q", name, line)
		}
		for _, word := range c.words {
			if !strings.Contains(line, word) {
				t.Errorf("%s: no %q: %s", name, word, line)
			}
		}
	}
}

func TestPoliciesThatAreTooLargeAreRefused(t *testing.T) {
	many := strings.Builder{}
	many.WriteString("guardians:\n  - name: g\n    rules:\n")
	for i := range 1001 {
		fmt.Fprintf(&many, "      - {name: r%d, when: 'true', status: blocked}\n", i)
	}
	for name, text := range map[string]string{
		"bytes":    "guardians: []\n#" + strings.Repeat("x", 1<<20),
		"rules":    many.String(),
		"brackets": strings.Repeat("[", 1<<19),
		"dashes":   strings.Repeat("- ", 1<<18),
		"marks":    strings.Repeat("? ", 1<<18),
		"fields":   "a: {" + strings.Repeat("b: 1,", 50_000) + "}",
		"levels":   strings.Repeat("{a: ", 200) + "1" + strings.Repeat("}", 200),
		"when":     oneRule(strings.Repeat("true && ", 2000) + "true"),
	} {
		if _, err := governance.ParsePolicy("p.yaml", []byte(text)); !errors.Is(err, governance.ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeveralFaultsAreToldALineEach(t *testing.T) {
	_, err := governance.ParsePolicy("p.yaml", []byte("guardians:\n  - name: g\n    rules:\n"+
		"      - {name: a, when: nope, status: blocked}\n      - {name: b, when: entropy, status: blocked}\n"))
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "p.yaml:4:") || !strings.HasPrefix(lines[1], "p.yaml:5:") {
		t.Errorf("%q", lines)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add("name: a\ntrusted: [b]\nlet: {c: [d]}\n" + oneRule("vertical in c") + "routes: [{primitive: \"*\", key: k}]\nmask: [payload.x]\ntests: [{name: t, action: {}, expect: approved}]\n")
	f.Add(oneRule("entropy > 0.5"))
	f.Add(oneRule("|\n  rate > 5 &&\n  payload.x.all(a, a > 1)"))
	f.Add("a: *b")
	f.Add("? [x]\n: y")
	f.Add("{a: [b, {c: !!d e}]}")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := governance.ParsePolicy("f.yaml", []byte(text))
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "f.yaml") {
					t.Errorf("an error without a place: %q", line)
				}
			}
			return
		}
		governance.Ask(t.Context(), p, act("x", "general", `{"a": 1}`))
		p.Mask(act("x", "general", `{"a": {"b": [1]}}`).Payload)
		p.Route("x", "general")
	})
}
