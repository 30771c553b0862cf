package demo

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// steps are the first n of a play.
func steps(seed uint64, n int) []step {
	play := newScript(seed)
	out := make([]step, n)
	for i := range out {
		out[i] = play.next()
	}
	return out
}

func TestTheSameSeedGivesTheSamePlay(t *testing.T) {
	const n = 2000
	one, two := steps(7, n), steps(7, n)
	for i := range one {
		if !reflect.DeepEqual(one[i], two[i]) {
			t.Fatalf("step %d differs:\n%+v\n%+v", i, one[i], two[i])
		}
	}
	if reflect.DeepEqual(one[:100], steps(8, 100)) {
		t.Error("another seed gives the same play")
	}
}

func TestStepsComeInTheOrderOfTime(t *testing.T) {
	all := steps(1, 5000)
	for i := 1; i < len(all); i++ {
		if all[i].at < all[i-1].at {
			t.Fatalf("%s at %v comes after %v", all[i].who, all[i].at, all[i-1].at)
		}
	}
}

// eachStep goes through a play for some hours of its time.
func eachStep(seed uint64, lasts time.Duration, see func(step)) {
	play := newScript(seed)
	for one := play.next(); one.at < lasts; one = play.next() {
		see(one)
	}
}

func TestAPlayOfHoursStaysWithinBounds(t *testing.T) {
	const lasts = 30 * time.Minute
	depth, deepest := map[string]int{}, map[string]int{}
	alive, most := map[string]bool{}, 0
	posted, refused, dispatched := 0, 0, 0
	ids := map[string]bool{}
	council, err := governance.LoadPolicy(governance.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	eachStep(3, lasts, func(s step) {
		switch d := s.deed.(type) {
		case ship:
			for _, p := range d.packets {
				if ids[p.TrackingID] || !packet.ValidTrackingID(p.TrackingID) {
					t.Fatalf("tracking id %s is wrong or comes twice", p.TrackingID)
				}
				ids[p.TrackingID] = true
			}
			dispatched += len(d.packets)
			if s.who == "trouble" {
				refused++
			} else if strings.HasPrefix(d.to.Key, "queue:") {
				depth[d.to.Key] += len(d.packets)
				deepest[d.to.Key] = max(deepest[d.to.Key], depth[d.to.Key])
			}
			v, _ := council.Judge(t.Context(), actionOf(t, d.packets[0], d.to))
			if held := v.Status != "approved"; held != (s.who == "trouble") {
				t.Fatalf("%s: %s: %s", s.who, v.Status, v.Reason)
			}
		case take:
			depth[d.key] -= d.count
			if depth[d.key] < 0 || depth[d.key] != d.left {
				t.Fatalf("%s takes %d and leaves %d, the script says %d", d.key, d.count, depth[d.key], d.left)
			}
		case post:
			posted += len(d.tasks)
		case join:
			alive[d.agent.ID] = true
			most = max(most, len(alive))
		case leave:
			delete(alive, d.id)
		}
	})
	if len(deepest) < 6 {
		t.Errorf("%d queues, too few", len(deepest))
	}
	for key, n := range deepest {
		if n > 5000 || key == "queue:council" && n < 1000 {
			t.Errorf("%s was %d deep", key, n)
		}
	}
	if most < 17 || most > 17+spawners {
		t.Errorf("%d agents at once", most)
	}
	seconds := lasts.Seconds()
	for what, rate := range map[string]struct{ got, least, most float64 }{
		"tasks":     {float64(posted) / seconds, 0.5, 1.25}, // the workers can do about 1.3
		"refusals":  {float64(refused) / seconds, 0.1, 0.25},
		"dispatch":  {float64(dispatched) / seconds, 80, 250},
		"per queue": {float64(len(deepest)), 6, 8},
	} {
		if rate.got < rate.least || rate.got > rate.most || math.IsNaN(rate.got) {
			t.Errorf("%s: %.2f, want %.2f to %.2f", what, rate.got, rate.least, rate.most)
		}
	}
}

func TestTheCouncilsQueueIsLeftAloneForAMinuteAndAHalf(t *testing.T) {
	last, longest := time.Duration(0), time.Duration(0)
	eachStep(5, 10*time.Minute, func(s step) {
		if d, ok := s.deed.(take); ok && d.key == "queue:council" {
			longest = max(longest, s.at-last)
			last = s.at
		}
	})
	if longest < 85*time.Second || longest > 110*time.Second {
		t.Errorf("nothing was taken for %v", longest)
	}
}

func TestOneAgentFallsSilentAndComesBack(t *testing.T) {
	truant := newCast(1).truant
	var silent, back int
	last, ttl := time.Duration(0), 6*time.Second
	eachStep(1, 10*time.Minute, func(s step) {
		switch d := s.deed.(type) {
		case beat:
			if d.agent.ID != truant.ID {
				return
			}
			if s.at-last > ttl+10*time.Second {
				silent++
			} else {
				back++
			}
			last, ttl = s.at, d.agent.BeatTTL
		}
	})
	if silent < 2 || back < 10 {
		t.Errorf("silent %d times, %d beats otherwise", silent, back)
	}
}

func actionOf(t *testing.T, p packet.Packet, to dispatch.Destination) governance.Action {
	t.Helper()
	a, err := governance.ActionOf(p, to.Key, string(to.Operation))
	if err != nil {
		t.Fatal(err)
	}
	return a
}
