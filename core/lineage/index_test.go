package lineage

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// pages is a ledger in memory: record n stands at n-1; nil is a hole.
type pages struct {
	Log
	list  []*ledger.Record
	first int64 // records before it were trimmed
	read  int
}

func (p *pages) Read(_ context.Context, from int64, each func(ledger.Record) bool) error {
	last := int64(0)
	for i := max(from, p.first, 1) - 1; i < int64(len(p.list)); i++ {
		r := p.list[i]
		if r == nil {
			continue
		}
		if last != 0 && r.Position != last+1 {
			return fmt.Errorf("%w: a hole", ledger.ErrDamaged)
		}
		last = r.Position
		p.read++
		if !each(*r) {
			return nil
		}
	}
	return nil
}

func (p *pages) ReadBack(_ context.Context, from int64, each func(ledger.Record) bool) error {
	if from == 0 {
		from = int64(len(p.list))
	}
	for i := from - 1; i >= max(p.first, 1)-1; i-- {
		if p.list[i] == nil {
			continue
		}
		p.read++
		if !each(*p.list[i]) {
			return nil
		}
	}
	return nil
}

// write adds a record of name and value pairs.
func (p *pages) write(pairs ...string) int64 {
	r := &ledger.Record{Position: int64(len(p.list) + 1)}
	for i := 0; i < len(pairs); i += 2 {
		r.Fields = append(r.Fields, ledger.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	p.list = append(p.list, r)
	return r.Position
}

func number(n int) ledger.ID {
	var id ledger.ID
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func digits(n int) string { return fmt.Sprintf("%064x", n) }

// dispatched and taken write records of one packet alone, and of several.
func (p *pages) dispatched(n int) {
	p.write("event", "dispatched", "tracking_id", number(n).String(), "key", "queue:a", "operation", "rpush",
		"packet_digest", digits(n), "expires_at", strconv.Itoa(1_700_000_000_000+n), "ts", "1700000000000")
}

func (p *pages) collected(list ...int) {
	packed := ""
	for _, n := range list {
		id := number(n)
		packed += string(id[:])
	}
	p.write("event", "collected", "ids", packed, "count", strconv.Itoa(len(list)), "others", "0", "key", "queue:a", "operation", "lpop", "ts", "1700000000001")
}

func always() bool { return true }

// read makes an index of all that pages hold, in either direction.
func read(t *testing.T, p *pages, most int, back bool) *Index {
	t.Helper()
	x := NewIndex(p)
	x.most = most
	if !back {
		p.first = 1
		whole := p.list
		p.list = whole[:1]
		if _, err := x.Forward(t.Context(), 0, nil); err != nil {
			t.Fatal(err)
		}
		p.list = whole
	}
	if caughtUp, err := x.Forward(t.Context(), 0, nil); err != nil || !caughtUp {
		t.Fatal(caughtUp, err)
	}
	if err := x.Back(t.Context(), always, nil); err != nil || !x.Ended() {
		t.Fatal(x.Ended(), err)
	}
	return x
}

func TestTheIndexTellsTheSameWhicheverWayItGrew(t *testing.T) {
	p := &pages{}
	for n := range 40 {
		p.dispatched(n)
	}
	p.collected(0, 1, 2)
	p.write("event", "held", "tracking_id", number(50).String(), "key", "queue:b", "operation", "rpush", "packet_digest", digits(7))
	p.write("event", "approved", "tracking_id", number(50).String(), "key", "queue:b", "operation", "rpush", "packet_digest", digits(8))
	p.write("event", "discarded", "tracking_id", number(50).String(), "key", "carcel:bin:x", "packet_digest", digits(9))
	p.write("event", "released", "tracking_id", number(60).String(), "became", number(61).String(), "key", "queue:c", "operation", "lpush", "packet_digest", digits(10))
	for _, back := range []bool{false, true} {
		x := read(t, p, MaxIndexed, back)
		if x.From() != 1 || x.To() != int64(len(p.list)) || !x.Whole() {
			t.Fatalf("from %d to %d", x.From(), x.To())
		}
		k, ok := x.Find(number(1))
		if !ok || k.Last.Event != ledger.Collected || k.Sent.Position != 2 || k.State.Position != 2 || k.Out != 0 || k.Live() {
			t.Errorf("collected: %+v", k)
		}
		k, _ = x.Find(number(9))
		if !k.Live() || k.Sent.Key != "queue:a" || k.Sent.Operation != "rpush" || hex.EncodeToString(k.State.Digest[:]) != digits(9) || k.Sent.Expires.UnixMilli() != 1_700_000_000_009 || k.State.Batch {
			t.Errorf("live: %+v", k)
		}
		k, _ = x.Find(number(50))
		if k.Last.Event != ledger.Discarded || k.State.Event != ledger.Held || hex.EncodeToString(k.State.Digest[:]) != digits(7) || k.Sent.Position != 0 {
			t.Errorf("discarded: %+v", k)
		}
		old, _ := x.Find(number(60))
		if k, _ = x.Find(number(61)); !old.Became() || old.State.Position != 0 || k.Became() || !k.Live() || k.State.Digest == nil {
			t.Errorf("renamed: %+v, %+v", old, k)
		}
		if _, ok := x.Find(number(999)); ok {
			t.Error("it knows what nobody wrote")
		}
	}
}

func TestEachRecordIsReadOnce(t *testing.T) {
	p := &pages{}
	for n := range 100 {
		p.dispatched(n)
	}
	x := NewIndex(p)
	for _, want := range []int{90, 95, 40, 41} { // each is looked for as a reader of verdicts would
		err := x.Back(t.Context(), func() bool { _, ok := x.Find(number(want)); return !ok }, nil)
		if _, ok := x.Find(number(want)); err != nil || !ok {
			t.Fatal(want, err)
		}
	}
	if p.read != 60 || x.From() != 41 || x.Ended() {
		t.Errorf("%d records were read, back to %d", p.read, x.From())
	}
}

func TestAnIndexOfATrimmedLedgerIsNotWhole(t *testing.T) {
	p := &pages{first: 31}
	for n := range 40 {
		p.dispatched(n)
	}
	if x := read(t, p, MaxIndexed, true); x.From() != 31 || x.Whole() {
		t.Errorf("from %d", x.From())
	}
}

func TestBehindAHoleTheIndexBeginsAnew(t *testing.T) {
	p := &pages{}
	for n := range 10 {
		p.dispatched(n)
	}
	x := read(t, p, MaxIndexed, true)
	for n := 10; n < 20; n++ {
		p.dispatched(n)
	}
	p.list[14] = nil
	if caughtUp, err := x.Forward(t.Context(), 0, nil); err != nil || !caughtUp {
		t.Fatal(caughtUp, err)
	}
	if _, ok := x.Find(number(3)); ok || x.From() != 16 || x.To() != 20 || x.Whole() {
		t.Errorf("from %d to %d", x.From(), x.To())
	}
	p.list[18] = nil
	if x := read(t, p, MaxIndexed, true); x.From() != 20 || x.Whole() {
		t.Errorf("backwards: from %d", x.From())
	}
}

func TestWhatIsOldLeavesTheIndex(t *testing.T) {
	for _, back := range []bool{false, true} {
		p := &pages{}
		for n := range 1000 {
			p.dispatched(n)
			if n >= 10 {
				p.collected(n - 10)
			}
		}
		x := read(t, p, 200, back)
		if n := x.Len(); n > 220 || x.From() < 1700 || x.Whole() {
			t.Errorf("%d packets from record %d on", n, x.From())
		}
		if k, ok := x.Find(number(995)); !ok || !k.Live() {
			t.Errorf("%+v", k)
		}
		seen := map[ledger.ID]bool{}
		x.Each(func(id ledger.ID, k *Known) {
			if seen[id] || k.Last.Position == 0 {
				t.Errorf("%s: %+v", id, k)
			}
			seen[id] = true
		})
	}
}

// TestAMillionPacketsFitIntoMemory is about the largest an index becomes:
// packets that were sent alone. It fills one of the two halves.
func TestAMillionPacketsFitIntoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes half a million records")
	}
	x := NewIndex(nil)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	p := &pages{}
	p.dispatched(0)
	x.newer = newHalf(1)
	for n := range MaxIndexed / 2 {
		id := number(n)
		p.list[0].Position, p.list[0].Fields[1].Value, p.list[0].Fields[4].Value = int64(n+1), id.String(), digits(n)
		x.add(p.list[0])
	}
	size := 2 * (heap() - before)
	t.Logf("%d packets take %d MB", 2*x.Len(), size>>20)
	if size > 150<<20 || x.Len() != MaxIndexed/2 || !x.full(x.newer) {
		t.Errorf("%d packets take %d MB", 2*x.Len(), size>>20)
	}
	runtime.KeepAlive(x)
}

func BenchmarkIndexAdd(b *testing.B) {
	p := &pages{}
	p.dispatched(0)
	x := NewIndex(nil)
	x.newer = newHalf(1)
	for n := 0; b.Loop(); n++ {
		id := number(n)
		p.list[0].Position, p.list[0].Fields[1].Value = int64(n+1), id.String()
		x.add(p.list[0])
	}
}

func BenchmarkIndexEach(b *testing.B) {
	p := &pages{}
	p.dispatched(0)
	x := NewIndex(nil)
	x.newer = newHalf(1)
	for n := range 100_000 {
		id := number(n)
		p.list[0].Position, p.list[0].Fields[1].Value = int64(n+1), id.String()
		x.add(p.list[0])
	}
	live := 0
	for b.Loop() {
		x.Each(func(_ ledger.ID, k *Known) {
			if k.Live() {
				live++
			}
		})
	}
}
