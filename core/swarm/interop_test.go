package swarm_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// python is the program of somebody else's; see testdata/wire.py.
func python(server *testredis.Server, args ...string) *exec.Cmd {
	host, port, _ := net.SplitHostPort(server.Addr())
	return exec.Command("python3", append([]string{"testdata/wire.py", host, port}, args...)...)
}

func run(t testing.TB, server *testredis.Server, args ...string) string {
	t.Helper()
	cmd := python(server, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("wire.py %v: %v: %s", args, err, complaint.String())
	}
	return strings.TrimSpace(string(out))
}

func TestPythonAndWeTalkAndShareContexts(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, c := open(t, server.URL())
	run(t, server, "register", "py_1", "python_worker")
	register(t, s, "go_1")
	if a, err := s.Agent(ctx, "py_1"); err != nil || a.Role != "python_worker" || !a.Alive || a.Parent != "" || a.Capacity != 1000 {
		t.Errorf("%+v, %v", a, err)
	}
	if err := s.Heartbeat(ctx, "py_1", 0); err != nil {
		t.Errorf("a heartbeat for it: %v", err)
	}

	heard := listen(t, c)
	run(t, server, "send", "py_1", "go_1", "grüße ✓")
	m, err := s.Receive(ctx, "go_1")
	if err != nil || m.From != "py_1" || m.To != "go_1" || fields(t, m.Content)["text"] != "grüße ✓" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := s.Send(ctx, "go_1", "py_1", `{"text": "grüße ✓", "n": 9007199254740993}`); err != nil {
		t.Fatal(err)
	}
	if got := run(t, server, "receive", "py_1"); got != `["go_1", "py_1", {"text": "gr\u00fc\u00dfe \u2713", "n": 9007199254740993}]` {
		t.Errorf("Python received %s", got)
	}
	for _, said := range heard(2) {
		if _, m := event(t, said); m["type"] != "new_message" || m["message_id"] == "" || m["from"] == "" || len(m) != 3 {
			t.Errorf("heard %s", said)
		}
	}

	for _, text := range []string{"small é", strings.Repeat("é😀x", 600_000)} {
		info, err := s.PutContext(ctx, "go_1", strings.NewReader(text), "")
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s %d %x", info.Version, len(text), sha256.Sum256([]byte(text)))
		if got := run(t, server, "context", "go_1"); got != want {
			t.Errorf("Python reads %s, want %s", got, want)
		}
	}
	text := strings.Repeat("é😀x", 9000)
	run(t, server, "share", "py_1", text, "1000")
	if got, info, err := s.GetContext(ctx, "py_1"); err != nil || string(got) != text || info.Chunks != 27 {
		t.Errorf("%d bytes of Python's in %d chunks, %v", len(got), info.Chunks, err)
	}
}

// work is who has done which tasks. A Python claim whose ZREM found nothing
// was made of a head that another had taken already: SET NX and ZREM are two
// steps, and nobody looks between whether the task is done.
type work struct {
	sync.Mutex
	by     map[string][]string
	gapped map[string]bool
}

func (w *work) done(id, who string, gap bool) {
	w.Lock()
	defer w.Unlock()
	w.by[id] = append(w.by[id], who)
	w.gapped[id] = w.gapped[id] || gap
}

func TestPythonAndWeShareQueuesAndNothingIsLostOrDoneTwice(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, c := open(t, server.URL())
	const each = 600
	w := &work{by: map[string][]string{}, gapped: map[string]bool{}}
	var posting, working sync.WaitGroup
	for n := range 2 {
		working.Go(func() {
			out := run(t, server, "work", "mixed", fmt.Sprint("py_", n), "4")
			for line := range strings.Lines(out) {
				var id string
				var taken int
				if _, err := fmt.Sscanf(line, "done %s %d", &id, &taken); err != nil {
					t.Errorf("%q: %v", line, err)
				}
				w.done(id, "py", taken == 0)
			}
		})
	}
	testredis.Eventually(t, "both Pythons look for work", func() bool {
		return strings.Count(c.ClientList(ctx).Val(), "cmd=zrange") == 2
	})
	for n := range 2 {
		posting.Go(func() { run(t, server, "post", "mixed", fmt.Sprint(each), fmt.Sprintf("py%d_", n)) })
		posting.Go(func() {
			for i := 0; i < each; i += 50 {
				tasks := make([]swarm.Task, 50)
				for k := range tasks {
					tasks[k] = swarm.Task{ID: fmt.Sprintf("go%d_%d", n, i+k), Queue: "mixed", Data: `{"n": 1}`, Priority: k % 5}
				}
				if _, err := s.PostMany(ctx, tasks); err != nil {
					t.Error(err)
				}
			}
		})
		working.Go(func() {
			agent := fmt.Sprint("go_", n)
			for idle := time.Now(); time.Since(idle) < 4*time.Second; {
				leases, err := s.ClaimMany(ctx, "mixed", agent, 1+2*n, time.Minute)
				if errors.Is(err, swarm.ErrNoTask) {
					_ = s.Wait(ctx, "mixed")
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				idle = time.Now()
				outcomes, err := s.CompleteMany(ctx, agent, leases, make([]string, len(leases)), 0)
				if err != nil {
					t.Error(err)
				}
				for i, err := range outcomes {
					if err == nil {
						w.done(leases[i].ID, "go", false)
					} else if !errors.Is(err, swarm.ErrDone) {
						t.Errorf("%s: %v", leases[i].ID, err)
					}
				}
			}
		})
	}
	posting.Wait()
	working.Wait()
	byWhom := map[string]int{}
	for id, who := range w.by {
		for _, one := range who {
			byWhom[one]++
		}
		if len(who) > 1 && !w.gapped[id] {
			t.Errorf("%s was done by %v", id, who)
		}
	}
	if len(w.by) != 4*each || byWhom["py"] == 0 || byWhom["go"] == 0 {
		t.Errorf("%d of %d tasks are done: %v", len(w.by), 4*each, byWhom)
	}
	if left := c.ZCard(ctx, "tasks:queue:mixed").Val(); left != 0 || c.Exists(ctx, "ifp:leased:mixed").Val() != 0 {
		t.Errorf("%d left", left)
	}
	doubled := byWhom["py"] + byWhom["go"] - len(w.by)
	t.Logf("%d tasks: %v; %d done again by Python within its own gap", len(w.by), byWhom, doubled)
}

func TestAPythonThatFallsBetweenItsTwoStepsIsMended(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s, c := open(t, server.URL())
	for i := range 5 {
		post(t, s, swarm.Task{ID: fmt.Sprint("t", i), Queue: "q", Priority: 9 - i})
	}
	cmd := python(server, "work", "q", "py_1", "60", "2")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := ""
	for lines := bufio.NewScanner(pipe); stuck == "" && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "between %s", &stuck)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if stuck != "t2" || c.ZScore(ctx, "tasks:queue:q", "t2").Err() != nil || c.Exists(ctx, "tasks:claimed:t2").Val() != 1 {
		t.Fatalf("it fell at %q", stuck)
	}
	// We pass it over.
	if l := claim(t, s, "q", "a", 0); l.ID != "t3" {
		t.Errorf("claimed %s", l.ID)
	}
	// The reaper sees it, and takes it from the head, where it blocks others.
	out, err := s.Reap(ctx)
	if err != nil || fmt.Sprint(kinds(out.Repairs)) != "[claim left in queue t2]" || c.ZRange(ctx, "tasks:queue:q", 0, 0).Val()[0] != "t4" {
		t.Errorf("mended %v, %v", kinds(out.Repairs), err)
	}
	// When its claim ends the task is there again.
	claim(t, s, "q", "a", 0)
	if l := eventuallyClaim(t, s, "q", "a", 0); l.ID != "t2" {
		t.Errorf("claimed %s", l.ID)
	} else if err := s.Complete(ctx, l, "{}", 0); err != nil {
		t.Error(err)
	}
}
