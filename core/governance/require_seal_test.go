package governance

import (
	"errors"
	"testing"
)

func TestAPolicyMayAskForSeals(t *testing.T) {
	const rest = "guardians: [{name: g, rules: [{name: r, when: entropy > 0.5, status: blocked}]}]\n"
	for text, want := range map[string]bool{"": false, "require_seal: true\n": true, "require_seal: false\n": false} {
		p, err := ParsePolicy("p.yaml", []byte(text+rest))
		if err != nil || p.RequiresSeal() != want {
			t.Errorf("%q: %v, %v", text, p, err)
		}
	}
	if _, err := ParsePolicy("p.yaml", []byte("require_seal: sometimes\n"+rest)); !errors.Is(err, ErrPolicy) {
		t.Error(err)
	}
}
