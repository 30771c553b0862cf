package widget

import (
	"github.com/infrafabric/ifpacket/themes"
)

// Rows supplies a table, row by row, only for what is in sight.
type Rows interface {
	// Len is the number of rows.
	Len() int
	// Key is the identity of row i; it must be cheap.
	Key(i int) string
	// Row fills r with row i: Glyph or Lead, then one Cell for each column.
	Row(i int, r *Row)
}

// Indexer is implemented by rows that can find a key faster than by asking
// for every one.
type Indexer interface {
	Index(key string) (int, bool)
}

// Column describes one column of a table.
type Column struct {
	Title string
	// Width is the least width; Flex columns share what is left over.
	Width, Flex int
	// Right aligns numbers; Middle cuts identities in the middle.
	Right, Middle bool
	// Drop says when the column goes: the highest goes first, 0 never.
	Drop int
	// Gap is the number of blanks before the column; 0 means 2, −1 none.
	Gap int
}

func (c Column) gap(first bool) int {
	switch {
	case first, c.Gap < 0:
		return 0
	case c.Gap == 0:
		return 2
	}
	return c.Gap
}

// Table is the one list of the console: windowed, so a hundred thousand rows
// cost what twenty do; its selection follows the row's identity, never its
// number.
//
// The zero Table is usable. Set what it shows with SetColumns, SetSize and,
// with every new picture of the data, SetRows.
type Table struct {
	// Headless drops the column heads (narrow screens).
	Headless bool
	// Footless drops the line "1–21 of 1,211" that a list too long ends with.
	Footless bool
	// FootRight puts that line at the right edge.
	FootRight bool
	// Offset and Total say that the rows are a window of a longer list, for
	// that line; without Total they are all there is.
	Offset, Total int
	// Follow keeps the selection at the end while rows are appended, once it
	// is there (activity). Off the end, NewRows counts what came since.
	Follow bool

	rows          Rows
	columns       []Column
	width, height int
	focused       bool
	touched       bool // had the focus once: until then it shows no selection
	moved         bool // somebody moved the selection: until then it is the first row

	top      int
	sel      int
	selKey   string
	atEnd    bool
	seenKey  string // last row when the selection left the end
	newRows  int
	marks    map[string]struct{}
	markFrom string // where a range of marks begins
	layoutW  int    // width that widths is for
	widths   []int
	extra    []Span
	drawn    Row // reused for every row
}

// SetColumns says what the columns are.
func (t *Table) SetColumns(columns ...Column) {
	t.columns, t.layoutW = columns, -1
}

// SetSize gives the table exactly width by height cells.
func (t *Table) SetSize(width, height int) {
	t.width, t.height = max(width, 0), max(height, 0)
	t.clamp()
}

// SetFocused says whether the table has the focus, which shows in the bar. A
// table that never had it shows none.
func (t *Table) SetFocused(f bool) {
	t.focused = f
	t.touched = t.touched || f
}

// SetFootExtra adds spans to the foot, behind the range (a running replay).
func (t *Table) SetFootExtra(spans ...Span) { t.extra = spans }

// SetRows shows a new picture of the data. The selected row stays selected
// and stays where it is on the screen; if it is gone, the row that took its
// place is selected. As long as nobody moved it, the first row is selected:
// what needs a person comes first.
func (t *Table) SetRows(rows Rows) {
	t.rows = rows
	n := t.Len()
	switch {
	case n == 0:
		t.top, t.sel = 0, 0
		return
	case t.selKey == "":
		if t.Follow {
			t.atEnd = true
		}
	case t.Follow && t.atEnd:
	case !t.moved:
		t.top, t.sel = 0, 0
	default:
		if i, ok := t.find(t.selKey, t.sel); ok {
			t.top += i - t.sel
			t.sel = i
		}
	}
	if t.Follow && t.atEnd {
		t.sel = n - 1
	}
	if t.Follow && !t.atEnd {
		t.countNew(n)
	}
	t.clamp()
}

// Len is the number of rows.
func (t *Table) Len() int {
	if t.rows == nil {
		return 0
	}
	return t.rows.Len()
}

// find looks for a key near where it was, then everywhere.
func (t *Table) find(key string, near int) (int, bool) {
	if ix, ok := t.rows.(Indexer); ok {
		return ix.Index(key)
	}
	n := t.rows.Len()
	near = min(max(near, 0), n-1)
	for d := 0; d < n; d++ {
		lo, hi := near-d, near+d
		if hi < n && t.rows.Key(hi) == key {
			return hi, true
		}
		if lo >= 0 && d > 0 && t.rows.Key(lo) == key {
			return lo, true
		}
		if lo < 0 && hi >= n {
			break
		}
	}
	return 0, false
}

// Selected is the number and the key of the selected row; ok is false when
// there is none.
func (t *Table) Selected() (i int, key string, ok bool) {
	if t.Len() == 0 {
		return 0, "", false
	}
	return t.sel, t.rows.Key(t.sel), true
}

// Select selects the row with a key, if it is there.
func (t *Table) Select(key string) bool {
	if t.Len() == 0 {
		return false
	}
	i, ok := t.find(key, t.sel)
	if ok {
		t.moveTo(i)
	}
	return ok
}

// clamp keeps selection and window inside the list and remembers the
// identity of what is selected.
func (t *Table) clamp() {
	n := t.Len()
	if n == 0 {
		return
	}
	t.sel = min(max(t.sel, 0), n-1)
	t.selKey = t.rows.Key(t.sel)
	page := t.Page()
	t.top = min(t.top, t.sel)
	t.top = max(t.top, t.sel-page+1)
	t.top = min(max(t.top, 0), max(n-page, 0))
}

// Page is the number of rows in sight.
func (t *Table) Page() int {
	h := t.body()
	if t.footed(h) {
		h--
	}
	return max(h, 1)
}

// body is the height below the column heads.
func (t *Table) body() int {
	if t.Headless || len(t.columns) == 0 || t.height < 2 {
		return t.height
	}
	return t.height - 1
}

func (t *Table) footed(body int) bool {
	return !t.Footless && body > 2 && (t.Len() > body || len(t.extra) > 0)
}

// layout computes the columns' widths; it depends on the table's width alone,
// so columns never jump.
func (t *Table) layout() []int {
	if t.layoutW == t.width && t.widths != nil {
		return t.widths
	}
	w := make([]int, len(t.columns))
	hidden := make([]bool, len(t.columns))
	room := t.width - ColText
	need := func() int {
		sum, first := 0, true
		for i, c := range t.columns {
			if !hidden[i] {
				sum += c.gap(first) + c.Width
				first = false
			}
		}
		return sum
	}
	for need() > room {
		worst := -1
		for i, c := range t.columns {
			if !hidden[i] && c.Drop > 0 && (worst < 0 || c.Drop > t.columns[worst].Drop) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		hidden[worst] = true
	}
	spare, flex := room-need(), 0
	for i, c := range t.columns {
		if !hidden[i] {
			flex += c.Flex
		}
	}
	for i, c := range t.columns {
		switch {
		case hidden[i]:
			w[i] = -1
			continue
		case spare > 0 && c.Flex > 0:
			share := spare * c.Flex / flex
			spare, flex = spare-share, flex-c.Flex
			w[i] = c.Width + share
		default:
			w[i] = c.Width
		}
	}
	t.widths, t.layoutW = w, t.width
	return w
}

// background of a row: selected and focused, selected, or neither.
func (t *Table) background(i int) themes.Role {
	switch {
	case i != t.sel || !t.touched:
		return themes.Bg
	case t.focused:
		return themes.Select
	}
	return themes.Surface
}
