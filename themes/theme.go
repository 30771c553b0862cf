package themes

import (
	"embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed palettes/*.yaml
var palettes embed.FS

// names in the order in which a person steps through them.
var names = []string{"dark", "light", "high-contrast", "colour-blind", "ansi16", "mono"}

// Names lists the built-in themes.
func Names() []string { return append([]string(nil), names...) }

// Theme holds every style of the console. It is immutable and may be shared.
type Theme struct {
	name   string
	dark   bool
	away   bool
	plain  bool // the page has the terminal's own colours
	base   string
	paints [numRoles]paint
	table  [numBackgrounds][numRoles][numAttrs]sgr
	glyphs *glyphTable

	awayOnce sync.Once
	awayOf   *Theme
	liveOf   *Theme // of an away theme: the one it was made from
}

var cache sync.Map // name → *Theme

// Load gives a built-in theme.
func Load(name string) (*Theme, error) {
	if t, ok := cache.Load(name); ok {
		return t.(*Theme), nil
	}
	if indexOf(names, name) < 0 {
		return nil, fmt.Errorf("no theme %q: there are %s", name, strings.Join(names, ", "))
	}
	data, err := palettes.ReadFile("palettes/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("theme %s: %w", name, err)
	}
	t, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("theme %s: %w", name, err)
	}
	got, _ := cache.LoadOrStore(name, t)
	return got.(*Theme), nil
}

// MustLoad is Load for a name known to exist; it panics otherwise.
func MustLoad(name string) *Theme {
	t, err := Load(name)
	if err != nil {
		panic(err)
	}
	return t
}

// Default is the name of the theme for a terminal whose background is dark or
// not.
func Default(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

// Name is the theme's name.
func (t *Theme) Name() string { return t.name }

// Dark says whether the theme is meant for dark backgrounds.
func (t *Theme) Dark() bool { return t.dark }

// Style is the style of a role on the page.
func (t *Theme) Style(r Role) Style { return Style{t: t, role: r} }

// On is the style of a role on a background (Bg, Surface or Select).
func (t *Theme) On(background, r Role) Style { return t.Style(r).On(background) }

// Away is the same theme for a picture that is no longer true: everything
// faint, graphs in border, while focus and selection keep their accent.
func (t *Theme) Away() *Theme {
	t.awayOnce.Do(func() {
		if t.away {
			t.awayOf = t
			return
		}
		a := &Theme{name: t.name, dark: t.dark, away: true, liveOf: t, paints: t.paints, glyphs: t.glyphs}
		for _, r := range []Role{Fg, Muted, OK, Warn, Bad, Info, Hold, Cosign} {
			a.paints[r] = t.paints[Faint]
		}
		for _, r := range []Role{Graph, GraphLo, GraphTop} {
			a.paints[r] = t.paints[Border]
		}
		a.build()
		// Faint on the selected row needs the true muted, which is gone here.
		for attr := range Attr(numAttrs) {
			s := t.On(Select, Muted).With(attr &^ AttrBold)
			for _, r := range []Role{Fg, Muted, Faint, OK, Warn, Bad, Info, Hold, Cosign} {
				a.table[Select][r][attr] = *t.seq(s)
			}
		}
		// Both themes end up on one page, so its plain text is the true fg.
		a.base = t.base
		t.awayOf = a
	})
	return t.awayOf
}

// Live is the theme that an away theme was made from, for what is true even
// then ("away 14 s"); any other theme is its own.
func (t *Theme) Live() *Theme {
	if t.away {
		return t.liveOf
	}
	return t
}

// ASCII is the same theme with glyphs that every terminal can draw in one
// cell.
func (t *Theme) ASCII() *Theme {
	if t.away {
		return t.liveOf.ASCII().Away()
	}
	a := &Theme{name: t.name, dark: t.dark, paints: t.paints, glyphs: &asciiGlyphs}
	a.build()
	return a
}
