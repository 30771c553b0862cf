package carcel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// Spec says what to replay, and how.
type Spec struct {
	Filter Filter          `json:"filter"`
	Key    string          `json:"to,omitempty"`     // where to instead of where it was bound for
	Op     string          `json:"op,omitempty"`     // and how
	Edit   json.RawMessage `json:"edit,omitempty"`   // contents that take the place of those held; one entry only
	Rate   float64         `json:"rate,omitempty"`   // entries a second; 0: as fast as it goes
	Canary int             `json:"canary,omitempty"` // that many first, then a look whether they come back
	Why    string          `json:"why,omitempty"`
	By     string          `json:"by,omitempty"`
}

func (s Spec) to() dispatch.Destination {
	return dispatch.Destination{Key: s.Key, Operation: dispatch.Operation(s.Op)}
}

// contents are those of an edit, nil where there is none.
func (s Spec) contents() (*packet.Value, error) {
	if len(s.Edit) == 0 {
		return nil, nil
	}
	v, faults, err := packet.ParseValue(s.Edit)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: the edited contents are no JSON: %w", ErrSpec, err)
	case len(faults) > 0:
		return nil, &packet.ValidationError{Faults: faults}
	case v.Kind() != packet.Object:
		return nil, fmt.Errorf("%w: the edited contents are no JSON object", ErrSpec)
	}
	return &v, nil
}

// ErrSpec is what is wrong with a Spec before Redis is asked.
var ErrSpec = errors.New("invalid replay")

// Fate is what a replay would do with an entry.
type Fate string

// The fates of an entry.
const (
	WouldRelease Fate = "release"
	WouldHold    Fate = "hold"    // the policy in force does not approve it
	WouldSkip    Fate = "skip"    // replayed too often already, or a copy of what was released
	WouldFail    Fate = "invalid" // it cannot become a packet: no target, or not valid
)

// Planned is an entry with its fate.
type Planned struct {
	Entry    *Entry
	Fate     Fate
	Decision governance.Status // of the policy in force
	Reason   string            // why it would not be released
	Key      string
	Op       string
	Rated    bool // a rate has a say too, which only the release itself can know
}

// Plan is a dry run: what a replay would do now.
type Plan struct {
	Spec    Spec
	Policy  string
	Entries []Planned // oldest first
}

// Counts are the entries of each fate.
func (p Plan) Counts() map[Fate]int {
	counts := map[Fate]int{}
	for i := range p.Entries {
		counts[p.Entries[i].Fate]++
	}
	return counts
}

// Rated is how many of those that would be released fall under a rate, and may
// stay when their turn comes.
func (p Plan) Rated() int {
	n := 0
	for i := range p.Entries {
		if p.Entries[i].Fate == WouldRelease && p.Entries[i].Rated {
			n++
		}
	}
	return n
}

// Reasons are why entries would not be released, the most frequent first.
func (p Plan) Reasons() []Count {
	counts := map[string]int{}
	for i := range p.Entries {
		if p.Entries[i].Fate != WouldRelease {
			counts[p.Entries[i].Reason]++
		}
	}
	list := make([]Count, 0, len(counts))
	for name, n := range counts {
		list = append(list, Count{Name: name, N: n})
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].N > list[j].N || list[i].N == list[j].N && list[i].Name < list[j].Name
	})
	return list
}

// Plan is the dry run of a replay: it judges every entry that the filter takes
// under the policy in force, and changes nothing.
func (c *Carcel) Plan(ctx context.Context, s Spec) (Plan, error) {
	contents, err := s.contents()
	if err != nil {
		return Plan{}, err
	}
	if err := checkWhy(s.Why); err != nil {
		return Plan{}, err
	}
	if !(s.Rate >= 0) || math.IsInf(s.Rate, 0) || s.Canary < 0 {
		return Plan{}, fmt.Errorf("%w: rate and canary are numbers from 0 on", ErrSpec)
	}
	x := c.Index()
	if err := x.ReadAll(ctx); err != nil {
		return Plan{}, err
	}
	table := x.Table()
	chosen := table.Select(s.Filter, c.now())
	if contents != nil && len(chosen) != 1 {
		return Plan{}, fmt.Errorf("%w: an edit is for one entry, and %d are chosen", ErrSpec, len(chosen))
	}
	rules := c.council.InForce()
	plan := Plan{Spec: s, Policy: rules.Revision(), Entries: make([]Planned, 0, len(chosen))}
	err = c.bodies(ctx, placesOf(table), shas(chosen), func(e *Entry, h *Held, _ int64, rec filed) error {
		p := Planned{Entry: e, Fate: WouldSkip, Reason: "left the carcel meanwhile"}
		if h != nil {
			p = c.foresee(ctx, rules, h, rec, s, contents)
			p.Entry = e
		}
		plan.Entries = append(plan.Entries, p)
		return nil
	})
	return plan, err
}

func shas(entries []*Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.SHA
	}
	return list
}

// foresee judges an entry as its replay would.
func (c *Carcel) foresee(ctx context.Context, rules governance.Rules, h *Held, rec filed, s Spec, contents *packet.Value) Planned {
	p, f, _ := c.judge(ctx, rules, h, rec, s, contents)
	if p.Fate == WouldRelease {
		if _, err := c.free(h, contents, f.to, custody.Stamping{At: c.now(), Policy: rules.Revision()}, nil); err != nil {
			p.Fate, p.Reason = WouldFail, err.Error()
		}
	}
	return p
}

// judge tells an entry's fate, where it goes, and the verdict.
func (c *Carcel) judge(ctx context.Context, rules governance.Rules, h *Held, rec filed, s Spec, contents *packet.Value) (Planned, freed, governance.Verdict) {
	p := Planned{Fate: WouldFail}
	if h.Contents.Kind() != packet.Object && contents == nil {
		p.Reason = "it is no packet: " + faultsOf(h)
		return p, freed{}, governance.Verdict{}
	}
	if rec.released(h) {
		p.Fate, p.Reason = WouldSkip, ErrCopy.Error()
		return p, freed{}, governance.Verdict{}
	}
	if n := max(h.Replays, rec.replays()); n >= MaxReplays {
		p.Fate, p.Reason = WouldSkip, fmt.Sprintf("replay_count at its cap of %d", MaxReplays)
		return p, freed{}, governance.Verdict{}
	}
	to, err := target(h, s.to(), rules)
	if err != nil {
		p.Reason = err.Error()
		return p, freed{}, governance.Verdict{}
	}
	p.Key, p.Op = to.Key, string(to.Operation)
	judged := h.Packet
	if contents != nil {
		judged.Contents = *contents
	}
	action, err := governance.ActionOf(judged, to.Key, string(to.Operation))
	if err != nil {
		p.Reason = err.Error()
		return p, freed{}, governance.Verdict{}
	}
	v := governance.Verdict{Status: governance.Approved, Reason: "A task that names no primitive"}
	if to.Operation != dispatch.Task || swarm.NamesPrimitive(judged.Contents) {
		v = governance.Ask(ctx, rules, action)
	}
	p.Decision = v.Status
	if v.Status != governance.Approved {
		p.Fate, p.Reason = WouldHold, v.Reason
		return p, freed{to: to}, v
	}
	p.Fate, p.Rated = WouldRelease, v.Rate != nil
	return p, freed{to: to}, v
}

func faultsOf(h *Held) string {
	if len(h.Faults) == 0 {
		return "it has no contents"
	}
	return h.Faults[0].String()
}

// places tells where entries were seen, by SHA.
type places map[string]struct {
	entry *Entry
	slot  int64
}

func placesOf(t *Table) places {
	where := make(places, len(t.Entries))
	for i, e := range t.Entries { // of copies the oldest stays
		where[e.SHA] = struct {
			entry *Entry
			slot  int64
		}{e, t.place(i)}
	}
	return where
}

// bodyLot is how many entries are read in one round trip.
const bodyLot = 50

// bodies reads entries in full, with their decision records, and hands them
// to each in the order of the list given: nil where one is not there any more.
func (c *Carcel) bodies(ctx context.Context, where places, list []string, each func(*Entry, *Held, int64, filed) error) error {
	for len(list) > 0 {
		n := min(bodyLot, len(list))
		if err := c.someBodies(ctx, where, list[:n], each); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

func (c *Carcel) someBodies(ctx context.Context, where places, list []string, each func(*Entry, *Held, int64, filed) error) error {
	entries, slots := make([]*Entry, len(list)), make([]int64, len(list))
	raws, records := make([]*redis.StringCmd, len(list)), make([]*redis.StringCmd, len(list))
	key := c.space.DeadLetters()
	err := c.store.Read(ctx, func(p redis.Pipeliner) {
		for i, sha := range list {
			at, ok := where[sha]
			if !ok {
				continue
			}
			entries[i], slots[i], raws[i] = at.entry, at.slot, p.LIndex(ctx, key, at.slot)
			if id := at.entry.TrackingID; id != "" {
				records[i] = p.Get(ctx, c.space.Decision(id))
			}
		}
	})
	if err != nil {
		return err
	}
	for i, sha := range list {
		var h *Held
		var rec filed
		if raws[i] != nil {
			raw, err := raws[i].Result()
			if err == nil && SHA(raw) == sha {
				parsed := Parse(raw)
				h = &parsed
			} else if err != nil && !errors.Is(err, redis.Nil) {
				return c.store.Explain("carcel", key, err)
			} else if moved, slot, err := c.at(ctx, sha, slots[i]); err == nil {
				h, slots[i] = &moved, slot
			} else if !errors.As(err, new(*ErrNoEntry)) {
				return err
			}
		}
		if h != nil && records[i] != nil {
			rec = readRecord(records[i].Val())
		}
		if err := each(entries[i], h, slots[i], rec); err != nil {
			return err
		}
	}
	return nil
}

// pace tells when to make steps so that they happen at most rate times a second.
type pace struct {
	every time.Duration
	next  time.Time
}

// slowest is the longest time between two steps.
const slowest = 24 * time.Hour

func newPace(rate float64) *pace {
	if rate <= 0 {
		return &pace{}
	}
	return &pace{every: time.Duration(min(float64(time.Second)/rate, float64(slowest)))}
}

// turn is when the next step may be made.
func (p *pace) turn() time.Time {
	at := time.Now()
	if p.next.After(at) {
		at = p.next
	}
	p.next = at.Add(p.every)
	return at
}
