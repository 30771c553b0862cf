package widget

import "github.com/infrafabric/ifpacket/themes"

// Short names for the roles this package uses most.
const (
	fg     = themes.Fg
	muted  = themes.Muted
	faint  = themes.Faint
	border = themes.Border
	accent = themes.Accent
)
