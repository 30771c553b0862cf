// Package ui is the root of the console: one tea.Model that owns the frame
// (header, tabs, attention line, footer), the overlays, and which screen has
// the keys. What a screen shows is the business of views.
//
// No message is sent per event: the watcher stores a Snapshot, and at most one
// wake-up is on its way to the program.
package ui
