package views

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/keymap"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// How often the counts are read while the screen is in sight: when the ledger
// has moved, and in any case.
const (
	countsAfter  = 10 * time.Second
	countsAtLast = time.Minute
)

// mostStrays is how many actions without a route are listed, the most frequent
// first: others choose their names, so there may be any number.
const mostStrays = 200

// ruleKind says what a row of the council is about.
type ruleKind uint8

const (
	ruleInForce ruleKind = iota
	ruleGone             // it fired within the day, but is in the policy no more
	notJudged            // the council could not judge
	noRoute              // no route fits
	routeInForce
)

// ruleRow is a row of the council: a rule, a route, or what lacks one.
type ruleRow struct {
	kind     ruleKind
	guardian string // or what stands for it
	name     string
	rule     governance.Rule
	route    governance.RouteRule
	tally    engine.Tally
}

// key is the row's identity: of a rule in force "guardian/rule".
func (r *ruleRow) key() string {
	if r.kind == ruleInForce {
		return r.guardian + "/" + r.name
	}
	return strconv.Itoa(int(r.kind)) + "/" + r.guardian + "/" + r.name
}

// dominates reports whether a rule holds so much of what is held that its
// threshold should be looked at.
func (r *ruleRow) dominates() bool { return r.tally.Share >= 0.4 && r.tally.Day >= 10 }

// RuleList shows the rules in force, by guardian, and how often each fired.
type RuleList struct {
	*list[ruleRow]
	since   atomic.Pointer[time.Time] // when the rules were put in force here
	sitting engine.Sitting
	fired   *engine.Fired // nil until it was read
	err     error
	drawn   ruleSource // what the rows were made of
	byCount bool
	whole   int // the height, of which the list has what the policy leaves

	asking    bool
	number    int       // of the last question
	asked     time.Time // and when it was asked,
	ledger    int64     // with the ledger at this position,
	linkSince time.Time // over this link
}

type ruleSource struct {
	revision string
	fired    *engine.Fired
	byCount  bool
}

// firedMsg is the answer to how often each rule fired.
type firedMsg struct {
	number int
	fired  engine.Fired
	err    error
}

// NewRuleList makes the pane.
func NewRuleList(s *Shared) *RuleList {
	p := &RuleList{list: newList[ruleRow](s, "Council", keymap.Council)}
	p.rows.key = (*ruleRow).key
	p.rows.text = func(r *ruleRow) string {
		return r.guardian + " " + r.name + " " + r.rule.When + " " + givesWord(r)
	}
	p.rows.draw = p.row
	p.table.SetColumns(
		widget.Column{Title: "guardian", Width: 11},
		widget.Column{Title: "rule", Width: 17, Flex: 2, Middle: true},
		widget.Column{Title: "gives", Width: 8, Drop: 3},
		widget.Column{Title: "hour", Width: widget.CountWidth, Right: true, Gap: 1},
		widget.Column{Title: "day", Width: widget.CountWidth, Right: true, Gap: 1},
		widget.Column{Title: "share", Width: 5, Right: true},
		widget.Column{Title: "when", Width: 30, Flex: 3, Drop: 4},
	)
	return p
}

// Refresh takes the policy in force, and asks for the counts when they may
// have changed.
func (p *RuleList) Refresh() tea.Cmd {
	p.sitting = p.Engine.Sitting()
	p.show()
	if !p.due() {
		return nil
	}
	return p.ask()
}

// due reports whether the counts should be read.
func (p *RuleList) due() bool {
	if p.asking || p.Away() || p.Snap.Link.State == watch.Connecting {
		return false
	}
	waited := p.Now.Sub(p.asked)
	switch {
	case p.asked.IsZero(), p.linkSince != p.Snap.Link.Since, waited >= countsAtLast:
		return true
	}
	return waited >= countsAfter && (p.err != nil || p.ledger != p.Snap.Ledger)
}

func (p *RuleList) ask() tea.Cmd {
	p.asking, p.asked, p.ledger, p.linkSince = true, p.Now, p.Snap.Ledger, p.Snap.Link.Since
	p.number++
	e, number := p.Engine, p.number
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		fired, err := e.RulesFired(ctx)
		return firedMsg{number, fired, err}
	}
}

// Update takes the counts.
func (p *RuleList) Update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(firedMsg)
	if !ok {
		return p.list.Update(msg)
	}
	if m.number != p.number {
		return nil
	}
	p.asking = false
	if p.err = m.err; m.err == nil {
		p.fired = &m.fired
	}
	p.show()
	return nil
}

// Do sorts, reads the counts again, or copies a rule's name.
func (p *RuleList) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "council.sort":
		p.byCount = !p.byCount
		p.show()
		return nil, true
	case "council.read":
		return p.ask(), true
	case "list.copy":
		if r := p.selected(); r != nil {
			return send(Copy{"the rule", first(r.rule.When, r.key())}), true
		}
	}
	return p.list.Do(id)
}

// State: an empty council has nothing to sort.
func (p *RuleList) State(id string) keymap.State {
	if id == "council.sort" && len(p.rows.items) == 0 {
		return keymap.Off("no rule is in force")
	}
	return p.list.State(id)
}

// show makes the rows anew when what they are made of has changed.
func (p *RuleList) show() {
	p.empty = "no guardian sits: every valid packet is approved, and recorded so"
	p.begin = []widget.Span{widget.T(themes.Muted, "start with "), widget.T(themes.Fg, "--policy default"), widget.T(themes.Muted, " to seat one")}
	p.rule.Note = p.sitting.Revision
	p.rule.Badges = p.badges()
	p.fit()
	source := ruleSource{p.sitting.Revision, p.fired, p.byCount}
	if source == p.drawn {
		return
	}
	p.drawn = source
	p.set(p.items())
}

func (p *RuleList) badges() [][]widget.Span {
	var out [][]widget.Span
	if p.sitting.Trouble != nil {
		out = append(out, []widget.Span{widget.State(p.Theme, themes.GlyphError), widget.B(themes.Bad, " newest file not in force")})
	}
	if p.fired != nil {
		out = append(out, badges(p.Theme,
			badge{themes.GlyphError, themes.Fg, int(p.fired.Errors.Hour), "not judged"},
			badge{themes.GlyphError, themes.Muted, len(p.fired.NoRoute), "without a route"})...)
	}
	if p.byCount {
		out = append(out, []widget.Span{widget.T(themes.Muted, "most fired first")})
	}
	return out
}

// items are all rows: the rules in the order of the policy, then what fired
// and is in no policy now, what lacks a route, and the routes.
func (p *RuleList) items() []ruleRow {
	var fired engine.Fired
	if p.fired != nil {
		fired = *p.fired
	}
	var rows []ruleRow
	known := map[string]bool{}
	policy := p.sitting.Policy
	if policy != nil {
		for _, g := range policy.Guardians() {
			for _, r := range g.Rules {
				row := ruleRow{guardian: g.Name, name: r.Name, rule: r, tally: fired.Rule(g.Name, r.Name)}
				known[row.key()] = true
				rows = append(rows, row)
			}
		}
	}
	for _, t := range fired.Rules {
		if !known[t.Name] {
			guardian, name, _ := strings.Cut(t.Name, "/")
			rows = append(rows, ruleRow{kind: ruleGone, guardian: guardian, name: name, tally: t})
		}
	}
	if fired.Errors.Day > 0 {
		rows = append(rows, ruleRow{kind: notJudged, guardian: "council", name: "could not judge", tally: fired.Errors})
	}
	for _, t := range fired.NoRoute[:min(len(fired.NoRoute), mostStrays)] {
		primitive, vertical, _ := strings.Cut(t.Name, "/")
		rows = append(rows, ruleRow{kind: noRoute, guardian: "no route", name: primitive + " in " + vertical, tally: t})
	}
	if policy != nil {
		for _, r := range policy.Routes() {
			rows = append(rows, ruleRow{kind: routeInForce, guardian: r.Primitive, name: routeName(r), route: r})
		}
	}
	if p.byCount {
		slices.SortStableFunc(rows, func(a, b ruleRow) int {
			return cmp.Or(cmp.Compare(b.tally.Day, a.tally.Day), cmp.Compare(b.tally.Hour, a.tally.Hour))
		})
	}
	return rows
}

// routeName is where a route goes, and from where if not from everywhere.
func routeName(r governance.RouteRule) string {
	if r.Vertical == "*" {
		return r.Route.Key
	}
	return r.Route.Key + " for " + r.Vertical
}
