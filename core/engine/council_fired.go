package engine

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
)

const (
	// firedCell is what one cell of the counts of fired rules covers.
	firedCell = 10 * time.Minute
	// FiredHours are the hours of the day that Fired tells of.
	FiredHours   = 24
	cellsPerHour = int(time.Hour / firedCell)
	firedCells   = FiredHours * cellsPerHour

	// A cell holds a name for each rule, and one for each primitive and
	// vertical without a route: those others choose, so there may be any
	// number.
	namesAtOnce = 1000
	nameRounds  = 2
)

// Fired is how often each rule fired within the last day. It is counted in
// cells of ten minutes: an hour is the cell that runs and the five before it,
// so 50 to 60 minutes; the day is the cell that runs and the 143 before it.
type Fired struct {
	At        time.Time // when it was read
	HourSince time.Time // where the last hour begins
	DaySince  time.Time // where the day begins

	Rules   []Tally // most often within the day first
	NoRoute []Tally // by "primitive/vertical": what no route fits
	Errors  Tally   // the council could not judge
	Partial bool    // a cell held more names than are read
}

// Tally counts one name.
type Tally struct {
	Name  string // "guardian/rule", or "primitive/vertical" where a route is missing
	Hour  int64
	Day   int64
	Hours [FiredHours]float64 // the day, an hour each; the last is Hour
	// Share is the part, of all that was counted within the day and kept a
	// packet from going, from 0 to 1. What only advises has none.
	Share float64
}

// Rule is the tally of a rule, zero when it did not fire.
func (f Fired) Rule(guardian, rule string) Tally {
	name := guardian + "/" + rule
	for _, t := range f.Rules {
		if t.Name == name {
			return t
		}
	}
	return Tally{Name: name}
}

const (
	noRoute = "no route/"
	failed  = "error"
)

// RulesFired counts how often each rule fired. It is one round trip, unless
// somebody filled the counts with thousands of names.
func (e *Engine) RulesFired(ctx context.Context) (Fired, error) {
	return e.rulesFired(ctx, time.Now())
}

func (e *Engine) rulesFired(ctx context.Context, now time.Time) (Fired, error) {
	newest := now.Unix() / int64(firedCell/time.Second)
	start := func(cells int) time.Time {
		return time.Unix((newest-int64(cells)+1)*int64(firedCell/time.Second), 0)
	}
	f := Fired{At: now, HourSince: start(cellsPerHour), DaySince: start(firedCells)}
	counts := map[string]*Tally{}
	cursors := make([]uint64, firedCells)
	for round := 0; ; round++ {
		if round == nameRounds {
			f.Partial = true
			break
		}
		open, err := e.firedRound(ctx, newest, cursors, round == 0, counts)
		if err != nil {
			return Fired{}, err
		}
		if !open {
			break
		}
	}
	f.sort(counts, advisory(e.Sitting().Policy))
	return f, nil
}

// firedRound reads the cells that are not read to their end, all at once. Cell
// 0 of cursors is the newest. It reports whether any has more.
func (e *Engine) firedRound(ctx context.Context, newest int64, cursors []uint64, first bool, counts map[string]*Tally) (open bool, err error) {
	answers := make([]*redis.ScanCmd, len(cursors))
	err = e.store.Read(ctx, func(p redis.Pipeliner) {
		for i, cursor := range cursors {
			if first || cursor != 0 {
				answers[i] = p.HScan(ctx, keyspace.Main.Fired(newest-int64(i)), cursor, "", namesAtOnce)
			}
		}
	})
	if err != nil {
		return false, err
	}
	for i, a := range answers {
		if a == nil {
			continue
		}
		names, cursor, err := a.Result()
		if err != nil {
			return false, e.store.Explain("hscan", keyspace.Main.Fired(newest-int64(i)), err)
		}
		for j := 0; j+1 < len(names); j += 2 {
			count(counts, names[j], names[j+1], i)
		}
		cursors[i] = cursor
		open = open || cursor != 0
	}
	return open, nil
}

// count adds what one cell, so many before the newest, has of a name.
func count(counts map[string]*Tally, name, number string, cell int) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 {
		return // not of our making
	}
	t := counts[name]
	if t == nil {
		t = &Tally{Name: name}
		counts[name] = t
	}
	hour := cell / cellsPerHour
	t.Hours[FiredHours-1-hour] += float64(n)
	t.Day += n
	if hour == 0 {
		t.Hour += n
	}
}

// sort puts the counts where they belong, and works out the shares.
func (f *Fired) sort(counts map[string]*Tally, advisory map[string]bool) {
	total := int64(0)
	for name, t := range counts {
		if !advisory[name] {
			total += t.Day
		}
	}
	for name, t := range counts {
		if !advisory[name] {
			t.Share = float64(t.Day) / float64(total)
		}
		action, missing := strings.CutPrefix(name, noRoute)
		switch {
		case name == failed:
			f.Errors = *t
		case missing:
			t.Name = action
			f.NoRoute = append(f.NoRoute, *t)
		default:
			f.Rules = append(f.Rules, *t)
		}
	}
	oftenFirst := func(a, b Tally) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Name, b.Name))
	}
	slices.SortFunc(f.Rules, oftenFirst)
	slices.SortFunc(f.NoRoute, oftenFirst)
}

// advisory are the rules of a policy that only advise.
func advisory(p *governance.Policy) map[string]bool {
	names := map[string]bool{}
	if p == nil {
		return names
	}
	for _, g := range p.Guardians() {
		for _, r := range g.Rules {
			if r.Advisory {
				names[g.Name+"/"+r.Name] = true
			}
		}
	}
	return names
}
