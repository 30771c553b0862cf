package governance

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

//go:embed policies/default.yaml policies/s2.yaml
var shipped embed.FS

// The embedded policies; see LoadPolicy.
const (
	DefaultPolicy = "default"
	S2Policy      = "s2"
)

var shippedPolicies = map[string]func() (*Policy, error){
	DefaultPolicy: sync.OnceValues(func() (*Policy, error) { return parseShipped(DefaultPolicy) }),
	S2Policy:      sync.OnceValues(func() (*Policy, error) { return parseShipped(S2Policy) }),
}

func parseShipped(name string) (*Policy, error) {
	text, err := shipped.ReadFile("policies/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("embedded policy %s: %w", name, err)
	}
	return ParsePolicy(name+".yaml", text)
}

// ShippedPolicy is the text of an embedded policy, to start one's own from.
func ShippedPolicy(name string) ([]byte, error) {
	return shipped.ReadFile("policies/" + name + ".yaml")
}

// LoadPolicy reads the policy that ref names: "default" or "s2", which are
// embedded, or else a file; "" is "default". A bad policy is a *PolicyError,
// a file that cannot be read the system's error.
func LoadPolicy(ref string) (*Policy, error) {
	if ref == "" {
		ref = DefaultPolicy
	}
	if load, ok := shippedPolicies[ref]; ok {
		return load()
	}
	text, err := readPolicyFile(ref)
	if err != nil {
		return nil, err
	}
	return ParsePolicy(ref, text)
}

// readPolicyFile reads no more than shows that a file is too large.
func readPolicyFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("policy %s: no such file, and the embedded ones are default and s2: %w", path, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxPolicySize+1))
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return text, nil
}

// TestPolicy runs the test cases of the policy that ref names, as LoadPolicy
// finds it, and tells of each; unlike LoadPolicy it takes failing ones. Other
// faults are LoadPolicy's errors.
func TestPolicy(ctx context.Context, ref string) ([]TestOutcome, error) {
	if ref == "" {
		ref = DefaultPolicy
	}
	if load, ok := shippedPolicies[ref]; ok {
		p, err := load()
		if err != nil {
			return nil, err
		}
		return p.RunTests(ctx), nil
	}
	text, err := readPolicyFile(ref)
	if err != nil {
		return nil, err
	}
	p, err := parseUntested(ref, text)
	if err != nil {
		return nil, err
	}
	return p.RunTests(ctx), nil
}
