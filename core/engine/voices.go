package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
)

// What one case reads of Redis at the most.
const (
	caseRecords  = 2_000   // newest records of the ledger,
	caseBytes    = 4 << 20 // and how large they may be in all
	caseQueues   = 4       // deepest queues whose packets are measured,
	casePackets  = 25      // from the head of each
	caseContexts = 32      // agents whose context's version is asked for
	caseReach    = 20_000  // records that are looked through for a packet
	// caseApart is how old the reading must be that Danny compares with.
	caseApart = 5 * time.Minute
	// heldLife is how long a decision on what was held stays after its end.
	heldLife = 30 * 24 * time.Hour
)

// Case gathers what the voices read of a subject: by the pictures that this
// engine keeps, and by bounded reads of Redis. What is not there is told in
// the case; errors are those of a Redis that does not answer.
func (e *Engine) Case(ctx context.Context, on voices.Subject) (voices.Case, error) {
	c := voices.Case{Subject: on, Now: time.Now(), Snap: e.watcher.Snapshot(), Ledger: e.ledger.State(), Picture: e.feed.Picture(), Policy: e.Policy(), Life: heldLife}
	var err error
	if c.Snap.Taken.IsZero() { // nobody watches: a command asks once
		if c.Snap, err = e.Look(ctx); err != nil {
			return c, err
		}
	}
	if c.Ledger.Looked.IsZero() {
		if c.Ledger, err = e.ledger.Look(ctx); err != nil && !errors.Is(err, ledger.ErrRefused) {
			return c, err
		}
	}
	if err := e.readMemory(ctx, &c); err != nil {
		return c, err
	}
	switch on.Kind {
	case voices.OfPacket, voices.OfDecision:
		err = e.packetCase(ctx, &c, on.ID)
	case voices.OfEntry:
		err = e.entryCase(ctx, &c)
	case voices.OfTask:
		err = e.taskCase(ctx, &c)
	default:
		err = e.swarmCase(ctx, &c)
	}
	return c, err
}

// Readings are the four readings of a subject.
func (e *Engine) Readings(ctx context.Context, on voices.Subject) ([len(voices.Voices)]voices.Reading, error) {
	c, err := e.Case(ctx, on)
	if err != nil {
		return [len(voices.Voices)]voices.Reading{}, err
	}
	return voices.Read(c), nil
}

func (e *Engine) packetCase(ctx context.Context, c *voices.Case, id string) error {
	r, err := e.Trace(ctx, id, caseReach)
	if errors.Is(err, lineage.ErrNotFound) {
		c.Unread = err.Error() + "."
		return nil
	}
	if err != nil {
		return err
	}
	c.Report = &r
	return nil
}

func (e *Engine) entryCase(ctx context.Context, c *voices.Case) error {
	id := c.Subject.ID
	if len(id) == 64 { // a SHA-256, as the list names entries
		id = "sha:" + id
	}
	h, rec, err := e.carcel.Show(ctx, id)
	if none := new(carcel.ErrNoEntry); errors.As(err, &none) {
		c.Unread = err.Error() + "."
		return nil
	}
	if err != nil {
		return err
	}
	c.Held, c.Decision = &h, rec
	if h.TrackingID == "" {
		return nil
	}
	err = e.packetCase(ctx, c, h.TrackingID)
	c.Unread = "" // the entry itself was read
	return err
}

func (e *Engine) taskCase(ctx context.Context, c *voices.Case) error {
	t, err := e.swarm.TaskByID(ctx, c.Subject.ID)
	if errors.Is(err, swarm.ErrUnknownTask) {
		c.Unread = "Redis has no task " + c.Subject.ID + ": it has ended, or there never was one."
		return nil
	}
	if err != nil {
		return err
	}
	c.Task = &t
	return nil
}

// swarmCase reads what the record shows of the swarm, or of one queue or agent.
func (e *Engine) swarmCase(ctx context.Context, c *voices.Case) error {
	if err := e.newestRecords(ctx, c); err != nil {
		return err
	}
	for _, q := range e.measured(c) {
		values, err := e.Window(ctx, q, 0, casePackets)
		if err != nil {
			continue // of another type, or gone meanwhile: others speak of that
		}
		for i := range values {
			if s, ok := sampleOf(q.Key, &values[i]); ok {
				c.Samples = append(c.Samples, s)
			}
		}
	}
	if c.Subject.Kind != voices.OfSwarm {
		return nil
	}
	e.voices.compare(c)
	c.Reports = e.reports.Path()
	c.Reported, _ = e.reports.Last() // which an audit tells
	return e.sharedContexts(ctx, c)
}

// newestRecords reads the ledger's end.
func (e *Engine) newestRecords(ctx context.Context, c *voices.Case) error {
	size := 0
	err := e.ledger.ReadBack(ctx, 0, func(r ledger.Record) bool {
		c.Records = append(c.Records, r)
		for _, f := range r.Fields {
			size += len(f.Name) + len(f.Value)
		}
		return len(c.Records) < caseRecords && size < caseBytes
	})
	slices.Reverse(c.Records)
	if errors.Is(err, ledger.ErrDamaged) { // which the ledger itself tells
		return nil
	}
	return err
}

// measured are the queues whose packets are measured: the one that is asked
// for, or the deepest.
func (e *Engine) measured(c *voices.Case) []watch.Queue {
	var list []watch.Queue
	for _, q := range c.Snap.Queues {
		if q.Class == keyspace.PacketQueue && q.Type == keyspace.TypeList && q.Depth > 0 && (c.Subject.Kind == voices.OfSwarm || c.Subject.ID == q.Key) {
			list = append(list, q)
		}
	}
	slices.SortStableFunc(list, func(a, b watch.Queue) int { return int(b.Depth - a.Depth) })
	return list[:min(len(list), caseQueues)]
}

// sampleOf measures a packet in both formats.
func sampleOf(key string, v *Value) (voices.Sample, bool) {
	if v.Invalid != nil || v.Packet.TrackingID == "" {
		return voices.Sample{}, false
	}
	s := voices.Sample{ID: v.Packet.TrackingID, Key: key, JSON: len(packet.AppendJSON(nil, v.Packet)), AsMsgpack: v.Format == packet.Msgpack}
	if raw, err := packet.AppendMsgpack(nil, v.Packet); err == nil {
		s.Msgpack = len(raw)
	}
	return s, true
}

// sharedContexts asks which version of a context some agents share.
func (e *Engine) sharedContexts(ctx context.Context, c *voices.Case) error {
	for i := range c.Snap.Agents {
		a := &c.Snap.Agents[i]
		if a.Context == 0 || len(c.Contexts) == caseContexts {
			continue
		}
		c.Contexts = append(c.Contexts, voices.Context{Agent: a.ID, Size: a.Context})
	}
	versions := make([]*redis.StringCmd, len(c.Contexts))
	if len(versions) == 0 {
		return nil
	}
	err := e.store.Read(ctx, func(p redis.Pipeliner) {
		for i := range c.Contexts {
			versions[i] = p.HGet(ctx, keyspace.AgentContext(c.Contexts[i].Agent), "version")
		}
	})
	if err != nil {
		return err
	}
	for i := range versions {
		c.Contexts[i].Version = versions[i].Val()
	}
	return nil
}

// voiced is what the voices remember from one case to the next.
type voiced struct {
	mu      sync.Mutex
	memory  []voices.Memory  // oldest first
	figures []voices.Figures // oldest first, caseApart apart
}

// mostMemory is how many samples of memory are kept: at one in five seconds,
// ten minutes. What was before says little of the rate now.
const mostMemory = 120

func (v *voiced) note(m voices.Memory) []voices.Memory {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := len(v.memory); n == 0 || m.At.Sub(v.memory[n-1].At) >= memoryApart {
		v.memory = append(v.memory, m)
	}
	if n := len(v.memory); n > mostMemory {
		v.memory = v.memory[n-mostMemory:]
	}
	return slices.Clone(v.memory)
}

// memoryApart keeps the samples of quick askers from crowding out the past.
const memoryApart = 100 * time.Millisecond

// compare gives the case the figures of an earlier one, and keeps its own.
func (v *voiced) compare(c *voices.Case) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := voices.FiguresOf(c)
	if n := len(v.figures); n == 0 || now.At.Sub(v.figures[n-1].At) >= caseApart {
		v.figures = append(v.figures, now)
		v.figures = v.figures[max(len(v.figures)-2, 0):]
	}
	if before := v.figures[0]; now.At.Sub(before.At) >= caseApart {
		c.Before = &before
	}
}

// readMemory notes how much memory Redis uses, and reads what it is set to.
func (e *Engine) readMemory(ctx context.Context, c *voices.Case) error {
	used, limit, err := e.sampleMemory(ctx)
	if err != nil {
		return err
	}
	snap := *c.Snap // which others read too
	snap.Server.UsedMemory, snap.Server.MaxMemory = used, limit
	c.Snap = &snap
	c.Memory = e.voices.note(voices.Memory{At: c.Now, Used: used})
	if found, err := e.store.Commands().ConfigGet(ctx, "maxmemory-policy").Result(); err == nil { // it may be forbidden
		c.Config = found
	}
	return nil
}

// sampleMemory asks how much memory counts against maxmemory: what replicas and
// the append-only file buffer does not.
func (e *Engine) sampleMemory(ctx context.Context) (used, limit int64, err error) {
	info, err := e.store.Commands().Info(ctx, "memory").Result()
	if err != nil {
		return 0, 0, e.store.Explain("info", "", err)
	}
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "used_memory":
			used += n
		case "mem_not_counted_for_evict":
			used -= n
		case "maxmemory":
			limit = n
		}
	}
	return used, limit, nil
}

// tendMemory samples the memory while a console is open, so that a forecast
// stands when somebody asks for it.
func (e *Engine) tendMemory(ctx context.Context) {
	every(ctx, tendEvery, func() {
		if used, _, err := e.sampleMemory(ctx); err == nil {
			e.voices.note(voices.Memory{At: time.Now(), Used: used})
		}
	})
}
