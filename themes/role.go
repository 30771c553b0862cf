package themes

// Role says what a piece of text or a surface means.
type Role uint8

// The first three roles are backgrounds, the others are drawn on them.
const (
	Bg       Role = iota // the page
	Surface              // attention line, fields, editor, unfocused selection
	Select               // selected row, active tab
	Fg                   // values, names
	Muted                // secondary values
	Faint                // labels, column heads, units; drawn as Muted on Select
	Border               // rules, tracks, tree lines; never text
	Accent               // focus, keys, cursor, marks, running work
	Graph                // graph body, hot sparkline, a beat that is well
	GraphLo              // calm sparkline
	GraphTop             // top cell of an area graph: accent, unless away
	OK                   // verified, live
	Warn                 // late, growing, incomplete
	Bad                  // stuck, silent, tampered, error
	Info                 // advisory, no seal, JSON numbers
	Hold                 // human review
	Cosign               // co-signature
	numRoles
)

// numBackgrounds counts the roles that are backgrounds.
const numBackgrounds = 3

var roleNames = [numRoles]string{
	"bg", "surface", "select", "fg", "muted", "faint", "border", "accent",
	"graph", "graphlo", "graphtop", "ok", "warn", "bad", "info", "hold", "cosign",
}

// String is the role's name in a palette file.
func (r Role) String() string {
	if r < numRoles {
		return roleNames[r]
	}
	return "?"
}

// Roles lists every role, backgrounds first.
func Roles() []Role {
	all := make([]Role, numRoles)
	for i := range all {
		all[i] = Role(i)
	}
	return all
}

func roleByName(name string) (Role, bool) {
	for i, n := range roleNames {
		if n == name {
			return Role(i), true
		}
	}
	return 0, false
}
