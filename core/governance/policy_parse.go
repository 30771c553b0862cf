package governance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/packet"
)

// The sizes that a policy may have.
const (
	maxPolicySize = 1 << 20 // bytes of the file
	maxColons     = 30_000  // of the file: each may make a field, and the parser compares all with all
	maxRules      = 1000
	maxRoutes     = 1000
	maxCases      = 1000
	maxWhen       = 8 << 10 // bytes of one rule's condition
	maxApprovals  = 100
)

// ParsePolicy reads a policy: its rules are compiled and type-checked, and its
// own test cases run. The errors are *PolicyError, joined when there are
// several, and match ErrPolicy; file is what they call the text.
func ParsePolicy(file string, text []byte) (*Policy, error) {
	p, err := parseUntested(file, text)
	if err != nil {
		return nil, err
	}
	faults := &policyFaults{file: file}
	for _, outcome := range p.RunTests(context.Background()) {
		if outcome.Err != nil {
			faults.add(place{outcome.Line, outcome.column}, "test %q: %s; mend the rule or the test", outcome.Name, outcome.Err)
		}
	}
	if faults.found() {
		return nil, faults.err()
	}
	return p, nil
}

// parseUntested is ParsePolicy but for the policy's test cases, which are read
// and not run.
func parseUntested(file string, text []byte) (*Policy, error) {
	faults := &policyFaults{file: file}
	if len(text) > maxPolicySize {
		faults.add(place{}, "the file is too large; a policy may have %d bytes", maxPolicySize)
		return nil, faults.err()
	}
	if n := bytes.Count(text, []byte(":")); n > maxColons {
		faults.add(place{}, "the file has %d colons, and with them too many fields to read; a policy may have %d", n, maxColons)
		return nil, faults.err()
	}
	root := parseYAML(text, faults)
	if faults.found() {
		return nil, faults.err()
	}
	p := readPolicy(file, root, faults)
	if faults.found() {
		return nil, faults.err()
	}
	sum := sha256.Sum256(text)
	p.revision = p.name + "@" + hex.EncodeToString(sum[:])[:12]
	p.compile(newSource(text), faults)
	if faults.found() {
		return nil, faults.err()
	}
	return p, nil
}

// baseName is a file's name without folders and ending.
func baseName(file string) string {
	base := filepath.Base(file)
	if name := strings.TrimSuffix(base, filepath.Ext(base)); name != "" {
		return name
	}
	return base
}

func readPolicy(file string, n *node, faults *policyFaults) *Policy {
	p := &Policy{file: file, trusted: map[string]struct{}{}}
	root, ok := faults.section(n, "a policy", "name", "about", "trusted", "require_seal", "let", "guardians", "routes", "mask", "tests")
	if !ok {
		return p
	}
	p.name, p.about = root.text("name"), root.text("about")
	if p.name == "" {
		p.name = baseName(file)
	} else if strings.ContainsFunc(p.name, func(r rune) bool { return r <= ' ' || r == '@' || r == 0x7f }) {
		faults.add(root.get("name").place, "a policy's name may hold no blanks and no @")
	}
	p.listed = root.texts("trusted")
	for _, actor := range p.listed {
		p.trusted[actor] = struct{}{}
	}
	p.requireSeal = root.flag("require_seal", false)
	p.constants = readConstants(root)
	p.masks = readMasks(root)
	p.anywhere, p.elsewhere = sortMasks(p.masks)
	p.seats = readGuardians(root, p.masks)
	p.routes = readRoutes(root)
	p.cases = readCases(root)
	limitEntries(root, "routes", len(p.routes), maxRoutes)
	limitEntries(root, "tests", len(p.cases), maxCases)
	return p
}

func limitEntries(root section, key string, n, most int) {
	if n > most {
		root.faults.add(root.get(key).place, "%d %s; a policy may have %d", n, key, most)
	}
}

// constantName is what CEL takes as a name.
var constantName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// takenNames cannot be constants: CEL's own words, types and functions.
var takenNames = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
	"namespace", "null", "package", "return", "true", "var", "void", "while",
	"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "optional_type", "string",
	"timestamp", "type", "uint", "optional", "destination",
}

func readConstants(root section) []packet.Member {
	n := root.get("let")
	if n == nil {
		return nil
	}
	if n.kind != mapNode {
		root.faults.add(n.place, "let must be a mapping of names to values, not %s", n.kind)
		return nil
	}
	var constants []packet.Member
	for _, e := range n.entries {
		switch {
		case slices.Contains(ruleVariables, e.key) || slices.Contains(takenNames, e.key):
			root.faults.add(e.at, "let cannot use the name %q, which means something else in rules; choose another", e.key)
		case !constantName.MatchString(e.key):
			root.faults.add(e.at, "let cannot use the name %q; a name has letters, digits and underscores", e.key)
		}
		constants = append(constants, packet.Member{Key: e.key, Value: e.packetValue()})
	}
	return constants
}
