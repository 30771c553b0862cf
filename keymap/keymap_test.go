package keymap

import (
	"strings"
	"testing"
)

func TestDefaultsHaveNoConflicts(t *testing.T) {
	for _, err := range conflicts(defaults()) {
		t.Error(err)
	}
}

func TestNoCtrlLetterIsDangerous(t *testing.T) {
	for _, b := range defaults() {
		for _, k := range b.Keys {
			if err := harmless(b, k); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestEveryBindingExplainsItself(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range defaults() {
		if b.Help == "" || b.Description == "" || !strings.HasSuffix(b.Description, ".") {
			t.Errorf("%s lacks help or a description that ends like a sentence", b.ID)
		}
		if len(b.Help) > 11 {
			t.Errorf("%s: %q is too long for the footer", b.ID, b.Help)
		}
		if seen[b.ID] {
			t.Errorf("%s is declared twice", b.ID)
		}
		seen[b.ID] = true
		if b.Order > 0 && b.Keep == 0 {
			t.Errorf("%s is in the footer and does not say how long it stays", b.ID)
		}
	}
}

func TestEveryShadowHidesSomethingThatIsThere(t *testing.T) {
	m := Default()
	for _, b := range m.Bindings() {
		if b.Shadows == "" {
			continue
		}
		o, ok := m.Get(b.Shadows)
		if !ok || !o.Scope.Overlaps(b.Scope) {
			t.Errorf("%s shadows %q, which is not there", b.ID, b.Shadows)
		}
	}
}

func TestSendingHasAKeyThatEveryTerminalCanSend(t *testing.T) {
	b, _ := Default().Get("compose.send")
	keys := strings.Join(b.Keys, " ")
	if !strings.Contains(keys, "alt+enter") || !strings.Contains(keys, "f5") {
		t.Errorf("compose.send has only %s", keys)
	}
}

func TestTheNarrowestScopeWins(t *testing.T) {
	m := Default()
	b, ok := m.Match([]Scope{Compose, Global}, "tab")
	if !ok || b.ID != "compose.next" {
		t.Errorf("tab in the composer is %q", b.ID)
	}
	b, _ = m.Match([]Scope{Carcel, List, Global}, "tab")
	if b.ID != "pane.next" {
		t.Errorf("tab in the carcel is %q", b.ID)
	}
	if b, ok := m.Match([]Scope{Queues, List, Global}, "u"); ok {
		t.Errorf("u in queues is %q", b.ID)
	}
}

func TestTypingIsLeftToTheField(t *testing.T) {
	m := Default()
	for _, k := range []string{"q", "1", ":", "space", "é", "?"} {
		if b, ok := m.MatchTyping([]Scope{Compose, Global}, k); ok {
			t.Errorf("%q in a field is %s", k, b.ID)
		}
	}
	if b, _ := m.MatchTyping([]Scope{Compose, Global}, "ctrl+t"); b.ID != "compose.template" {
		t.Errorf("ctrl+t in a field is %q", b.ID)
	}
}

func TestOverridesRebindAndUnbind(t *testing.T) {
	m, err := New(map[string][]string{"queues.raw": {"ctrl+enter", "f6"}, "demo": nil})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := m.Match([]Scope{Queues, List, Global}, "f6"); b.ID != "queues.raw" {
		t.Errorf("f6 is %q", b.ID)
	}
	if _, ok := m.Match([]Scope{Queues}, "x"); ok {
		t.Error("x still shows bytes")
	}
	if _, ok := m.Match([]Scope{Global}, "D"); ok {
		t.Error("D still opens the demo")
	}
}

func TestOverridesThatConflictNameBoth(t *testing.T) {
	_, err := New(map[string][]string{"list.copy": {"z"}, "nope": {"n"}, "compose.send": {"ctrl+d"}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"list.copy", "pane.zoom", "nope", "ctrl+d"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	_, err = New(map[string][]string{"queues.raw": {"c"}})
	if err == nil || !strings.Contains(err.Error(), "queues.raw") || !strings.Contains(err.Error(), "queues.compose") {
		t.Errorf("the conflict does not name both: %v", err)
	}
}

func TestReadOnlyHasNothingDangerous(t *testing.T) {
	m := Default().WithoutDangerous()
	for _, b := range m.Bindings() {
		if b.Dangerous {
			t.Errorf("%s is there", b.ID)
		}
	}
	if _, ok := m.Match([]Scope{Compose}, "f5"); ok {
		t.Error("f5 still sends")
	}
	if _, ok := Default().Match([]Scope{Compose}, "f5"); !ok {
		t.Error("the original map lost its bindings")
	}
}

func TestFooterPutsActsLastAndGivesTheReason(t *testing.T) {
	m := index(append(defaults(),
		Binding{ID: "carcel.deny", Keys: []string{"d"}, Help: "deny", Scope: Carcel, Dangerous: true, Order: 120},
		Binding{ID: "carcel.replay", Keys: []string{"r"}, Help: "replay", Scope: Carcel, Dangerous: true, Order: 130}))
	scopes := []Scope{Carcel, List, Global}
	hints, reason := m.Footer(scopes, nil)
	acting := false
	for _, h := range hints {
		if acting && !h.Dangerous {
			t.Errorf("%s stands behind an act", h.ID)
		}
		acting = h.Dangerous
	}
	if !acting || reason != "" {
		t.Errorf("acting %v, reason %q", acting, reason)
	}
	hints, reason = m.Footer(scopes, func(id string) State {
		if b, _ := m.Get(id); b.Dangerous {
			return Off("acting is off while Redis is away")
		}
		return On
	})
	for _, h := range hints {
		if h.Dangerous {
			t.Errorf("%s is offered", h.ID)
		}
	}
	if reason != "acting is off while Redis is away" {
		t.Errorf("reason %q", reason)
	}
}

func TestFooterHidesWhatIsShadowed(t *testing.T) {
	hints, _ := Default().Footer([]Scope{Compose, Global}, nil)
	tabs := 0
	for _, h := range hints {
		if h.Key == "tab" {
			tabs++
		}
	}
	if tabs != 1 {
		t.Errorf("tab stands %d times in the composer's footer", tabs)
	}
}

func TestHelpAndMarkdownHoldEveryBinding(t *testing.T) {
	m := Default()
	var all []Scope
	for s := range numScopes {
		all = append(all, s)
	}
	n := 0
	for _, s := range m.Help(all, nil) {
		n += len(s.Items)
	}
	if n != len(m.Bindings()) {
		t.Errorf("help has %d of %d", n, len(m.Bindings()))
	}
	md := Markdown(m)
	for _, b := range m.Bindings() {
		if !strings.Contains(md, "`"+b.ID+"`") {
			t.Errorf("%s is not in the cheat sheet", b.ID)
		}
	}
}
