package carcel_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// place is where a packet is: exactly one at any time.
type place string

const (
	inQueue  place = "queue"
	inCarcel place = "carcel"
	inBin    place = "bin"
)

// fate is what the model knows of a packet.
type fate struct {
	place     place
	status    governance.Status
	primitive string
	approved  []string // persons
	appealed  string   // by whom
	brief     bool     // its wait ends soon
	asked     int      // the most persons that any decision on it asked for
}

// held is the packet again under another decision, which no approval is for.
func (f *fate) held(s governance.Status) fate {
	return fate{place: inCarcel, status: s, primitive: f.primitive, asked: max(f.asked, f.needed())}
}

// model says what must be true after any course of acts.
type model struct {
	packets map[string]*fate
	order   []string
	lenient bool
}

func (m *model) some(where place) []string {
	var ids []string
	for _, id := range m.order {
		if m.packets[id].place == where {
			ids = append(ids, id)
		}
	}
	return ids
}

// judged is what the test's rules say of a primitive.
func (m *model) judged(primitive string) governance.Status {
	switch primitive {
	case "two":
		return governance.CoSign
	case "one", "brief":
		return governance.Review
	case "never":
		return governance.Blocked
	case "later":
		if !m.lenient {
			return governance.Blocked
		}
	}
	return governance.Approved
}

func (f *fate) needed() int {
	switch f.status {
	case governance.Review:
		return max(1, f.asked)
	case governance.CoSign:
		return 2
	}
	return 0
}

// Whatever operators, consoles, policies and other programs do, every packet
// is in exactly one place, and none is released without a decision that allows
// it.
func TestNoCourseOfActsLosesDoublesOrFreesAPacket(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		h := open(t, url)
		rapid.Check(t, func(rt *rapid.T) {
			h.wipe()
			h.rules.lenient.Store(false)
			m := &model{packets: map[string]*fate{}}
			pick := func(t *rapid.T, where place) (string, *fate) {
				ids := m.some(where)
				if len(ids) == 0 {
					t.Skip()
				}
				id := rapid.SampledFrom(ids).Draw(t, "packet")
				return id, m.packets[id]
			}
			who := rapid.SampledFrom([]string{"ann", "bob", "bob2", "cy"})
			person := func(name string) string {
				return map[string]string{"ann": "ann", "bob": "bob", "bob2": "bob", "cy": "cy"}[name]
			}
			rt.Repeat(map[string]func(*rapid.T){
				"dispatch": func(t *rapid.T) {
					primitive := rapid.SampledFrom([]string{"one", "two", "never", "later", "fine"}).Draw(t, "primitive")
					id := h.send(primitive, "worker_1")
					f := &fate{place: inCarcel, status: m.judged(primitive), primitive: primitive}
					if f.status == governance.Approved {
						f.place = inQueue
					}
					m.packets[id], m.order = f, append(m.order, id)
				},
				"dispatch and let it expire": func(t *rapid.T) {
					id := h.send("brief", "worker_1")
					m.packets[id], m.order = &fate{place: inCarcel, status: governance.Review, primitive: "brief", brief: true}, append(m.order, id)
					time.Sleep(time.Until(h.record(id).Deadline()) + 2*time.Millisecond)
				},
				"push by others": func(t *rapid.T) {
					id := packet.NewTrackingID()
					status := rapid.SampledFrom([]governance.Status{governance.Blocked, governance.Review, governance.CoSign}).Draw(t, "status")
					h.raw.RPush(ctx, "carcel:dead_letters", fmt.Sprintf(
						`{"tracking_id": %q, "reason": "elsewhere", "decision": %q, "timestamp": "2025-12-02T14:35:18", "contents": {"primitive": "later"}, "key": "queue:q"}`, id, status))
					m.packets[id], m.order = &fate{place: inCarcel, status: status, primitive: "later"}, append(m.order, id)
				},
				"approve": func(t *rapid.T) {
					id, f := pick(t, inCarcel)
					name := who.Draw(t, "who")
					done, err := h.held.Approve(ctx, id, h.people[name], "")
					switch p := person(name); {
					case f.needed() == 0:
						wantErr(t, err, carcel.ErrNotWaiting)
					case p == f.appealed:
						wantErr(t, err, governance.ErrSelfApproval)
					case slices.Contains(f.approved, p):
						wantErr(t, err, governance.ErrApprovedTwice)
					case f.brief:
						wantErr(t, err, carcel.ErrTooLate)
					default:
						wantErr(t, err, nil)
						f.approved = append(f.approved, p)
						if len(f.approved) == f.needed() {
							f.place = inQueue
						}
						if (done.Status == "released") != (f.place == inQueue) {
							t.Fatalf("told %+v, model %+v", done, f)
						}
					}
				},
				"deny": func(t *rapid.T) {
					id, f := pick(t, inCarcel)
					_, err := h.held.Deny(ctx, id, h.people[who.Draw(t, "who")], "no")
					switch {
					case f.needed() == 0:
						wantErr(t, err, carcel.ErrNotWaiting)
					case f.brief:
						wantErr(t, err, carcel.ErrTooLate)
					default:
						wantErr(t, err, nil)
						*f = f.held(governance.Blocked)
					}
				},
				"appeal": func(t *rapid.T) {
					id, f := pick(t, inCarcel)
					by := h.people["ann"]
					_, err := h.held.Appeal(ctx, id, "", &by, "please")
					if f.needed() > 0 {
						if err == nil {
							t.Fatal("a waiting entry was appealed")
						}
						return
					}
					wantErr(t, err, nil)
					*f = f.held(governance.Review)
					f.appealed = "ann"
				},
				"sweep": func(t *rapid.T) {
					if _, err := h.held.Sweep(ctx); err != nil {
						t.Fatal(err)
					}
					for _, id := range m.some(inCarcel) {
						if f := m.packets[id]; f.brief {
							*f = f.held(governance.Blocked)
						}
					}
				},
				"replay": func(t *rapid.T) {
					ids := m.some(inCarcel)
					if len(ids) == 0 {
						t.Skip()
					}
					if rapid.Bool().Draw(t, "one") {
						ids = []string{rapid.SampledFrom(ids).Draw(t, "packet")}
					}
					plan, err := h.held.Plan(ctx, carcel.Spec{Filter: carcel.Filter{IDs: ids}})
					if err != nil {
						t.Fatal(err)
					}
					run, err := h.held.Begin(ctx, plan)
					if err == nil {
						run, err = h.held.Work(ctx, run.ID, nil)
					}
					if err != nil {
						t.Fatal(err)
					}
					freed := 0
					for _, id := range ids {
						if f := m.packets[id]; m.judged(f.primitive) == governance.Approved {
							f.place = inQueue
							freed++
						}
					}
					if run.Released != freed || run.Total != len(ids) || run.Left() != 0 {
						t.Fatalf("run %+v, model freed %d of %d", run, freed, len(ids))
					}
				},
				"discard": func(t *rapid.T) {
					id, f := pick(t, inCarcel)
					if _, err := h.held.Discard(ctx, id, "ann", ""); err != nil {
						t.Fatal(err)
					}
					f.place = inBin
				},
				"restore": func(t *rapid.T) {
					id, f := pick(t, inBin)
					if _, err := h.held.Restore(ctx, id, "ann", ""); err != nil {
						t.Fatal(err)
					}
					f.place = inCarcel
				},
				"change the policy": func(t *rapid.T) {
					m.lenient = !m.lenient
					h.rules.lenient.Store(m.lenient)
				},
				"compact": func(t *rapid.T) {
					if _, err := h.held.Compact(ctx); err != nil {
						t.Fatal(err)
					}
				},
				"": func(t *rapid.T) { m.check(t, h) },
			})
		})
	})
}

func wantErr(t *rapid.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Fatalf("error = %v, want %v", err, want)
	}
}

// check compares Redis with the model.
func (m *model) check(t *rapid.T, h *house) {
	t.Helper()
	places := map[string][]place{}
	for _, id := range h.queued("queue:q") {
		places[id] = append(places[id], inQueue)
	}
	waiting := map[string]bool{}
	for _, e := range h.inCarcel() {
		places[e.TrackingID] = append(places[e.TrackingID], inCarcel)
		f := m.packets[e.TrackingID]
		if f == nil || e.Decision != f.status || e.Waits() && e.Given != len(f.approved) {
			t.Fatalf("%s is %s with %d approvals, want %+v", e.TrackingID, e.Decision, e.Given, f)
		}
		if e.Waits() && e.Decided != "" {
			waiting[e.TrackingID] = true
		}
	}
	bin, err := h.held.Bin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bin {
		places[b.TrackingID] = append(places[b.TrackingID], inBin)
	}
	for id, f := range m.packets {
		if got := places[id]; len(got) != 1 || got[0] != f.place {
			t.Fatalf("%s (%+v) is in %v", id, *f, got)
		}
	}
	if len(places) != len(m.packets) {
		t.Fatalf("%d packets are somewhere, %d were made", len(places), len(m.packets))
	}
	for _, id := range h.raw.ZRange(ctx, keyspace.Main.Pending(), 0, -1).Val() {
		if !waiting[id] {
			t.Fatalf("%s waits for nobody and is listed as pending", id)
		}
		delete(waiting, id)
	}
	if len(waiting) > 0 {
		t.Fatalf("these wait and are not listed: %v", waiting)
	}
}
