package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"
)

// Exec does each task with a command of its own. The command reads the task as
// one JSON object from stdin:
//
//	{"task_id", "queue", "type", "data", "priority", "posted_by", "posted_at", "attempt"}
//
// a sub-worker's also "context" and "context_version", what its parent shares,
// and prints its result, which is JSON, on stdout; nothing stands for {}. In
// its environment are IFPACKET_AGENT_ID, IFPACKET_PARENT_ID and
// IFPACKET_TASK_ID. It fails the task by ending with another code than 0, by
// printing what is no JSON, more than MaxOutput, or by taking longer than
// Timeout. When it must end, it and all that it started are told so, and
// killed two seconds later.
type Exec struct {
	Command   string        // for the shell
	Timeout   time.Duration // for one task; none when 0
	MaxOutput int           // bytes of stdout; 1 MiB when 0
	Env       []string      // more for the environment, NAME=value
}

const (
	maxOutput  = 1 << 20
	maxTail    = 1 << 10 // of stderr, for the reason of a failure
	killsAfter = 2 * time.Second
)

var (
	errTimeout = errors.New("it took too long")
	errFlood   = errors.New("it printed too much")
)

// Do runs the command.
func (e Exec) Do(ctx context.Context, j Job) (string, error) {
	input, err := json.Marshal(taskDocument(j))
	if err != nil {
		return "", err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if e.Timeout > 0 {
		timer := time.AfterFunc(e.Timeout, func() { end(errTimeout) })
		defer timer.Stop()
	}
	most := e.MaxOutput
	if most <= 0 {
		most = maxOutput
	}
	out := &limited{most: most, full: func() { end(errFlood) }}
	var complaints tail
	cmd := shell(ctx, e.Command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), out, &complaints
	cmd.Env = append(append(os.Environ(), e.Env...),
		"IFPACKET_AGENT_ID="+j.Agent, "IFPACKET_PARENT_ID="+j.Parent, "IFPACKET_TASK_ID="+j.ID)
	err = run(cmd)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTimeout):
		return "", fmt.Errorf("%w: killed after %s%s", errTimeout, e.Timeout, complaints.words())
	case errors.Is(cause, errFlood):
		return "", fmt.Errorf("%w: more than %d bytes%s", errFlood, most, complaints.words())
	case cause != nil:
		return "", cause
	case err != nil:
		return "", fmt.Errorf("%s%s", ended(err), complaints.words())
	}
	result := strings.TrimSpace(out.buf.String())
	if result != "" && !json.Valid([]byte(result)) {
		return "", fmt.Errorf("it printed no JSON: %.80q%s", result, complaints.words())
	}
	return result, nil
}

// taskDocument is what a command reads.
func taskDocument(j Job) any {
	data := json.RawMessage(j.Data)
	if !json.Valid(data) { // others may have posted it
		data, _ = json.Marshal(j.Data)
	}
	return struct {
		ID       string          `json:"task_id"`
		Queue    string          `json:"queue"`
		Type     string          `json:"type"`
		Data     json.RawMessage `json:"data"`
		Priority int             `json:"priority"`
		PostedBy string          `json:"posted_by"`
		PostedAt string          `json:"posted_at"`
		Attempt  int             `json:"attempt"`
		Context  string          `json:"context,omitempty"`
		Version  string          `json:"context_version,omitempty"`
	}{j.ID, j.Queue, j.Type, data, j.Priority, j.PostedBy, j.PostedAt, j.Attempt, j.Context, j.ContextVersion}
}

func ended(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "it ended with " + exit.String()
	}
	return err.Error()
}

// limited keeps what is written up to a limit.
type limited struct {
	buf  bytes.Buffer
	most int
	full func()
}

func (l *limited) Write(p []byte) (int, error) {
	if l.buf.Len()+len(p) > l.most {
		l.full()
		return len(p), nil // the command is about to end; it need not see a broken pipe
	}
	return l.buf.Write(p)
}

// tail keeps the end of what is written.
type tail struct{ end []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.end = append(t.end, p...)
	if over := len(t.end) - maxTail; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return len(p), nil
}

// words are the last words for a person, "" when there are none.
func (t *tail) words() string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(t.end), "\uFFFD")), " ")
	if text == "" {
		return ""
	}
	if n := utf8.RuneCountInString(text); n > 300 {
		text = "…" + string([]rune(text)[n-300:])
	}
	return "; stderr: " + text
}
