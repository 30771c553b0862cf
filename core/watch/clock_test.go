package watch_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/watch"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// An agent's machine may have any time: what counts is when its heartbeats
// come.
func TestAnAgentWhoseClockIsAnHourOffIsAliveByItsNextHeartbeat(t *testing.T) {
	for name, off := range map[string]time.Duration{"behind": -time.Hour, "ahead": time.Hour} {
		t.Run(name, func(t *testing.T) {
			url := testredis.Start(t).URL()
			raw := testredis.Connect(t, url)
			beat := func() {
				at := float64(time.Now().Add(off).UnixMilli()) / 1000
				raw.Set(ctx, "agents:w:heartbeat", strconv.FormatFloat(at, 'f', 3, 64), 300*time.Second)
			}
			raw.HSet(ctx, "agents:w", "agent_id", "w", "role", "haiku")
			raw.SAdd(ctx, "swarm:sessions", "w")
			beat()
			e := follow(t, url, quick)
			e.until("the agent is there", func(s *watch.Snapshot) bool { return len(s.Agents) == 1 })
			beat()
			e.until("it is live, its beat new, its TTL what it is", func(s *watch.Snapshot) bool {
				a := s.Agents[0]
				return a.State == watch.Alive && time.Since(a.Beat).Abs() < 5*time.Second && a.BeatTTL == 300*time.Second
			})
		})
	}
}
