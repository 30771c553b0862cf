package widget

import (
	"slices"

	"github.com/infrafabric/ifpacket/themes"
)

// ToggleMark marks the selected row or takes its mark away. A range begins
// there.
func (t *Table) ToggleMark() {
	_, key, ok := t.Selected()
	if !ok {
		return
	}
	t.markFrom = key
	if t.Marked(key) {
		delete(t.marks, key)
		return
	}
	t.mark(key)
}

func (t *Table) mark(key string) {
	if t.marks == nil {
		t.marks = map[string]struct{}{}
	}
	t.marks[key] = struct{}{}
}

// MarkRange marks every row from the one that was marked last to the selected
// one; the selected one alone where that is not in sight of the filter.
func (t *Table) MarkRange() {
	if t.Len() == 0 {
		return
	}
	from := t.sel
	if i, ok := t.find(t.markFrom, t.sel); ok && t.markFrom != "" {
		from = i
	}
	for i := min(from, t.sel); i <= max(from, t.sel); i++ {
		t.mark(t.rows.Key(i))
	}
	t.markFrom = t.selKey
}

// MarkAll marks every row that is shown; where all of them are marked already
// it takes all marks away.
func (t *Table) MarkAll() {
	fresh := false
	for i := range t.Len() {
		key := t.rows.Key(i)
		fresh = fresh || !t.Marked(key)
		t.mark(key)
	}
	if !fresh {
		t.ClearMarks()
	}
}

// Marked says whether a row is marked.
func (t *Table) Marked(key string) bool {
	_, ok := t.marks[key]
	return ok
}

// MarkCount is how many rows are marked.
func (t *Table) MarkCount() int { return len(t.marks) }

// Marks lists the marked keys, sorted. Marks outlive their rows' being
// filtered away; a view that acts on them checks what is still there.
func (t *Table) Marks() []string {
	keys := make([]string, 0, len(t.marks))
	for k := range t.marks {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ClearMarks takes all marks away.
func (t *Table) ClearMarks() { t.marks, t.markFrom = nil, "" }

// Unmark takes one mark away.
func (t *Table) Unmark(key string) { delete(t.marks, key) }

// Rename says that a row has another key now: its mark and the selection stay
// with it.
func (t *Table) Rename(old, key string) {
	if t.Marked(old) {
		delete(t.marks, old)
		t.mark(key)
	}
	if t.selKey == old {
		t.selKey = key
	}
	if t.markFrom == old {
		t.markFrom = key
	}
}

// MarkBadge is "• 3 marked" for the title; nil when nothing is marked.
func (t *Table) MarkBadge(th *themes.Theme) []Span {
	if len(t.marks) == 0 {
		return nil
	}
	return []Span{T(accent, th.Glyph(themes.GlyphMark)+" "+Commas(len(t.marks))+" marked")}
}
