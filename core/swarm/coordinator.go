package swarm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// What the coordinator refuses, for errors.Is.
var (
	ErrName         = errors.New("not a usable name")
	ErrNoAgent      = errors.New("no such agent")
	ErrParentLoop   = errors.New("an agent cannot descend from itself")
	ErrNoTask       = errors.New("no task waits")
	ErrTaskID       = errors.New("task id in use")
	ErrUnknownTask  = errors.New("no such task")
	ErrNotHolder    = errors.New("the claim is not held by this agent")
	ErrDone         = errors.New("the task is completed already")
	ErrClaimed      = errors.New("somebody works on the task")
	ErrWaits        = errors.New("the task waits in its queue already")
	ErrNoJudge      = errors.New("the task names a primitive, and nobody is here to judge it")
	ErrBusy         = errors.New("others keep changing it; try again")
	ErrNoMessage    = errors.New("no message waits")
	ErrNoContext    = errors.New("the agent shares no context")
	ErrContextSize  = errors.New("the context is too large")
	ErrContextText  = errors.New("a context is text in UTF-8")
	ErrContextOther = errors.New("the context has another version by now")
	ErrContextCut   = errors.New("the context was cut short")
	ErrContextMixed = errors.New("the context is not the one that its version names")
)

// Coordinator carries out the acts of agents. It is safe for use by many
// goroutines.
type Coordinator struct {
	store *store.Store
	judge Judge
	space keyspace.Partition
	limit int // of a context, in bytes
}

// New makes a coordinator on a store.
func New(s *store.Store) *Coordinator {
	return &Coordinator{store: s, space: keyspace.Main, limit: ContextLimit}
}

// JudgeWith makes the coordinator hand tasks that name a primitive to a judge;
// without one they are refused. It is called before the first act.
func (c *Coordinator) JudgeWith(j Judge) *Coordinator {
	c.judge = j
	return c
}

// taskNames are the first arguments of every script on tasks.
var taskNames = []any{
	keyspace.TasksClaimed, keyspace.TasksMeta, keyspace.TasksCompleted,
	keyspace.TasksQueue, keyspace.TasksDelayed, keyspace.TasksLeased,
}

func taskScript(name string) *store.Script { return store.LoadScript(name, "tasks") }

// runTask runs a script on tasks.
func (c *Coordinator) runTask(ctx context.Context, script *store.Script, keys []string, args ...any) (status string, rest []any, err error) {
	all := make([]any, 0, len(taskNames)+len(args))
	return c.store.Run(ctx, script, keys, append(append(all, taskNames...), args...)...)
}

const (
	maxAgentID = 128 // bytes
	maxName    = 256
)

// CheckAgentID reports what is wrong with the id of an agent that is about to
// join: it stands between colons in keys, and on one line everywhere else. The
// error matches ErrName.
func CheckAgentID(id string) error {
	if id == "metadata" || id == "none" {
		return fmt.Errorf("%w: agent id %q has a meaning of its own", ErrName, id)
	}
	if err := checkName("agent id", id, maxAgentID); err != nil {
		return err
	}
	for i := range len(id) {
		if id[i] == ':' {
			return fmt.Errorf("%w: agent id %q holds a colon, which ends an id within a key", ErrName, id)
		}
	}
	return nil
}

func checkName(what, name string, most int) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: the %s is empty", ErrName, what)
	case len(name) > most:
		return fmt.Errorf("%w: the %s is %d bytes long; at most %d are allowed", ErrName, what, len(name), most)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %s %q is not UTF-8", ErrName, what, name)
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return fmt.Errorf("%w: %s %q holds a control character", ErrName, what, name)
		}
	}
	return nil
}

func stamp() string { return packet.FormatMicros(time.Now()) }

func beatNow() string {
	return strconv.FormatFloat(float64(time.Now().UnixMicro())/1e6, 'f', 6, 64)
}

func seconds(d, preset time.Duration) int {
	if d <= 0 {
		d = preset
	}
	return max(1, int(d.Seconds()))
}

func millis(d, preset time.Duration) int64 {
	if d <= 0 {
		d = preset
	}
	return max(1, d.Milliseconds())
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// number reads a whole number in a script's answer, as text or not.
func number(v any) int64 {
	if n, ok := v.(int64); ok {
		return n
	}
	n, _ := strconv.ParseInt(store.Text(v), 10, 64)
	return n
}
