package themes

// Glyph is a state or a mark that takes one cell.
type Glyph uint8

// States, as they stand in column 2 of a row, and the few signs of the frame.
const (
	GlyphCosign    Glyph = iota // waits for a second signature
	GlyphReview                 // waits for a person
	GlyphBlocked                // blocked, tampered
	GlyphError                  // error
	GlyphOK                     // approved, verified
	GlyphNoSeal                 // no seal
	GlyphReplayed               // replayed
	GlyphCameBack               // came back
	GlyphGiven                  // approval given
	GlyphOpen                   // approval open
	GlyphLive                   // live
	GlyphLate                   // late, growing
	GlyphSilent                 // silent, away
	GlyphStuck                  // stuck
	GlyphCalm                   // calm, nothing
	GlyphExpired                // expired
	GlyphRunning                // running
	GlyphFailover               // failover
	GlyphMark                   // marked row
	GlyphBrand                  // before the product's name
	GlyphArrow                  // from → to
	GlyphBar                    // selection bar
	GlyphRule                   // rule of a pane, track of a bar
	GlyphRuleFocus              // rule of the focused pane, filled part of a bar
	GlyphDivider                // between groups of hints
	GlyphTee                    // tree: one child of several
	GlyphCorner                 // tree: last child
	GlyphEllipsis               // text was cut here
	numGlyphs
)

type glyphTable [numGlyphs]string

var unicodeGlyphs = glyphTable{
	GlyphCosign: "◈", GlyphReview: "◇", GlyphBlocked: "✕", GlyphError: "!",
	GlyphOK: "✓", GlyphNoSeal: "◌", GlyphReplayed: "↻", GlyphCameBack: "↺",
	GlyphGiven: "●", GlyphOpen: "○", GlyphLive: "●", GlyphLate: "▲",
	GlyphSilent: "○", GlyphStuck: "■", GlyphCalm: "·", GlyphExpired: "–",
	GlyphRunning: "▶", GlyphFailover: "▼", GlyphMark: "•", GlyphBrand: "◆",
	GlyphArrow: "→", GlyphBar: "▌", GlyphRule: "─", GlyphRuleFocus: "━",
	GlyphDivider: "│", GlyphTee: "├", GlyphCorner: "└", GlyphEllipsis: "…",
}

var asciiGlyphs = glyphTable{
	GlyphCosign: "2", GlyphReview: "1", GlyphBlocked: "x", GlyphError: "!",
	GlyphOK: "v", GlyphNoSeal: "?", GlyphReplayed: "r", GlyphCameBack: "b",
	GlyphGiven: "*", GlyphOpen: "o", GlyphLive: "*", GlyphLate: "^",
	GlyphSilent: "o", GlyphStuck: "#", GlyphCalm: ".", GlyphExpired: "-",
	GlyphRunning: ">", GlyphFailover: "V", GlyphMark: "+", GlyphBrand: "*",
	GlyphArrow: ">", GlyphBar: ">", GlyphRule: "-", GlyphRuleFocus: "=",
	GlyphDivider: "|", GlyphTee: "|", GlyphCorner: "`", GlyphEllipsis: "~",
}

var glyphRoles = [numGlyphs]Role{
	GlyphCosign: Cosign, GlyphReview: Hold, GlyphBlocked: Bad, GlyphError: Bad,
	GlyphOK: OK, GlyphNoSeal: Info, GlyphReplayed: Info, GlyphCameBack: Warn,
	GlyphGiven: Cosign, GlyphOpen: Cosign, GlyphLive: OK, GlyphLate: Warn,
	GlyphSilent: Bad, GlyphStuck: Bad, GlyphCalm: Faint, GlyphExpired: Faint,
	GlyphRunning: Accent, GlyphFailover: Warn, GlyphMark: Accent, GlyphBrand: Accent,
	GlyphArrow: Faint, GlyphBar: Accent, GlyphRule: Border, GlyphRuleFocus: Accent,
	GlyphDivider: Border, GlyphTee: Border, GlyphCorner: Border, GlyphEllipsis: Faint,
}

// Role is the role in which the glyph is drawn.
func (g Glyph) Role() Role { return glyphRoles[g] }

// Glyph is the sign of g in this theme: one cell, Unicode or ASCII.
func (t *Theme) Glyph(g Glyph) string { return t.glyphs[g] }

// IsASCII says whether the theme draws with ASCII alone.
func (t *Theme) IsASCII() bool { return t.glyphs == &asciiGlyphs }

// State is the glyph in the colour of its state, on the page.
func (t *Theme) State(g Glyph) string { return t.Style(g.Role()).Render(t.Glyph(g)) }
