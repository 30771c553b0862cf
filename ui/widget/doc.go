// Package widget holds what the console's views share: text that is safe and
// exactly as wide as asked, numbers, small graphs, the one list, viewers,
// inputs and dialogs. It is pure: no I/O, no clock of its own, no program.
//
// # Geometry
//
// A pane is a block: lines of exactly one width, joined by "\n". The first
// cell of a block is VISUAL's column −1, where the selection bar stands, so
// [ColMark], [ColGlyph] and [ColText] count from there. Two blocks side by
// side are joined by [Columns] with a gutter of 1: the bar column of the right
// one is the gutter's second cell.
//
// # Text
//
// Everything that a widget draws goes through [Sanitize], because text from
// Redis is hostile; a view need not do it again. Width is always cells.
//
// # Colours
//
// Text is given as [Span]: a string and the role that says what it means. The
// widget adds the background (page, surface, selection), so states keep their
// colour on a selected row.
package widget

// Columns of a pane, counted from the first cell of its block.
const (
	ColBar   = 0  // selection bar, VISUAL's column −1
	ColMark  = 1  // mark, and where titles begin
	ColGlyph = 3  // state glyph, and labels in a detail
	ColText  = 5  // text of a row
	ColValue = 15 // values in a detail
)
