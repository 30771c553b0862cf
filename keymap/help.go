package keymap

import (
	"fmt"
	"slices"
	"strings"
)

// Hint is one entry of the footer.
type Hint struct {
	ID, Key, Word string
	Dangerous     bool
	Keep          int // 1 stays longest when there is no room
}

// Footer gives the hints for scopes in their order: what looks and moves
// first, then what acts. state says whether a binding is possible now, nil
// means all are; what is not possible is left out, and where no act is, the
// first reason why is returned, to be shown in their place.
func (m *Map) Footer(scopes []Scope, state func(id string) State) (hints []Hint, reason string) {
	type entry struct {
		Hint
		order int
	}
	var found []entry
	acting := false
	for _, b := range m.bindings {
		if b.Order == 0 || len(b.Keys) == 0 || !slices.Contains(scopes, b.Scope) || m.hidden(b, scopes) {
			continue
		}
		if state != nil {
			if s := state(b.ID); !s.Enabled {
				if b.Dangerous && reason == "" && !s.Moot {
					reason = s.Reason
				}
				continue
			}
		}
		acting = acting || b.Dangerous
		found = append(found, entry{Hint{b.ID, b.KeyLabel(), b.Help, b.Dangerous, b.Keep}, b.Order})
	}
	slices.SortStableFunc(found, func(a, b entry) int { return a.order - b.order })
	for _, e := range found {
		hints = append(hints, e.Hint)
	}
	if acting { // one of several that is not possible has its reason in the help
		reason = ""
	}
	return hints, reason
}

// hidden says whether a narrower scope shadows the binding.
func (m *Map) hidden(b Binding, scopes []Scope) bool {
	for _, o := range m.bindings {
		if o.Shadows == b.ID && len(o.Keys) > 0 && slices.Contains(scopes, o.Scope) {
			return true
		}
	}
	return false
}

// Section is one heading of the help.
type Section struct {
	Title string
	Items []Item
}

// Item is one line of the help.
type Item struct {
	ID, Keys, Text string
	Dangerous      bool
	Reason         string // why it is not possible now, if it is not
}

// Help lists what the bindings of scopes do, narrowest scope first as given.
func (m *Map) Help(scopes []Scope, state func(id string) State) []Section {
	var out []Section
	for _, s := range scopes {
		sec := Section{Title: s.String()}
		for _, b := range m.bindings {
			if b.Scope != s || len(b.Keys) == 0 {
				continue
			}
			it := Item{ID: b.ID, Keys: keyList(b.Keys), Text: b.Description, Dangerous: b.Dangerous}
			if state != nil {
				if st := state(b.ID); !st.Enabled {
					it.Reason = st.Reason
				}
			}
			sec.Items = append(sec.Items, it)
		}
		if len(sec.Items) > 0 {
			out = append(out, sec)
		}
	}
	return out
}

func keyList(keys []string) string {
	shown := make([]string, len(keys))
	for i, k := range keys {
		shown[i] = pretty(k)
	}
	return strings.Join(shown, " ")
}

// Markdown is the cheat sheet of a map: a table for each scope.
func Markdown(m *Map) string {
	var b strings.Builder
	b.WriteString("# Keys\n\nAll of them can be changed or taken away by name in the configuration (`keys:`). ")
	b.WriteString("Those marked † change something in Redis: they ask first, where they do not say otherwise, and read-only mode has none of them.\n")
	for s := range numScopes {
		head := false
		for _, k := range m.bindings {
			if k.Scope != s {
				continue
			}
			if !head {
				fmt.Fprintf(&b, "\n## %s\n\n| keys | name | does |\n|---|---|---|\n", title(s.String()))
				head = true
			}
			mark := ""
			if k.Dangerous {
				mark = " †"
			}
			fmt.Fprintf(&b, "| %s | `%s`%s | %s |\n", markdownKeys(k.Keys), k.ID, mark, k.Description)
		}
	}
	return b.String()
}

func markdownKeys(keys []string) string {
	if len(keys) == 0 {
		return "none"
	}
	shown := make([]string, len(keys))
	for i, k := range keys {
		shown[i] = "`" + strings.ReplaceAll(k, "|", "\\|") + "`"
	}
	return strings.Join(shown, " ")
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
