package watch

import (
	"context"
	"errors"
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
	maxKeyLen = 1024    // bytes of a key that is followed
	// A record of a batch is up to 33 kB long; of many records a few are read
	// at once.
	ledgerLot   = 128
	ledgerReach = 32       // lots of the past, or of one second, that are read
	pastSize    = 16 << 20 // bytes of the past after which enough is known
	contextHead = 64 << 10 // bytes that are read of a context
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

// readAll looks for every key there is, reads those that are followed, and
// returns how many of those known before were gone.
func (s *session) readAll(ctx context.Context) (gone int, err error) {
	found := make(map[string]bool)
	hidden, cursor := 0, uint64(0)
	for {
		keys, next, err := s.store.Commands().Scan(ctx, cursor, "", scanStep).Result()
		if err != nil {
			return gone, s.store.Explain("scan", "", err)
		}
		for _, key := range keys {
			if !followed(key) {
				continue
			}
			if len(found) < maxKeys && len(key) <= maxKeyLen {
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
			gone++
		}
	}
	if err := s.readDirty(ctx, found); err != nil {
		return gone, err
	}
	s.model.forget()
	s.doubtCarcel()
	if err := s.readCarcel(ctx); err != nil {
		return gone, err
	}
	if err := s.readLedger(ctx); err != nil {
		return gone, err
	}
	return gone, s.checkTasks(ctx)
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
		kind, err := cmd.Result()
		switch {
		case redis.HasErrorPrefix(err, "NOPERM") && strings.Contains(err.Error(), "access"): // an ACL hides this key
			s.model.gone(key)
		case err != nil:
			return s.store.Explain("type", key, err)
		case kind == keyspace.TypeNone:
			s.model.gone(key)
		case s.model.types[key] == "" && len(s.model.types) >= maxKeys:
			// Left out; the next full read counts it.
		default:
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

// failed reports whether the answer about a key is an error, which leaves it
// as it was: its type has changed, and is read again.
func (s *session) failed(key string, cmds ...redis.Cmder) bool {
	for _, cmd := range cmds {
		if err := cmd.Err(); redis.HasErrorPrefix(err, "WRONGTYPE") {
			s.dirty.retype(key)
			return true
		} else if err != nil && !errors.Is(err, redis.Nil) {
			return true
		}
	}
	return false
}

// ask queues the commands that read one key and returns what to do with the
// answers.
func (s *session) ask(ctx context.Context, p redis.Pipeliner, key string) func(time.Time) {
	kind, class, m := s.model.types[key], keyspace.Classify(key), s.model
	if kind == "" || kind != class.RedisType() {
		return nil
	}
	switch class {
	case keyspace.PacketQueue, keyspace.Inbox:
		length, head, tail := p.LLen(ctx, key), p.LIndex(ctx, key, 0), p.LIndex(ctx, key, -1)
		return func(now time.Time) {
			if !s.failed(key, length, head, tail) {
				m.seeList(key, class, length.Val(), head.Val(), tail.Val(), now)
			}
		}
	case keyspace.Carcel:
		if key == keyspace.Main.DeadLetters() {
			m.carcelDirty = true
			return nil
		}
		length := p.LLen(ctx, key)
		return func(time.Time) {
			if !s.failed(key, length) {
				m.seeBin(key, length.Val())
			}
		}
	case keyspace.SharedContext:
		head := p.GetRange(ctx, key, 0, contextHead-1)
		return func(time.Time) {
			if !s.failed(key, head) {
				m.seePacket(key, head.Val())
			}
		}
	case keyspace.TaskWaiting:
		count, head := p.ZCard(ctx, key), p.ZRange(ctx, key, 0, 0)
		return func(now time.Time) {
			if !s.failed(key, count, head) {
				m.seeTaskQueue(key, count.Val(), head.Val(), now)
			}
		}
	case keyspace.AgentInfo:
		fields := p.HMGet(ctx, key, "role", "parent_id", "registered_at", "context_capacity")
		return func(time.Time) {
			if !s.failed(key, fields) {
				m.seeAgent(keyspace.AgentOf(key), fields.Val())
			}
		}
	case keyspace.AgentHeartbeat:
		beat, left := p.Get(ctx, key), p.PTTL(ctx, key)
		return func(now time.Time) {
			if !s.failed(key, beat) && beat.Err() == nil {
				m.seeHeartbeat(keyspace.AgentOf(key), beat.Val(), left.Val(), now)
			}
		}
	case keyspace.AgentContextInfo:
		fields := p.HMGet(ctx, key, "size_bytes", "chunks")
		return func(time.Time) {
			if !s.failed(key, fields) {
				m.seeContext(keyspace.AgentOf(key), fields.Val())
			}
		}
	case keyspace.SwarmSet:
		if _, children := keyspace.ParentOf(key); !children && key != keyspace.SwarmSessions {
			return nil
		}
		members := p.SMembers(ctx, key)
		return func(time.Time) {
			if !s.failed(key, members) {
				m.seeSwarm(key, members.Val())
			}
		}
	case keyspace.TaskInfo:
		fields := p.HMGet(ctx, key, "queue", "type")
		return func(time.Time) {
			if f := fields.Val(); !s.failed(key, fields) && len(f) == 2 {
				m.seeTask(keyspace.TaskOf(key), str(f[0]), str(f[1]))
			}
		}
	case keyspace.TaskClaim:
		claim, left := p.Get(ctx, key), p.PTTL(ctx, key)
		return func(now time.Time) {
			if !s.failed(key, claim) && claim.Err() == nil {
				if delete(m.expires, key); left.Val() > 0 {
					m.expires[key] = now.Add(left.Val())
				}
				m.seeClaim(keyspace.TaskOf(key), claim.Val(), now)
			}
		}
	case keyspace.TaskResult:
		id := keyspace.TaskOf(key)
		if m.completed[id] { // a result does not change
			return nil
		}
		fields := p.HMGet(ctx, key, "completed_by", "completed_at")
		return func(now time.Time) {
			if f := fields.Val(); !s.failed(key, fields) && len(f) == 2 && str(f[0]) != "" {
				m.seeResult(id, str(f[0]), str(f[1]), now)
			}
		}
	}
	return nil
}

// readLedger reads the records that the ledger gained. When it gained more
// than a few lots in a second, the rest is counted by position alone. A user
// who may not read the ledger does without.
func (s *session) readLedger(ctx context.Context) error {
	key, m := keyspace.Main.Ledger(), s.model
	now := time.Now()
	m.throughput.know(now)
	m.taken = now
	kind, err := s.store.Commands().Type(ctx, key).Result()
	if err = s.store.Explain("type", key, err); errors.Is(err, store.ErrAuth) {
		return nil
	} else if err != nil {
		return err
	}
	if kind != keyspace.TypeStream {
		m.ledgerGone(kind)
		return nil
	}
	last, err := s.store.Commands().XRevRangeN(ctx, key, "+", "-", 1).Result()
	if err = s.store.Explain("xrevrange", key, err); errors.Is(err, store.ErrAuth) {
		return nil
	} else if err != nil || len(last) == 0 {
		return err
	}
	newest := position(last[0].ID)
	if newest < m.ledger {
		m.ledgerGone("shorter than it was")
	}
	if m.ledger == 0 && newest > 0 {
		return s.readPast(ctx, key, now)
	}
	for lot := 0; m.ledger < newest; lot++ {
		if lot == ledgerReach {
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

// readPast takes what the ledger recorded before this session, as far as some
// lots reach back: it fills the activity and the throughput.
func (s *session) readPast(ctx context.Context, key string, now time.Time) error {
	m := s.model
	from, end := now.Add(-ThroughputSpan*time.Second), "+"
	var past []redis.XMessage
	for lot, size := 0, 0; ; lot++ {
		records, err := s.store.Commands().XRevRangeN(ctx, key, end, "-", ledgerLot).Result()
		if err != nil {
			return s.store.Explain("xrevrange", key, err)
		}
		for _, r := range records {
			size += len(str(r.Values["ids"]))
			delete(r.Values, "ids")
		}
		past = append(past, records...)
		if len(records) < ledgerLot {
			break
		}
		oldest := records[len(records)-1]
		if at := m.recordedAt(oldest); lot == ledgerReach || size > pastSize || at.Before(from) {
			if at.After(from) {
				from = at.Add(time.Second)
			}
			break
		}
		end = "(" + oldest.ID
	}
	// Before its oldest record nothing is known: there was no ledger yet, or
	// it was trimmed.
	if n := len(past); n > 0 {
		if at := m.recordedAt(past[n-1]); at.After(from) {
			from = at
		}
	}
	m.pastFrom(from)
	known := m.recorded
	for i := len(past) - 1; i >= 0; i-- {
		if r := past[i]; recordTime(r) > known {
			m.record(r)
		}
	}
	if len(past) > 0 {
		m.ledger = max(m.ledger, position(past[0].ID))
	}
	return nil
}

// position is the n in a stream id n-0.
func position(id string) int64 {
	n, _, _ := strings.Cut(id, "-")
	p, _ := strconv.ParseInt(n, 10, 64)
	return p
}
