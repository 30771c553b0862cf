package views

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// rows are what a list shows: each has an identity, text to filter by, and a
// way to be drawn.
type rows[T any] struct {
	items []T
	key   func(*T) string
	text  func(*T) string // what a filter looks into
	draw  func(*T, *widget.Row)
	shown []int // indexes of those that pass the filter
}

func (r *rows[T]) Len() int                   { return len(r.shown) }
func (r *rows[T]) Key(i int) string           { return r.key(&r.items[r.shown[i]]) }
func (r *rows[T]) Row(i int, row *widget.Row) { r.draw(&r.items[r.shown[i]], row) }
func (r *rows[T]) at(i int) *T                { return &r.items[r.shown[i]] }
func (r *rows[T]) filter(match func(string) bool) {
	r.shown = r.shown[:0]
	for i := range r.items {
		if match == nil || match(r.text(&r.items[i])) {
			r.shown = append(r.shown, i)
		}
	}
}

// sift shows the items that pass, of all or of those that are shown; nil lets
// all pass.
func (r *rows[T]) sift(pass func(*T) bool, shown bool) {
	if shown {
		r.shown = slices.DeleteFunc(r.shown, func(i int) bool { return !pass(&r.items[i]) })
		return
	}
	r.shown = r.shown[:0]
	for i := range r.items {
		if pass == nil || pass(&r.items[i]) {
			r.shown = append(r.shown, i)
		}
	}
}

// list is a titled table with a filter: the shape of nearly all panes.
type list[T any] struct {
	*Shared
	table         widget.Table
	rows          rows[T]
	query         widget.Filter
	rule          widget.Rule
	width, height int
	scopes        []keymap.Scope
	empty         string        // what would be here
	begin         []widget.Span // and how to begin
	none          string        // what to say when nothing passes; "" is that nothing matches
	bare          bool          // Pulse on a narrow screen: no column heads
	renew         func() []T    // makes the items, where they depend on the filter

	// sift makes what a filter lets pass, instead of words in the rows' text;
	// nil lets all pass. Narrower says that nothing passes that did not before.
	sift func(query string) (pass func(*T) bool, narrower bool)
}

func newList[T any](s *Shared, title string, scope keymap.Scope) *list[T] {
	l := &list[T]{Shared: s, query: widget.NewFilter()}
	l.rule.Title = title
	l.scopes = []keymap.Scope{scope, keymap.List}
	return l
}

// SetSize gives the list exactly width by height cells, title included.
func (l *list[T]) SetSize(width, height int) {
	l.width, l.height = width, height
	l.table.Headless = l.bare
	l.layout()
}

func (l *list[T]) layout() { l.table.SetSize(l.width, l.tableHeight()) }

// tableHeight is what title and filter leave.
func (l *list[T]) tableHeight() int {
	if l.query.Shown() {
		return max(l.height-2, 0)
	}
	return max(l.height-1, 0)
}

// set shows new items.
func (l *list[T]) set(items []T) {
	l.rows.items = items
	l.refilter()
}

func (l *list[T]) refilter() {
	if l.renew != nil {
		l.rows.items = l.renew()
	}
	if l.sift != nil {
		pass, narrower := l.sift(l.query.Value())
		l.rows.sift(pass, narrower)
		l.table.SetRows(&l.rows)
		return
	}
	words := strings.Fields(strings.ToLower(l.query.Value()))
	if len(words) == 0 {
		l.rows.filter(nil)
	} else {
		l.rows.filter(func(text string) bool {
			text = strings.ToLower(text)
			for _, w := range words {
				if !strings.Contains(text, w) {
					return false
				}
			}
			return true
		})
	}
	l.table.SetRows(&l.rows)
}

// selected is the item under the bar; nil when there is none.
func (l *list[T]) selected() *T {
	i, _, ok := l.table.Selected()
	if !ok {
		return nil
	}
	return l.rows.at(i)
}

// Do carries out the bindings of a list.
func (l *list[T]) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "list.filter":
		l.query.Focus()
		l.layout()
		return nil, true
	case "list.back":
		if !l.query.Shown() {
			return nil, false
		}
		l.unfilter()
		return nil, true
	}
	return nil, l.table.Do(id)
}

// unfilter shows everything again.
func (l *list[T]) unfilter() {
	l.query.SetValue("")
	l.query.Blur()
	l.refilter()
	l.layout()
}

// choose selects a row, also one that the filter hides.
func (l *list[T]) choose(key string) {
	if l.table.Select(key) || l.query.Value() == "" {
		return
	}
	for i := range l.rows.items {
		if l.rows.key(&l.rows.items[i]) == key {
			l.unfilter()
			l.table.Select(key)
			return
		}
	}
}

// blur ends the typing of the filter, when the focus goes elsewhere.
func (l *list[T]) blur() {
	l.query.Blur()
	l.layout()
}

// Update types into the filter.
func (l *list[T]) Update(msg tea.Msg) tea.Cmd {
	if !l.query.Focused() {
		return nil
	}
	if key, ok := msg.(tea.KeyPressMsg); ok && key.String() == "enter" {
		l.query.Blur()
		l.layout()
		return nil
	}
	cmd := l.query.Update(msg)
	l.refilter()
	l.layout()
	return cmd
}

// click selects the row at a line of the pane.
func (l *list[T]) click(y int) {
	y -= l.height - l.tableHeight()
	if y >= 0 {
		l.table.Click(y)
	}
}

// Typing reports whether the filter is being typed.
func (l *list[T]) Typing() bool { return l.query.Focused() }

// Scopes are the list's own and that of lists.
func (l *list[T]) Scopes() []keymap.Scope { return l.scopes }

// State: whatever needs a row needs one to be selected.
func (l *list[T]) State(id string) keymap.State {
	if (id == "list.open" || id == "list.copy") && l.selected() == nil {
		return keymap.Off("nothing is selected")
	}
	return keymap.On
}

// View draws title, filter and table.
func (l *list[T]) View(focused bool) string {
	if l.height < 1 {
		return ""
	}
	l.rule.Focused = focused
	l.table.SetFocused(focused)
	rule, empty, begin := l.rule, l.empty, l.begin
	if len(l.rows.items) == 0 && l.Snap.Taken.IsZero() { // before the first picture nothing is known
		rule.Note, rule.Badges, empty, begin = "", nil, "nothing is known yet", nil
	}
	parts := []string{rule.View(l.Theme, l.width)}
	if l.query.Shown() {
		parts = append(parts, l.query.View(l.Theme, l.width, len(l.rows.shown), len(l.rows.items)))
	}
	body := l.height - len(parts)
	switch {
	case body < 1:
	case len(l.rows.items) == 0:
		parts = append(parts, widget.Empty(l.Theme, l.width, body, empty, begin...))
	case len(l.rows.shown) == 0:
		parts = append(parts, widget.Empty(l.Theme, l.width, body, first(l.none, "nothing matches the filter"),
			widget.T(themes.Accent, "esc"), widget.T(themes.Muted, " clears it")))
	default:
		parts = append(parts, l.table.View(l.Theme))
	}
	return widget.Stack(parts...)
}
