package demo

import (
	"container/heap"
	"encoding/hex"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// A script is all that the swarm is going to do, as one endless sequence in
// the order of time. It follows from its seed alone: what Redis answers never
// changes what is intended next.
type script struct{ actors actorHeap }

// A step is one act with its time, counted from the beginning of the play.
type step struct {
	at   time.Duration
	who  string
	deed deed
}

// next is the step that comes next.
func (s *script) next() step {
	a := s.actors[0]
	one := a.pending[0]
	a.pending = a.pending[1:]
	a.fill()
	heap.Fix(&s.actors, 0)
	return one
}

// add takes an actor into the play. Of steps at the same time, those of the
// actor added first come first.
func (s *script) add(a *actor) {
	a.place = len(s.actors)
	a.fill()
	heap.Push(&s.actors, a)
}

// An actor makes its steps scene by scene.
type actor struct {
	name    string
	place   int
	clock   time.Duration // when its last step so far happens
	pending []step
	scene   func(*actor) // adds at least one step
	dice
}

func newActor(seed uint64, name string) *actor {
	return &actor{name: name, dice: newDice(seed, name)}
}

// after adds a step some time after the one before.
func (a *actor) after(wait time.Duration, d deed) {
	a.clock += wait
	a.pending = append(a.pending, step{a.clock, a.name, d})
}

func (a *actor) fill() {
	for len(a.pending) == 0 {
		a.scene(a)
	}
}

type actorHeap []*actor

func (h actorHeap) Len() int { return len(h) }
func (h actorHeap) Less(i, j int) bool {
	if x, y := h[i].pending[0].at, h[j].pending[0].at; x != y {
		return x < y
	}
	return h[i].place < h[j].place
}
func (h actorHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *actorHeap) Push(x any)   { *h = append(*h, x.(*actor)) }
func (h *actorHeap) Pop() any     { panic("an actor never leaves the play") }

// dice are an actor's own: what one does never shifts what another throws.
type dice struct{ *rand.Rand }

func newDice(seed uint64, name string) dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// between is a duration between two numbers of seconds.
func (d dice) between(low, high float64) time.Duration {
	return seconds(low + (high-low)*d.Float64())
}

// about is a whole number near a mean, so that it is right in the long run.
func (d dice) about(mean float64) int {
	mean *= 0.8 + 0.4*d.Float64()
	n := int(mean)
	if d.Float64() < mean-float64(n) {
		n++
	}
	return n
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

func (d dice) hex(digits int) string {
	b := d.bytes()
	return hex.EncodeToString(b[:])[:digits]
}

func (d dice) bytes() (b [16]byte) {
	for i := range b {
		b[i] = byte(d.Uint32())
	}
	return b
}

// trackingID is a UUIDv4 that the dice made.
func (d dice) trackingID() string {
	b := d.bytes()
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// text and number are members of an object.
func text(key, value string) packet.Member {
	return packet.Member{Key: key, Value: packet.StringOf(value)}
}

func number(key string, n int) packet.Member {
	return packet.Member{Key: key, Value: packet.IntOf(int64(n))}
}
