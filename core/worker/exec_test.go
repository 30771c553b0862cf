//go:build unix

package worker

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/swarm"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func job(data string) Job {
	return Job{Task: swarm.Task{ID: "task_1", Queue: "q", Type: "t", Data: data, PostedBy: "p", Priority: 3}, Agent: "a_1", Parent: "b_1", Attempt: 2}
}

func TestACommandReadsItsTaskAndPrintsItsResult(t *testing.T) {
	out, err := Exec{Command: `cat; exec >&2; echo noise`}.Do(ctx, job(`{"n": 9007199254740993}`))
	if err != nil {
		t.Fatal(err)
	}
	var task struct {
		ID      string          `json:"task_id"`
		Data    json.RawMessage `json:"data"`
		Attempt int             `json:"attempt"`
	}
	if err := json.Unmarshal([]byte(out), &task); err != nil || task.ID != "task_1" || string(task.Data) != `{"n":9007199254740993}` || task.Attempt != 2 {
		t.Errorf("%s %v", out, err)
	}
	out, err = Exec{Command: `printf '"%s %s %s"' $IFPACKET_AGENT_ID $IFPACKET_PARENT_ID $IFPACKET_TASK_ID`}.Do(ctx, job(`{}`))
	if err != nil || out != `"a_1 b_1 task_1"` {
		t.Error(out, err)
	}
	if out, err = (Exec{Command: `true`}).Do(ctx, job("not JSON at all")); err != nil || out != "" {
		t.Error(out, err)
	}
}

func TestWhatGoesWrongWithACommandIsToldInOneLine(t *testing.T) {
	for command, want := range map[string]string{
		`echo boom >&2; exit 3`:             "exit status 3; stderr: boom",
		`echo hello`:                        `it printed no JSON: "hello"`,
		`yes | head -c 5000000`:             "it printed too much: more than 1048576 bytes",
		`echo working >&2; sleep 60`:        "it took too long: killed after 300ms; stderr: working",
		`trap '' TERM; sleep 60 & wait`:     "it took too long",
		`/no/such/program`:                  "exit status 127",
		`kill -9 $$`:                        "signal: killed",
		`printf 'a\nb\033[31m' >&2; exit 1`: "stderr: a b",
	} {
		begin := time.Now()
		_, err := Exec{Command: command, Timeout: 300 * time.Millisecond}.Do(ctx, job(`{}`))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", command, err, want)
		}
		if took := time.Since(begin); took > 4*time.Second {
			t.Errorf("%s took %s", command, took)
		}
	}
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func TestACommandIsEndedWithAllThatItStarted(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	stopping, stop := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := Exec{Command: `(trap '' TERM; sleep 60) & echo $! > ` + pids + `; sleep 60`}.Do(stopping, job(`{}`))
		ended <- err
	}()
	pid := 0
	testredis.Eventually(t, "the command has started its child", func() bool {
		text, _ := os.ReadFile(pids)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 0
	})
	stop(ErrStopped)
	if err := <-ended; !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
	testredis.Eventually(t, "its child is gone", func() bool { return !alive(pid) })
}

func TestAWorkerRunsCommandsForTasks(t *testing.T) {
	y := open(t, testredis.Start(t).URL())
	y.works(Exec{Command: `cat`}, Options{Parallel: 2})
	ids := y.posts("q", 10)
	testredis.Eventually(t, "all are done", func() bool { return y.doneAll(ids) })
	if !strings.Contains(y.result(ids[3]), `"data":{"n":3}`) {
		t.Error(y.result(ids[3]))
	}
}
