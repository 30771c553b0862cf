package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// A worker with a command, told to stop by SIGTERM while a task is at hand.
func TestAWorkerHandsBackWhatItCannotFinishOnSIGTERM(t *testing.T) {
	server := testredis.Start(t)
	raw, ctx := server.Client(), context.Background()
	run := func(args ...string) string {
		t.Helper()
		o := console.Run(t, append(args, "--redis", server.URL())...)
		if o.Code != 0 {
			t.Fatal(args, o)
		}
		return o.Stdout
	}
	run("task", "post", "--queue", "q", "--data", `{"n": 1}`)
	worker, _, words := console.Command(t, "worker", "--redis", server.URL(), "--queue", "q", "--grace", "200ms", "--id", "worker_1",
		"--exec", `grep -q '"n":1' && echo '{"ok": true}' || sleep 60`)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	testredis.Eventually(t, "the first task is done", func() bool { return len(raw.Keys(ctx, "tasks:completed:*").Val()) == 1 })
	run("task", "post", "--queue", "q", "--data", `{"n": 2}`)
	testredis.Eventually(t, "the second one is claimed", func() bool { return len(raw.Keys(ctx, "tasks:claimed:*").Val()) == 1 })
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := worker.Wait(); err != nil {
		t.Errorf("it ended with %v; stderr: %s", err, words)
	}
	if claimed := run("task", "claim", "--queue", "q", "--agent", "other"); !strings.Contains(claimed, `{\"n\": 2}`) {
		t.Errorf("it was not handed back: %s", claimed)
	}
	if raw.Exists(ctx, "agents:worker_1").Val() != 0 {
		t.Error("it is still registered")
	}
}
