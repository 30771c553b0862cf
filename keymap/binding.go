package keymap

// Scope is the part of the console in which a binding holds.
type Scope uint8

// Global holds everywhere, List in every pane that shows a list, the others
// on one screen each. Dialog and Picker hold alone while they are open.
const (
	Global Scope = iota
	List
	Queues
	Agents
	Carcel
	Lineage
	Compose
	Council
	Voices
	Activity
	Edit // of held contents, on the carcel's screen
	Dialog
	Picker
	numScopes
)

var scopeNames = [numScopes]string{
	"everywhere", "in a list", "queues", "agents", "carcel", "lineage",
	"compose", "council", "voices", "activity", "held contents in the editor", "in a dialog", "in the palette",
}

// String is the scope's heading in help.
func (s Scope) String() string {
	if s < numScopes {
		return scopeNames[s]
	}
	return "?"
}

// Overlaps says whether both scopes can be in force at the same moment.
func (s Scope) Overlaps(o Scope) bool {
	switch {
	case s == o:
		return true
	case s.modal() || o.modal():
		return false
	case s == Global || o == Global:
		return true
	case s == List:
		return !o.typed()
	case o == List:
		return !s.typed()
	}
	return false
}

// modal scopes get every key while they are open.
// typed reports whether text is typed in the scope, so that it shows no list.
func (s Scope) typed() bool { return s == Compose || s == Edit }

func (s Scope) modal() bool { return s == Dialog || s == Picker }

// Binding is one named action and the keys for it.
type Binding struct {
	// ID names the action for users' overrides and for the views' switches.
	ID string
	// Help is the word or two for the footer; Description is a sentence.
	Help, Description string
	// Keys as Bubble Tea spells them: "ctrl+t", "shift+tab", "G", "space".
	Keys  []string
	Scope Scope
	// Dangerous acts change something in Redis. They ask first, stand behind
	// the divider of the footer, and are gone in read-only mode.
	Dangerous bool
	// Order is the place in the footer from the left; 0 keeps it out.
	Order int
	// Keep says what stays when the footer is too narrow: 1 stays longest.
	Keep int
	// Label stands for the keys in the footer where the first key would say
	// too little: ↑↓ for both directions. It goes when the user rebinds.
	Label string
	// Shadows names a binding of an overlapping scope whose key this one takes
	// on purpose.
	Shadows string
}

// KeyLabel is how the footer shows the binding's key; "" when unbound.
func (b Binding) KeyLabel() string {
	if b.Label != "" {
		return b.Label
	}
	if len(b.Keys) == 0 {
		return ""
	}
	return pretty(b.Keys[0])
}

var prettyKeys = map[string]string{
	"up": "↑", "down": "↓", "left": "←", "right": "→", "pgdown": "pgdn",
}

func pretty(key string) string {
	if p, ok := prettyKeys[key]; ok {
		return p
	}
	return key
}

// State is whether an action is possible now, and why not.
type State struct {
	Enabled bool
	Reason  string // shown instead of the action when it is not enabled
	Moot    bool   // nobody misses the action: the footer keeps the reason to itself
}

// On is the state of an action that is possible.
var On = State{Enabled: true}

// Off is the state of an action that is not possible, with the reason.
func Off(reason string) State { return State{Reason: reason} }

// Moot is the state of an action that there is no occasion for.
func Moot(reason string) State { return State{Reason: reason, Moot: true} }
