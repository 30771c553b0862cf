package swarm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func cancelled() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }

func register(t testing.TB, s *swarm.Coordinator, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := s.Register(ctx, swarm.Agent{ID: id, Role: "r"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAContextComesBackAsItWasShared(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		register(t, s, "a")
		heard := listen(t, c)
		const mib = 1 << 20
		for what, text := range map[string]string{
			"nothing": "", "little": "plan: é", "exactly one chunk": strings.Repeat("x", mib), "one byte more": strings.Repeat("x", mib+1),
			"characters across the cut": strings.Repeat("x", mib-1) + "é" + strings.Repeat("😀", mib/2), "chunks": strings.Repeat("0123456789abcde\n", 5*mib/16),
		} {
			info, err := s.PutContext(ctx, "a", strings.NewReader(text), "")
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			version := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:12]
			hash := c.HGetAll(ctx, "agents:a:context").Val()
			if info.Version != version || hash["version"] != version || hash["size_bytes"] != strconv.Itoa(len(text)) || hash["updated_at"] == "" || len(hash) != 4 {
				t.Errorf("%s: %+v", what, info)
			}
			rebuilt := hash["content"]
			if len(text) > mib {
				chunks, _ := strconv.Atoi(hash["chunks"])
				if chunks < 2 || chunks != info.Chunks {
					t.Errorf("%s: %d chunks", what, chunks)
				}
				for n := range chunks {
					key := fmt.Sprint("agents:a:context:chunk:", n)
					chunk := c.Get(ctx, key).Val()
					if ttl := c.TTL(ctx, key).Val(); len(chunk) > mib || len(chunk) == 0 || !utf8.ValidString(chunk) || ttl < 3500*time.Second || ttl > 3600*time.Second {
						t.Errorf("%s: chunk %d of %d bytes lasts %v", what, n, len(chunk), ttl)
					}
					rebuilt += chunk
				}
			}
			if rebuilt != text {
				t.Errorf("%s: its parts are not the whole", what)
			}
			got, again, err := s.GetContext(ctx, "a")
			if err != nil || string(got) != text || again.Version != version || again.Size != int64(len(text)) {
				t.Errorf("%s: %d bytes back, %+v, %v", what, len(got), again, err)
			}
			channel, m := event(t, heard(1)[0])
			if channel != "channel:agent:a" || m["type"] != "context_updated" || m["agent_id"] != "a" || m["version"] != version || m["size_bytes"] != float64(len(text)) {
				t.Errorf("%s: %v", what, m)
			}
			from := max(0, len(text)-mib/2-7)
			part, _, err := s.ContextWindow(ctx, "a", int64(from), 4096)
			if want := text[from:min(from+4096, len(text))]; err != nil || string(part) != want {
				t.Errorf("%s: a window of %d bytes, %v", what, len(part), err)
			}
		}
		if n := len(c.Keys(ctx, "ifp:*").Val()); n != 0 {
			t.Errorf("%d pieces lie about", n)
		}
		if _, err := s.PutContext(ctx, "a", strings.NewReader("small"), ""); err != nil || len(c.Keys(ctx, "*chunk*").Val()) != 0 {
			t.Errorf("chunks of the one before stay: %v", err)
		}
	})
}

func TestAContextThatCannotBeSharedChangesNothing(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		s.LimitContexts(2 << 20)
		register(t, s, "a")
		first, err := s.PutContext(ctx, "a", strings.NewReader("first"), "")
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("the pipe broke")
		for what, put := range map[string]struct {
			agent, version string
			text           io.Reader
			want           error
		}{
			"too large":         {"a", "", endless{}, swarm.ErrContextSize},
			"no UTF-8":          {"a", "", strings.NewReader("a\xff"), swarm.ErrContextText},
			"another version":   {"a", "000000000000", strings.NewReader(strings.Repeat("x", 3<<19)), swarm.ErrContextOther},
			"nobody's":          {"b", "", strings.NewReader(strings.Repeat("x", 3<<19)), swarm.ErrNoAgent},
			"read half the way": {"a", "", io.MultiReader(strings.NewReader("x"), failing{broken}), broken},
		} {
			_, err := s.PutContext(ctx, put.agent, put.text, put.version)
			if !errors.Is(err, put.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", what, err)
			}
		}
		got, info, err := s.GetContext(ctx, "a")
		if string(got) != "first" || info != first || err != nil || c.Exists(ctx, "agents:b:context").Val() != 0 || len(c.Keys(ctx, "*chunk*").Val()) != 0 {
			t.Errorf("%q, %+v, %v", got, info, err)
		}
		for _, key := range c.Keys(ctx, "ifp:*").Val() { // pieces that were laid ready go by themselves
			if ttl := c.TTL(ctx, key).Val(); ttl <= 0 || ttl > 10*time.Minute {
				t.Errorf("%s lasts %v", key, ttl)
			}
		}
		if _, err := s.PutContext(ctx, "a", strings.NewReader("second"), first.Version); err != nil {
			t.Errorf("with the version in place: %v", err)
		}
		if _, _, err := s.GetContext(ctx, "b"); !errors.Is(err, swarm.ErrNoContext) {
			t.Errorf("none: %v", err)
		}
	})
}

func TestAContextThatIsCutIsNeverGivenAsIfWhole(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		s, c := open(t, url)
		register(t, s, "a")
		text := strings.Repeat("0123456789abcdef", 200_000)
		if _, err := s.PutContext(ctx, "a", strings.NewReader(text), ""); err != nil {
			t.Fatal(err)
		}
		c.Del(ctx, "agents:a:context:chunk:1", "agents:a:context:chunk:3")
		got, _, err := s.GetContext(ctx, "a")
		var cut *swarm.CutError
		if got != nil || !errors.Is(err, swarm.ErrContextCut) || !errors.As(err, &cut) || fmt.Sprint(cut.Missing) != "[1 3]" || cut.Chunks != 4 || !strings.Contains(err.Error(), "chunk 1, 3 of 4") {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if _, _, err := s.ContextWindow(ctx, "a", 3<<20-10, 100); !errors.Is(err, swarm.ErrContextCut) {
			t.Errorf("a window: %v", err)
		}
		// A writer that fell over between its chunks and its hash.
		c.Set(ctx, "agents:a:context:chunk:1", "another's", time.Hour)
		c.Set(ctx, "agents:a:context:chunk:3", "another's", time.Hour)
		if got, _, err := s.GetContext(ctx, "a"); got != nil || !errors.Is(err, swarm.ErrContextMixed) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		c.HSet(ctx, "agents:a:context", "chunks", 2_000_000_000)
		if _, _, err := s.GetContext(ctx, "a"); !errors.Is(err, swarm.ErrContextMixed) {
			t.Errorf("a count out of this world: %v", err)
		}
		// Chunks that Python cut by characters, of any size.
		python := strings.Repeat("é", 700_000) + strings.Repeat("y", 500_000)
		c.Del(ctx, "agents:a:context")
		c.HSet(ctx, "agents:a:context", "version", fmt.Sprintf("%x", sha256.Sum256([]byte(python)))[:12], "size_bytes", len(python), "updated_at", "then", "chunks", 2)
		c.Set(ctx, "agents:a:context:chunk:0", python[:1_300_000], time.Hour)
		c.Set(ctx, "agents:a:context:chunk:1", python[1_300_000:], time.Hour)
		if got, _, err := s.GetContext(ctx, "a"); string(got) != python || err != nil {
			t.Errorf("Python's: %d bytes, %v", len(got), err)
		}
		c.Del(ctx, "agents:a:context")
		c.Set(ctx, "agents:a:context", "x", 0)
		if _, _, err := s.GetContext(ctx, "a"); !errors.Is(err, store.ErrWrongType) {
			t.Errorf("a string: %v", err)
		}
	})
}

func TestReadersNeverSeeAMixtureWhileContextsAreExchanged(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, _ := open(t, server.URL())
	register(t, s, "a")
	texts := map[string]bool{}
	var list [][]byte
	for n := range 3 {
		text := bytes.Repeat([]byte(fmt.Sprint(n)), (n+2)<<20)
		list, texts[string(text[:1])+strconv.Itoa(len(text))] = append(list, text), true
	}
	put := func(n int) {
		if _, err := s.PutContext(ctx, "a", bytes.NewReader(list[n%3]), ""); err != nil {
			t.Error(err)
		}
	}
	put(0)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, _, err := s.GetContext(ctx, "a")
				if err != nil && !errors.Is(err, swarm.ErrContextMixed) && !errors.Is(err, swarm.ErrContextCut) {
					t.Error(err)
				}
				if err == nil && (!texts[string(got[:1])+strconv.Itoa(len(got))] || bytes.Count(got, got[:1]) != len(got)) {
					t.Errorf("a mixture of %d bytes", len(got))
				}
			}
		})
	}
	for n := range 40 {
		put(n)
	}
	close(done)
	readers.Wait()
	if _, _, err := s.GetContext(ctx, "a"); err != nil {
		t.Error(err)
	}
}

// A putter is killed after each of its steps: whoever reads finds what was
// there before.
func TestAPutThatIsInterruptedLeavesTheContextBefore(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	direct, c := open(t, server.URL())
	register(t, direct, "a")
	old := strings.Repeat("old ", 700_000)
	if _, err := direct.PutContext(ctx, "a", strings.NewReader(old), ""); err != nil {
		t.Fatal(err)
	}
	cuts := 0
	for seed := range uint64(12) {
		proxy := testredis.NewProxy(t, server.Addr())
		proxy.CutAtRandom(0.02, seed)
		s, _ := open(t, proxy.URL())
		fresh := strings.Repeat(fmt.Sprintf("new%d", seed%10), 900_000)
		_, err := s.PutContext(ctx, "a", strings.NewReader(fresh), "")
		cuts += proxy.Cuts()
		got, _, readErr := direct.GetContext(ctx, "a")
		switch {
		case readErr != nil:
			t.Fatalf("after %v: %v", err, readErr)
		case string(got) == fresh: // or only the answer was lost
			old = fresh
		case string(got) != old || err == nil:
			t.Fatalf("after %v a mixture of %d bytes", err, len(got))
		}
	}
	if n := len(c.Keys(ctx, "agents:a:context:chunk:*").Val()); n != int(c.HGet(ctx, "agents:a:context", "chunks").Val()[0]-'0') {
		t.Errorf("%d chunks", n)
	}
	if cuts == 0 {
		t.Error("nobody was interrupted")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
