package watch

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	scanStep  = 1000    // keys that one SCAN looks at: well under a millisecond of the server
	readStep  = 500     // keys that are read in one round trip
	maxKeys   = 200_000 // keys that are followed; the rest is counted
	ledgerLot = 512     // records of the ledger that are read at once
)

// readServer asks the server who it is, and what time it has.
func readServer(ctx context.Context, s *store.Store) (Server, error) {
	var info *redis.StringCmd
	var clock *redis.TimeCmd
	begin := time.Now()
	err := s.Read(ctx, func(p redis.Pipeliner) {
		info = p.Info(ctx)
		clock = p.Time(ctx)
	})
	if err != nil {
		return Server{}, err
	}
	server := Server{Address: s.Target().String()}
	if at, err := clock.Result(); err == nil {
		// The server read its clock somewhere between question and answer.
		server.Skew = at.Sub(begin.Add(time.Since(begin) / 2)).Round(time.Millisecond)
	} else {
		return Server{}, s.Explain("connect", "", err)
	}
	for line := range strings.Lines(info.Val()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "redis_version":
			server.Version = value
		case "redis_mode":
			server.Mode = value
		case "role":
			server.Role = value
		case "run_id":
			server.RunID = value
		case "used_memory":
			server.UsedMemory, _ = strconv.ParseInt(value, 10, 64)
		case "maxmemory":
			server.MaxMemory, _ = strconv.ParseInt(value, 10, 64)
		}
	}
	return server, nil
}

// readAll looks for every key there is and reads those that are followed.
func (s *session) readAll(ctx context.Context) error {
	found := make(map[string]bool)
	hidden, cursor := 0, uint64(0)
	for {
		keys, next, err := s.store.Commands().Scan(ctx, cursor, "", scanStep).Result()
		if err != nil {
			return s.store.Explain("scan", "", err)
		}
		for _, key := range keys {
			if !followed(key) {
				continue
			}
			if len(found) < maxKeys {
				found[key] = true
			} else if !found[key] {
				hidden++
			}
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	s.model.setHidden(hidden)
	for key := range s.model.types {
		if !found[key] {
			s.model.gone(key)
		}
	}
	if err := s.readDirty(ctx, found); err != nil {
		return err
	}
	if err := s.readLedger(ctx); err != nil {
		return err
	}
	return s.checkTasks(ctx)
}

// followed reports whether a key is of a class that the picture shows.
func followed(key string) bool {
	switch keyspace.Classify(key) {
	case keyspace.Other, keyspace.DecisionRecord, keyspace.LedgerStream, keyspace.Internal:
		return false
	}
	return true
}

// readDirty reads the keys given; a true value says that the key's type may
// have changed.
func (s *session) readDirty(ctx context.Context, keys map[string]bool) error {
	lot := make([]string, 0, min(len(keys), readStep))
	for key := range keys {
		if !followed(key) {
			continue
		}
		lot = append(lot, key)
		if len(lot) == readStep {
			if err := s.readLot(ctx, lot, keys); err != nil {
				return err
			}
			lot = lot[:0]
		}
	}
	if len(lot) > 0 {
		if err := s.readLot(ctx, lot, keys); err != nil {
			return err
		}
	}
	s.model.taken = time.Now()
	return nil
}

// readLot reads up to readStep keys: first the types of those that may have
// changed theirs, then what each type allows, so that no command ever meets a
// key of the wrong type.
func (s *session) readLot(ctx context.Context, keys []string, retype map[string]bool) error {
	types := make(map[string]*redis.StatusCmd)
	ttls := make(map[string]*redis.DurationCmd)
	for _, key := range keys {
		if retype[key] || s.model.types[key] == "" {
			types[key], ttls[key] = nil, nil
		}
	}
	if len(types) > 0 {
		err := s.store.Read(ctx, func(p redis.Pipeliner) {
			for key := range types {
				types[key], ttls[key] = p.Type(ctx, key), p.PTTL(ctx, key)
			}
		})
		if err != nil {
			return err
		}
	}
	now := time.Now()
	for key, cmd := range types {
		if kind, err := cmd.Result(); err != nil {
			return s.store.Explain("type", key, err)
		} else if kind == keyspace.TypeNone {
			s.model.gone(key)
		} else {
			s.model.sort(key, kind, ttls[key].Val(), now)
		}
	}
	var apply []func(now time.Time)
	err := s.store.Read(ctx, func(p redis.Pipeliner) {
		for _, key := range keys {
			if f := s.ask(ctx, p, key); f != nil {
				apply = append(apply, f)
			}
		}
	})
	if err != nil {
		return err
	}
	now = time.Now()
	for _, f := range apply {
		f(now)
	}
	return nil
}

// ask queues the commands that read one key and returns what to do with the
// answers. A key that changed its type in this very moment answers with an
// error: it is left as it was, for its notification is on the way.
func (s *session) ask(ctx context.Context, p redis.Pipeliner, key string) func(time.Time) {
	kind, class, m := s.model.types[key], keyspace.Classify(key), s.model
	if kind == "" || kind != class.RedisType() {
		return nil
	}
	switch class {
	case keyspace.PacketQueue, keyspace.Inbox:
		length, head, tail := p.LLen(ctx, key), p.LIndex(ctx, key, 0), p.LIndex(ctx, key, -1)
		return func(now time.Time) {
			if length.Err() == nil {
				m.seeList(key, class, length.Val(), head.Val(), tail.Val(), now)
			}
		}
	case keyspace.Carcel:
		length := p.LLen(ctx, key)
		if key != keyspace.Main.DeadLetters() {
			return func(time.Time) { m.seeBin(key, length.Val()) }
		}
		newest := p.LRange(ctx, key, -CarcelWindow, -1)
		return func(time.Time) { m.seeCarcel(length.Val(), newest.Val()) }
	case keyspace.TaskWaiting:
		count, head := p.ZCard(ctx, key), p.ZRange(ctx, key, 0, 0)
		return func(now time.Time) {
			if count.Err() == nil {
				m.seeTaskQueue(key, count.Val(), head.Val(), now)
			}
		}
	case keyspace.AgentInfo:
		fields := p.HMGet(ctx, key, "role", "parent_id", "registered_at", "context_capacity")
		return func(time.Time) { m.seeAgent(keyspace.AgentOf(key), fields.Val()) }
	case keyspace.AgentHeartbeat:
		beat, left := p.Get(ctx, key), p.PTTL(ctx, key)
		return func(now time.Time) {
			if beat.Err() == nil {
				m.seeHeartbeat(keyspace.AgentOf(key), beat.Val(), left.Val(), now)
			}
		}
	case keyspace.AgentContextInfo:
		fields := p.HMGet(ctx, key, "size_bytes", "chunks")
		return func(time.Time) { m.seeContext(keyspace.AgentOf(key), fields.Val()) }
	case keyspace.SwarmSet:
		members := p.SMembers(ctx, key)
		return func(time.Time) {
			if members.Err() == nil {
				m.seeSwarm(key, members.Val())
			}
		}
	case keyspace.TaskInfo:
		queue := p.HGet(ctx, key, "queue")
		return func(time.Time) { m.seeTask(keyspace.TaskOf(key), queue.Val()) }
	case keyspace.TaskClaim:
		claim := p.Get(ctx, key)
		return func(time.Time) {
			if claim.Err() == nil {
				m.seeClaim(keyspace.TaskOf(key), claim.Val())
			}
		}
	}
	return nil
}

// readLedger reads the records that the ledger gained. When it gained more
// than a few lots in a second, the rest is counted by position alone.
func (s *session) readLedger(ctx context.Context) error {
	key, m := keyspace.Main.Ledger(), s.model
	kind, err := s.store.Commands().Type(ctx, key).Result()
	if err != nil {
		return s.store.Explain("type", key, err)
	}
	now := time.Now()
	m.throughput.know(now)
	m.taken = now
	if kind != keyspace.TypeStream {
		m.ledgerGone(kind)
		return nil
	}
	last, err := s.store.Commands().XRevRangeN(ctx, key, "+", "-", 1).Result()
	if err != nil || len(last) == 0 {
		return s.store.Explain("xrevrange", key, err)
	}
	newest := position(last[0].ID)
	if newest < m.ledger {
		m.ledgerGone("shrunk")
	}
	if m.ledger == 0 {
		return s.readPast(ctx, key, now)
	}
	for lot := 0; m.ledger < newest; lot++ {
		if lot == 8 {
			m.skipRecords(newest - ledgerLot/2)
		}
		records, err := s.store.Commands().XRangeN(ctx, key, strconv.FormatInt(m.ledger+1, 10), "+", ledgerLot).Result()
		if err != nil {
			return s.store.Explain("xrange", key, err)
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			m.record(r)
		}
	}
	return nil
}

// readPast takes what the ledger recorded before this session, as far as a
// few lots reach back: it fills the activity and the throughput.
func (s *session) readPast(ctx context.Context, key string, now time.Time) error {
	const reach = 8 * ledgerLot
	records, err := s.store.Commands().XRevRangeN(ctx, key, "+", "-", reach).Result()
	if err != nil {
		return s.store.Explain("xrevrange", key, err)
	}
	m := s.model
	from := now.Add(-ThroughputSpan * time.Second)
	if n := len(records); n > 0 {
		// Before its first record there was no ledger, and before the oldest
		// of a full reach nothing is known.
		if oldest := m.recordedAt(records[n-1]); oldest.After(from) {
			from = oldest
		}
	}
	m.pastFrom(from)
	for i := len(records) - 1; i >= 0; i-- {
		m.record(records[i])
	}
	return nil
}

// position is the n in a stream id n-0.
func position(id string) int64 {
	n, _, _ := strings.Cut(id, "-")
	p, _ := strconv.ParseInt(n, 10, 64)
	return p
}
