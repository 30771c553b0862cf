package watch

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// tasksChecked is how many open tasks one check looks at.
const tasksChecked = 5000

// checkTasks finds tasks that fell between two steps of somebody's claim: in
// no queue, not claimed, not completed, not delayed; or claimed and still in the queue. A
// task counts only when it is found twice in a row, so that one in the middle
// of an ordinary claim is not slandered.
func (s *session) checkTasks(ctx context.Context) error {
	m := s.model
	type look struct {
		id, queue string
		score     *redis.FloatCmd
		delayed   *redis.FloatCmd
		leased    *redis.FloatCmd
		claim     *redis.IntCmd
		done      *redis.IntCmd
	}
	var looks []look
	consider := func(id string) {
		queue := m.tasks[id].queue
		if _, done := m.completed[id]; done || queue == "" {
			return
		}
		if kind := m.types[keyspace.TaskQueue(queue)]; kind == "" || kind == keyspace.TypeZSet {
			looks = append(looks, look{id: id, queue: queue})
		}
	}
	// Those under suspicion first: of many tasks only some are looked at.
	for _, suspects := range []map[string]bool{m.suspectLost, m.suspectLeft} {
		for id := range suspects {
			consider(id)
		}
	}
	for id := range m.tasks {
		if len(looks) >= tasksChecked {
			break
		}
		if !m.suspectLost[id] && !m.suspectLeft[id] {
			consider(id)
		}
	}
	err := s.store.Read(ctx, func(p redis.Pipeliner) {
		for i := range looks {
			l := &looks[i]
			l.score = p.ZScore(ctx, keyspace.TaskQueue(l.queue), l.id)
			l.delayed = p.ZScore(ctx, keyspace.Delayed(l.queue), l.id)
			l.leased = p.ZScore(ctx, keyspace.Leased(l.queue), l.id)
			l.claim = p.Exists(ctx, keyspace.TaskClaimed(l.id))
			l.done = p.Exists(ctx, keyspace.TaskCompleted(l.id))
		}
	})
	if err != nil {
		return err
	}
	lost, left := map[string]bool{}, map[string]bool{}
	m.lapsed = map[string]bool{}
	for _, l := range looks {
		waits := l.score.Err() == nil
		claimed := l.claim.Val() == 1
		switch {
		case l.done.Val() == 1:
		case !waits && !claimed && l.delayed.Err() != nil:
			lost[l.id] = true
			m.lapsed[l.id] = l.leased.Err() == nil
		case waits && claimed:
			left[l.id] = true
		}
	}
	m.seeTaskFaults(lost, left)
	m.taken = time.Now()
	return nil
}

// seeTaskFaults keeps those tasks that were found before as well.
func (m *model) seeTaskFaults(lost, left map[string]bool) {
	m.lost, m.left = both(m.suspectLost, lost), both(m.suspectLeft, left)
	m.suspectLost, m.suspectLeft = lost, left
	m.changed.agents = true
}

func both(a, b map[string]bool) (out []string) {
	for id := range a {
		if b[id] {
			out = append(out, id)
		}
	}
	return out
}
