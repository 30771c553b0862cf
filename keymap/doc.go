// Package keymap declares every key of the console in one place: what it is
// called, where it holds, what it does and whether it changes anything in
// Redis. Lookup, help, footer hints, the palette and the printed cheat sheet
// all come from this one list, and so does the check that no key means two
// things at once.
//
//	m, err := keymap.New(overrides)           // user's rebindings, checked
//	if readOnly { m = m.WithoutDangerous() }
//	b, ok := m.Match([]keymap.Scope{keymap.Carcel, keymap.List, keymap.Global}, msg.String())
//	switch b.ID { case "carcel.replay": … }
//
// The package performs nothing and knows no view.
package keymap
