package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

// names are rows with nothing but a key.
type names []string

func (n names) Len() int          { return len(n) }
func (n names) Key(i int) string  { return n[i] }
func (n names) Row(i int, r *Row) { r.Cell(T(fg, n[i])) }

func numbered(from, to int) names {
	var n names
	for i := from; i < to; i++ {
		n = append(n, fmt.Sprintf("row %03d", i))
	}
	return n
}

func list(rows names, height int) *Table {
	t := &Table{Headless: true}
	t.SetColumns(Column{Title: "name", Width: 10})
	t.SetSize(30, height)
	t.SetRows(rows)
	return t
}

func selected(t *Table) string {
	_, key, _ := t.Selected()
	return key
}

func screenLine(t *Table) int {
	for i, l := range strings.Split(ansi.Strip(t.View(dark)), "\n") {
		if strings.Contains(l, selected(t)) {
			return i
		}
	}
	return -1
}

func TestSelectionFollowsTheRowNotTheNumber(t *testing.T) {
	tb := list(numbered(0, 100), 10)
	tb.Select("row 050")
	was := screenLine(tb)
	rows := append(names{"new 1", "new 2", "new 3"}, numbered(0, 100)...)
	tb.SetRows(rows)
	if selected(tb) != "row 050" || screenLine(tb) != was {
		t.Errorf("%s is selected on line %d, not row 050 on %d", selected(tb), screenLine(tb), was)
	}
	slices.Reverse(rows)
	tb.SetRows(rows)
	if selected(tb) != "row 050" {
		t.Errorf("after sorting %s is selected", selected(tb))
	}
}

func TestWhenTheSelectedRowGoesItsSuccessorIsSelected(t *testing.T) {
	tb := list(numbered(0, 10), 5)
	tb.Select("row 004")
	tb.SetRows(slices.Delete(numbered(0, 10), 4, 5))
	if selected(tb) != "row 005" {
		t.Errorf("%s is selected", selected(tb))
	}
	tb.End()
	tb.SetRows(numbered(0, 3))
	if selected(tb) != "row 002" {
		t.Errorf("%s is selected", selected(tb))
	}
	tb.SetRows(names{})
	if _, _, ok := tb.Selected(); ok {
		t.Error("something is selected in an empty list")
	}
	exact(t, "empty table", tb.View(dark), 30, 5)
}

func TestMovingStopsAtTheEnds(t *testing.T) {
	tb := list(numbered(0, 50), 10)
	for _, c := range []struct{ do, want string }{
		{"list.up", "row 000"}, {"list.down", "row 001"}, {"list.pagedown", "row 010"}, {"list.end", "row 049"},
		{"list.down", "row 049"}, {"list.pageup", "row 040"}, {"list.home", "row 000"},
	} {
		if !tb.Do(c.do) || selected(tb) != c.want {
			t.Errorf("%s selects %s, not %s", c.do, selected(tb), c.want)
		}
	}
	if tb.Do("carcel.replay") {
		t.Error("the table claims a binding that is not its own")
	}
}

func TestALongListSaysWhereItIs(t *testing.T) {
	tb := list(numbered(0, 1211), 22)
	if got := ansi.Strip(tb.View(dark)); !strings.HasSuffix(strings.TrimRight(got, " "), "1–21 of 1,211") {
		t.Errorf("the foot is missing:\n%s", got)
	}
	tb.SetRows(numbered(0, 22))
	if got := ansi.Strip(tb.View(dark)); strings.Contains(got, " of ") {
		t.Errorf("a list that fits has a foot:\n%s", got)
	}
}

func TestAFollowingListStaysAtTheEndAndCountsOtherwise(t *testing.T) {
	tb := list(nil, 8)
	tb.Follow = true
	tb.SetRows(numbered(0, 20))
	if !tb.Following() || selected(tb) != "row 019" {
		t.Errorf("at first %s is selected", selected(tb))
	}
	tb.SetRows(numbered(0, 25))
	if selected(tb) != "row 024" {
		t.Errorf("following, %s is selected", selected(tb))
	}
	tb.Move(-3)
	tb.SetRows(numbered(0, 37))
	if tb.Following() || selected(tb) != "row 021" || tb.NewRows() != 12 {
		t.Errorf("off the end %s is selected, %d new", selected(tb), tb.NewRows())
	}
	if !strings.Contains(ansi.Strip(tb.View(dark)), "12 new") {
		t.Errorf("no badge:\n%s", ansi.Strip(tb.View(dark)))
	}
	tb.SetRows(numbered(5, 40)) // a ring that forgets its oldest
	if tb.NewRows() != 15 {
		t.Errorf("%d new after the ring turned", tb.NewRows())
	}
	tb.End()
	if tb.NewRows() != 0 || !tb.Following() {
		t.Error("at the end it does not follow again")
	}
}

func TestMarksStayWithTheirRows(t *testing.T) {
	tb := list(numbered(0, 9), 9)
	tb.Do("list.mark")
	tb.Do("list.mark")
	if got := tb.Marks(); len(got) != 2 || selected(tb) != "row 002" {
		t.Errorf("%v marked, %s selected", got, selected(tb))
	}
	tb.SetRows(numbered(1, 9))
	if line := strings.Split(ansi.Strip(tb.View(dark)), "\n")[0]; line[:5] != " • "[:5] {
		t.Errorf("row 001 lost its mark: %q", line)
	}
	if got := tb.MarkBadge(dark); got[0].Text != "• 2 marked" {
		t.Errorf("%v", got)
	}
	tb.ClearMarks()
	if tb.MarkBadge(dark) != nil {
		t.Error("marks stay")
	}
}

func TestASelectedRowHasItsBackgroundInEveryCell(t *testing.T) {
	tb := queueTable(73, 6)
	tb.SetFocused(true)
	line := strings.Split(tb.View(dark), "\n")[1]
	want := "48;2;34;44;64m"
	for _, part := range strings.Split(line, dark.Page("", 0, 0)) {
		if rest := ansi.Strip(part); rest != "" && !strings.Contains(part, want) {
			t.Errorf("%q is not on select", part)
		}
	}
	if !strings.Contains(line, "38;2;255;125;128;"+want) {
		t.Error("the state lost its colour")
	}
}

func TestATableThatNeverHadTheFocusShowsNoSelection(t *testing.T) {
	tb := queueTable(73, 6)
	if strings.Contains(tb.View(dark), "▌") {
		t.Error("there is a bar")
	}
	tb.SetFocused(true)
	tb.SetFocused(false)
	if !strings.Contains(tb.View(dark), "▌") {
		t.Error("there is no bar after the focus was there")
	}
}

func TestColumnsDoNotJump(t *testing.T) {
	tb := queueTable(73, 6)
	before := slices.Clone(tb.layout())
	tb.SetRows(queueRows{{themes.GlyphStuck, strings.Repeat("long", 30), 1 << 40, 1e9, "x"}})
	tb.View(dark)
	if !slices.Equal(before, tb.layout()) {
		t.Errorf("%v became %v", before, tb.layout())
	}
}

func TestTheMouseFindsRows(t *testing.T) {
	tb := queueTable(73, 6)
	if tb.Click(0) || !tb.Click(3) || selected(tb) != "tasks:search" || tb.Click(5) {
		t.Errorf("%s is selected", selected(tb))
	}
	long := list(numbered(0, 100), 10)
	long.Scroll(30)
	if i, _, _ := long.Selected(); i != 30 {
		t.Errorf("the wheel leaves %d selected", i)
	}
}

// endless is a list of a hundred thousand rows that exist only when asked.
type endless struct{ n int }

func (e endless) Len() int         { return e.n }
func (e endless) Key(i int) string { return keys[i] }
func (e endless) Row(i int, r *Row) {
	r.Glyph(themes.GlyphBlocked)
	r.Cell(T(fg, "resource.allocate"))
	r.Cell(T(muted, "energy-grid"))
	r.Cell(T(themes.Bad, "blocked"))
	r.Cell(T(muted, "2m 50"))
	r.Cell(T(faint, "11/min > 10"))
}

var keys = func() []string {
	k := make([]string, 100_001)
	for i := range k {
		k[i] = fmt.Sprintf("550e8400-e29b-41d4-a716-%012d", i)
	}
	return k
}()

// BenchmarkTable100k is a key press and a frame at a hundred thousand rows.
func BenchmarkTable100k(b *testing.B) {
	tb := bigTable(endless{n: 100_000})
	b.ReportAllocs()
	for b.Loop() {
		tb.Move(1)
		_ = tb.View(dark)
	}
}

// BenchmarkTable100kNewData is a new picture, in which the selected row has
// gone, so that the whole list is searched, and a frame.
func BenchmarkTable100kNewData(b *testing.B) {
	tb := bigTable(endless{n: 100_000})
	tb.Select(keys[50_000])
	b.ReportAllocs()
	for b.Loop() {
		tb.selKey = "gone"
		tb.SetRows(endless{n: 100_000})
		_ = tb.View(dark)
	}
}

func bigTable(rows Rows) *Table {
	tb := &Table{}
	tb.SetColumns(Column{Title: "primitive", Width: 17}, Column{Title: "vertical", Width: 13}, Column{Title: "decision", Width: 11},
		Column{Title: "age", Width: 6, Right: true}, Column{Title: "why", Width: 13, Flex: 1})
	tb.SetSize(200, 60)
	tb.SetFocused(true)
	tb.SetRows(rows)
	return tb
}
