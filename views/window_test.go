package views

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/engine"
)

// long is a queue of 100,000 of which the first window was read.
func long(t testing.TB) *Queues {
	q := inside(t, queueOf("queue:a", 100_000))
	q.Refresh()
	q.Update(q.answer(1))
	do(t, q, "list.open")
	return q
}

func TestTheWindowMovesAtItsEdges(t *testing.T) {
	q := long(t)
	settle := func() {
		q.Update(q.answer(q.values.number))
		if q.Refresh() != nil {
			t.Fatal("after turning the window the same is asked twice")
		}
	}
	at := func(want int64) {
		t.Helper()
		if q.label() != fmt.Sprint(want) {
			t.Fatalf("selected is %s, not %d", q.label(), want)
		}
		if rows := len(q.values.rows.items); rows != engine.MaxWindow {
			t.Fatalf("the window has %d values", rows)
		}
	}
	for i := range int64(1000) {
		at(i)
		before := q.values.number
		do(t, q, "list.down")
		if q.values.number != before {
			settle()
		}
	}
	for i := int64(1000); i > 700; i-- {
		at(i)
		before := q.values.number
		do(t, q, "list.up")
		if q.values.number != before {
			settle()
		}
	}
	do(t, q, "list.end")
	settle()
	at(99_999)
	do(t, q, "list.down")
	at(99_999)
	do(t, q, "list.home")
	settle()
	at(0)
	do(t, q, "list.up")
	at(0)
	asked := q.values.number
	for i := range 30 {
		do(t, q, "list.pagedown")
		if q.values.number != asked {
			asked = q.values.number
			settle()
		}
		if i > 20 && q.values.here == 0 {
			t.Fatal("page down does not leave the first window")
		}
	}
}

// TestAKeyHeldDownIsNotLostWhileAnswersAreSlow presses keys without waiting
// for any window: at the last the selection is where the keys lead.
func TestAKeyHeldDownIsNotLostWhileAnswersAreSlow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := long(t)
		want := int64(0)
		page := int64(q.values.table.Page())
		for range rapid.IntRange(1, 150).Draw(rt, "keys") {
			id := rapid.SampledFrom([]string{"list.down", "list.down", "list.pagedown", "list.pagedown", "list.up", "list.pageup", "list.end", "list.home"}).Draw(rt, "key")
			step := map[string]int64{"list.down": 1, "list.up": -1, "list.pagedown": page, "list.pageup": -page, "list.end": 100_000, "list.home": -100_000}[id]
			want = min(max(want+step, 0), 99_999)
			do(t, q, id)
			if rapid.IntRange(0, 9).Draw(rt, "answer") == 0 {
				q.Update(q.answer(q.values.number))
			}
		}
		q.Update(q.answer(q.values.number))
		if q.label() != fmt.Sprint(want) {
			rt.Fatalf("selected is %s, not %d", q.label(), want)
		}
	})
}

func TestAWindowBehindTheEndOfAQueueThatShrankIsReadAnew(t *testing.T) {
	q := long(t)
	do(t, q, "list.end")
	q.Update(q.answer(q.values.number))
	q.Snap = picture(queueOf("queue:a", 30))
	if q.Refresh() == nil {
		t.Fatal("nothing is asked")
	}
	q.Update(q.answer(q.values.number))
	if len(q.values.rows.items) != 30 || q.values.here != 0 {
		t.Errorf("%d values from %d on", len(q.values.rows.items), q.values.here)
	}
}
