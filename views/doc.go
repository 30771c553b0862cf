// Package views has the panes of the console, one file each. A pane is a
// plain struct: it is told its size, given keys and pictures, and draws itself.
//
// No pane does I/O: what takes time is a tea.Cmd that asks the engine.
package views
