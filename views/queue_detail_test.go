package views

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

// inside is a Queues screen whose answers the test gives.
func inside(t testing.TB, queues ...watch.Queue) *Queues {
	s := plainStage(t)
	s.Snap = picture(queues...)
	q := NewQueues(s)
	q.SetSize(160, 30)
	return q
}

func valueAt(i int64) engine.Value {
	p := packet.New("worker_1", packet.MustValue(fmt.Sprintf(`{"primitive":"matrix.route","n":%d}`, i)))
	return engine.Value{Label: fmt.Sprint(i), Item: dispatch.Item{Packet: p, Raw: []byte(fmt.Sprintf("value %d", i))}}
}

// answer is what Redis would say to the question asked last.
func (q *Queues) answer(number int) windowMsg {
	d := q.values
	w := windowMsg{key: d.queue.Key, from: d.from, number: number}
	for i := d.from; i < min(d.from+engine.MaxWindow, d.queue.Depth); i++ {
		w.values = append(w.values, valueAt(i))
	}
	return w
}

func (q *Queues) label() string {
	if v := q.values.selected(); v != nil {
		return v.Label
	}
	return ""
}

func TestAWindowIsAskedForOncePerChange(t *testing.T) {
	q := inside(t, queueOf("queue:a", 10), queueOf("queue:b", 0))
	if q.Refresh() == nil {
		t.Fatal("nothing is asked")
	}
	if view := plain(q.View(true)); !strings.Contains(view, "being read") {
		t.Errorf("before the answer it says\n%s", view)
	}
	for range 5 {
		if q.Refresh() != nil {
			t.Fatal("the same is asked again")
		}
	}
	if q.Update(q.answer(1)); q.Refresh() != nil || q.label() != "0" {
		t.Errorf("the answer leads to another question, or is not shown: %q", q.label())
	}
	asked := func(change func(*watch.Queue, *watch.Snapshot)) bool {
		next := *q.Snap
		next.Queues = append([]watch.Queue(nil), q.Snap.Queues...)
		change(&next.Queues[0], &next)
		q.Snap = &next
		return q.Refresh() != nil
	}
	if !asked(func(v *watch.Queue, _ *watch.Snapshot) { v.Depth = 11 }) || !asked(func(v *watch.Queue, _ *watch.Snapshot) { v.Changed = noon.Add(time.Second) }) {
		t.Error("a change is not asked about")
	}
	if asked(func(v *watch.Queue, _ *watch.Snapshot) { v.Net = 3 }) {
		t.Error("a rate is asked about")
	}
	if asked(func(v *watch.Queue, s *watch.Snapshot) { v.Depth, s.Link.State = 99, watch.Away }) {
		t.Error("it is asked while Redis is away")
	}
	if !asked(func(v *watch.Queue, s *watch.Snapshot) {
		s.Link = watch.Link{State: watch.Live, Since: noon.Add(time.Minute)}
	}) {
		t.Error("it is not asked when Redis is back")
	}
	do(t, q, "list.down")
	if view := plain(q.View(true)); !strings.Contains(view, "queue:b  ") || !strings.Contains(view, "nothing is inside") {
		t.Errorf("an empty queue shows\n%s", view)
	}
}

func TestAQuestionThatFailedIsAskedAgainWhenRedisIsBack(t *testing.T) {
	q := inside(t, queueOf("queue:a", 10))
	q.Refresh()
	q.Update(windowMsg{key: "queue:a", number: 1, err: errors.New("connection refused")})
	if view := plain(q.View(true)); !strings.Contains(view, "connection refused") {
		t.Errorf("the error is not told:\n%s", view)
	}
	back := *q.Snap
	back.Link.Since = noon.Add(time.Minute)
	q.Snap = &back
	if q.Refresh() == nil {
		t.Error("nothing is asked, and the error would stay for ever")
	}
	if q.Update(q.answer(2)); q.label() != "0" {
		t.Error("the answer is not shown")
	}
}

func TestStaleAnswersAreIgnored(t *testing.T) {
	q := inside(t, queueOf("queue:a", 10), queueOf("queue:b", 5))
	q.Refresh()
	first := q.answer(1)
	do(t, q, "list.down")
	if q.Update(first); q.label() != "" {
		t.Error("the values of one queue are shown in another")
	}
	second := q.answer(2)
	next := *q.Snap
	next.Queues = []watch.Queue{queueOf("queue:a", 10), queueOf("queue:b", 3)}
	q.Snap = &next
	q.Refresh()
	third := q.answer(3)
	q.Update(third)
	if q.Update(second); len(q.values.rows.items) != 3 {
		t.Error("an answer that came late replaces a newer one")
	}
	old := third
	old.from, old.values = 100, nil
	if q.Update(old); len(q.values.rows.items) != 3 {
		t.Error("an answer about another window is taken")
	}
}

func TestTheSelectedValueIsFollowedWhenOthersAreTakenBeforeIt(t *testing.T) {
	q := inside(t, queueOf("queue:a", 10))
	q.Refresh()
	q.Update(q.answer(1))
	do(t, q, "list.open", "list.down", "list.down", "list.down")
	w := q.answer(2)
	for range 2 { // two were taken at the head
		w.values = w.values[1:]
	}
	for i := range w.values {
		w.values[i].Label = fmt.Sprint(i)
	}
	q.Update(w)
	if got := string(q.values.selected().Raw); got != "value 3" || q.label() != "1" {
		t.Errorf("selected is %s at %s", got, q.label())
	}
}

func TestAValueIsOpenedScrolledAndLeft(t *testing.T) {
	q := inside(t, queueOf("queue:a", 2))
	q.Refresh()
	w := q.answer(1)
	w.values[0].Packet.Contents = packet.MustValue(`{"list":[` + strings.Repeat("0,", 80) + `"LAST"]}`)
	q.Update(w)
	if q.State("queues.raw").Enabled != true {
		t.Error("the bytes of a value cannot be shown from the list")
	}
	do(t, q, "list.open", "list.open", "list.end")
	if view := plain(q.View(true)); !strings.Contains(view, "LAST") || q.label() != "0" {
		t.Errorf("the value does not scroll:\n%s", view)
	}
	do(t, q, "queues.raw")
	if view := plain(q.View(true)); !strings.Contains(view, "00000000  76 61 6c 75") {
		t.Errorf("no bytes:\n%s", view)
	}
	do(t, q, "queues.raw", "list.back", "list.down")
	if q.label() != "1" || !q.inside {
		t.Error("esc does not go back to the values")
	}
	do(t, q, "list.back")
	if q.inside {
		t.Error("esc does not go back to the queues")
	}
	cmd, _ := q.Do("queues.compose")
	if got := told[Go](t, cmd); got != (Go{"screen.compose", "queue:a"}) {
		t.Errorf("c goes to %+v", got)
	}
}

func TestValuesOfEveryKindAreTold(t *testing.T) {
	q := inside(t, queueOf("queue:a", 4))
	q.Refresh()
	expired, faulty := valueAt(0), valueAt(1)
	expired.Expired = true
	faulty.Faults = []packet.Fault{{Field: "ttl_seconds", Value: "0", Expected: "more"}}
	task := engine.Value{Label: "p5", Record: packet.MustValue(`{"task_id":"task_1","type":"search","posted_by":"boss","posted_at":"2026-03-01T11:59:00Z"}`)}
	bad := engine.Value{Label: "3", Item: dispatch.Item{Raw: []byte("\x1b[2Jbytes"), Invalid: &packet.NotPacketError{Reason: "no JSON"}}}
	q.Update(windowMsg{key: "queue:a", number: 1, values: []engine.Value{expired, faulty, task, bad}})
	do(t, q, "list.open")
	for _, want := range []string{"past its TTL", "ttl_seconds: 0, expected more", "task_1", "no JSON"} {
		if view := plain(q.View(true)); !strings.Contains(view, want) || strings.Contains(view, "\x1b") {
			t.Errorf("%q is not told:\n%s", want, view)
		}
		do(t, q, "list.down")
	}
}

func TestAFilterLooksIntoTheValues(t *testing.T) {
	q := inside(t, queueOf("queue:a", 30))
	q.Refresh()
	q.Update(q.answer(1))
	do(t, q, "list.open", "list.filter")
	typed(q, "value 2")
	if got := len(q.values.rows.shown); got != 12 {
		t.Errorf("%d values match", got)
	}
	q.Update(key(tea.KeyEnter))
	do(t, q, "list.end", "list.down")
	if q.label() != "29" || q.values.here != 0 {
		t.Errorf("selected is %s", q.label())
	}
}
