package widget

// Do performs a list binding of the keymap by its ID ("list.up", "list.down",
// "list.pageup", "list.pagedown", "list.home", "list.end", "list.mark") and
// says whether it was one.
func (t *Table) Do(id string) bool {
	switch id {
	case "list.up":
		t.Move(-1)
	case "list.down":
		t.Move(1)
	case "list.pageup":
		t.Move(-t.Page())
	case "list.pagedown":
		t.Move(t.Page())
	case "list.home":
		t.Home()
	case "list.end":
		t.End()
	case "list.mark":
		t.ToggleMark()
		t.Move(1)
	default:
		return false
	}
	return true
}

// Move moves the selection by n rows, stopping at the ends.
func (t *Table) Move(n int) { t.moveTo(t.sel + n) }

// Home selects the first row.
func (t *Table) Home() { t.moveTo(0) }

// Moved reports whether somebody moved the selection, which stays on the first
// row until then, whatever comes.
func (t *Table) Moved() bool { return t.moved }

// Rest selects the first row and stays there, as if nobody had moved it.
func (t *Table) Rest() {
	t.Home()
	t.moved = false
}

// End selects the last row; a following table follows again.
func (t *Table) End() { t.moveTo(t.Len() - 1) }

func (t *Table) moveTo(i int) {
	n := t.Len()
	if n == 0 {
		return
	}
	t.sel, t.moved = i, true
	t.clamp()
	if !t.Follow {
		return
	}
	end := t.sel == n-1
	if t.atEnd && !end {
		t.seenKey, t.newRows = t.rows.Key(n-1), 0
	}
	if end {
		t.newRows = 0
	}
	t.atEnd = end
}

// ToggleFollow goes to the end and stays there, or stops doing so.
func (t *Table) ToggleFollow() {
	if n := t.Len(); n > 0 && t.atEnd {
		t.atEnd, t.seenKey = false, t.rows.Key(n-1)
		return
	}
	t.End()
}

// Following says whether the selection stays at the end as rows come.
func (t *Table) Following() bool { return t.Follow && t.atEnd }

// NewRows counts the rows appended since the selection left the end.
func (t *Table) NewRows() int { return t.newRows }

func (t *Table) countNew(n int) {
	if t.seenKey == "" {
		return
	}
	if i, ok := t.find(t.seenKey, n-1-t.newRows); ok {
		t.newRows = n - 1 - i
		return
	}
	t.newRows = n // what was last then is gone: all of this is new
}

// Scroll moves the window by n rows, for the mouse wheel; the selection is
// taken along only where it would leave the window.
func (t *Table) Scroll(n int) {
	rows, page := t.Len(), t.Page()
	if rows == 0 {
		return
	}
	t.top = min(max(t.top+n, 0), max(rows-page, 0))
	t.moveTo(min(max(t.sel, t.top), t.top+page-1))
}

// RowAt is the row at a line of the table's view; ok is false for heads, foot
// and blanks.
func (t *Table) RowAt(y int) (i int, ok bool) {
	y -= t.height - t.body()
	i = t.top + y
	return i, y >= 0 && y < t.Page() && i < t.Len()
}

// Click selects the row at a line of the view and says whether there was one.
func (t *Table) Click(y int) bool {
	i, ok := t.RowAt(y)
	if ok {
		t.moveTo(i)
	}
	return ok
}
