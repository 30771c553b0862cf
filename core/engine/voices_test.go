package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// readingOf is what one voice says of a subject.
func readingOf(t *testing.T, e *Engine, on voices.Subject, v voices.Voice) voices.Reading {
	t.Helper()
	all, err := e.Readings(context.Background(), on)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Voice == v {
			return r
		}
	}
	t.Fatalf("%s says nothing", v)
	return voices.Reading{}
}

func says(t *testing.T, r voices.Reading, text string) voices.Finding {
	t.Helper()
	var all []string
	for _, f := range r.Findings {
		if strings.Contains(f.Sentence(), text) {
			return f
		}
		all = append(all, f.Sentence())
	}
	t.Fatalf("%s should say %q; says\n%s", r.Voice, text, strings.Join(all, "\n"))
	return voices.Finding{}
}

// A queue is filled at a steady rate on a server with little memory. When a
// third is used Rory says when it will be full; then it is filled on, and the
// clock tells whether that was true.
func TestRorySaysWhenMemoryRunsOut(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a server at a steady rate")
	}
	ctx := context.Background()
	s := testredis.Start(t, "--maxmemory", "24mb", "--maxmemory-policy", "noeviction")
	e, err := Open(Config{URL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	const perSecond = 100
	filling := fmt.Sprintf(`{"primitive":"matrix.route","vertical":"energy-grid","blob":%q}`, strings.Repeat("x", 6000))
	fill := func() error {
		p := packet.New("filler", packet.MustValue(filling))
		_, err := e.Dispatch(ctx, p, dispatch.Destination{Key: "queue:filling", Operation: dispatch.RPush})
		return err
	}
	var said time.Duration
	var at time.Time
	begin, sampled := time.Now(), time.Time{}
	for n := 0; ; n++ {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * time.Second / perSecond)))
		if err := fill(); err != nil {
			if !errors.Is(err, store.ErrOutOfMemory) {
				t.Fatal(err)
			}
			break
		}
		if at.IsZero() && time.Since(sampled) >= 200*time.Millisecond {
			sampled = time.Now()
			used, limit, err := e.sampleMemory(ctx)
			if err != nil {
				t.Fatal(err)
			}
			samples := e.voices.note(voices.Memory{At: time.Now(), Used: used})
			if used > limit/3 {
				in, known := voices.OutOfMemory(samples, limit)
				if !known {
					t.Fatalf("it is not known, of %d samples", len(samples))
				}
				said, at = in, time.Now()
				says(t, readingOf(t, e, voices.Swarm, voices.Rory), "From then on writes are refused")
			}
		}
	}
	if at.IsZero() {
		t.Fatal("the memory was full before anybody was asked")
	}
	was := time.Since(at)
	off := float64(said-was) / float64(was) * 100
	t.Logf("said %s, it was %s: %+.1f %%", said.Round(time.Millisecond), was.Round(time.Millisecond), off)
	if off < -10 || off > 10 {
		t.Errorf("Rory said %s, and it was %s: %+.1f %% off", said, was, off)
	}
}

func TestTheVoicesReadAPacketByItsEvidence(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		e, err := Open(Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.Close() }()
		p := packet.New("haiku", packet.MustValue(`{"primitive":"matrix.route","source":"a","destination":"b"}`))
		if _, err := e.Dispatch(ctx, p, dispatch.Destination{Key: "queue:x", Operation: dispatch.RPush}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Ledger().Seal(ctx); err != nil {
			t.Fatal(err)
		}
		on := voices.Subject{Kind: voices.OfPacket, ID: p.TrackingID}
		says(t, readingOf(t, e, on, voices.Sergio), "Now it is in queue:x, a list, slot 0")
		says(t, readingOf(t, e, on, voices.Sergio), "written to queue:x by haiku")
		says(t, readingOf(t, e, on, voices.Legal), "No person was asked: the policy approved it.")
		says(t, readingOf(t, e, on, voices.Legal), "is proved to be in the ledger")
		says(t, readingOf(t, e, on, voices.Danny), "8 of 8 checked parts hold: verified")
		says(t, readingOf(t, e, on, voices.Rory), "as MessagePack")

		kill := packet.New("haiku", packet.MustValue(`{"primitive":"process.kill","vertical":"nuclear-power","pid":1}`))
		if _, err := e.Dispatch(ctx, kill, dispatch.Destination{Key: "queue:x", Operation: dispatch.RPush}); err != nil {
			t.Fatal(err)
		}
		held := voices.Subject{Kind: voices.OfEntry, ID: kill.TrackingID}
		f := says(t, readingOf(t, e, held, voices.Sergio), "It stopped at the council")
		if f.Action() == nil || f.Action().On.Kind != voices.OfEntry {
			t.Errorf("nothing is offered for what was held: %+v", f.Action())
		}
		says(t, readingOf(t, e, voices.Swarm, voices.Danny), "not compared yet")
		for _, on := range []voices.Subject{{Kind: voices.OfQueue, ID: "queue:x"}, {Kind: voices.OfQueue, ID: "queue:none"}, {Kind: voices.OfAgent, ID: "nobody"}} {
			if r := readingOf(t, e, on, voices.Sergio); len(r.Findings) == 0 {
				t.Errorf("nothing is said of %s", on)
			}
		}
		says(t, readingOf(t, e, voices.Subject{Kind: voices.OfTask, ID: "task_none"}, voices.Sergio), "Redis has no task task_none")
		says(t, readingOf(t, e, voices.Subject{Kind: voices.OfPacket, ID: packet.NewTrackingID()}, voices.Sergio), "neither the ledger nor Redis")
	})
}
