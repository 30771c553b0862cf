// Package themes turns roles (what a piece of text means) into styles (how a
// terminal shows it).
//
// A view never names a colour: it asks a [Theme] for the [Style] of a [Role],
// optionally on another background:
//
//	t, _ := themes.Load("dark")
//	t.Style(themes.Muted).Render("nuclear-power")
//	t.On(themes.Select, themes.Fg).Bold().Render("process.kill")
//
// Every style is an escape sequence written once when the theme is built, so
// drawing a row is string concatenation. [Theme.Page] fills a finished screen
// with the theme's own background, whatever the terminal's is.
//
// The package never asks the terminal anything and never draws.
package themes
