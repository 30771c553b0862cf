package swarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// MaxPost is how many tasks one PostMany takes.
const MaxPost = 1000

var postScript = taskScript("post")

// Task is one piece of work.
type Task struct {
	ID       string // made when empty
	Queue    string
	Type     string
	Data     string // JSON
	PostedBy string
	PostedAt string // set when it is posted
	Priority int    // higher goes first
}

// Posted is what became of a task that was to be posted.
type Posted struct {
	ID   string
	Held bool // the council did not approve it: it lies in the carcel
	Err  error

	// Of a task that was judged:
	Decision   governance.Status
	Reason     string
	TrackingID string // under which decision and entry are found
	DecisionID string
}

// Judge decides on tasks that name a primitive, as on packets with that
// primitive.
type Judge interface {
	// PostTasks posts the tasks that are approved and puts the others into the
	// carcel, each in one atomic step with its records. There is one outcome
	// for each task, in their order.
	PostTasks(ctx context.Context, tasks []Task) ([]Posted, error)
}

// Post puts a task into its queue. An id that is taken gives ErrTaskID, and
// the task that has it stays as it is: so a post whose answer was lost can be
// repeated with the same id, which comes back with the error too. A task that names a primitive is judged first;
// when it is not approved it is held, which is no error. Other errors match
// ErrName, ErrNoJudge.
func (c *Coordinator) Post(ctx context.Context, t Task) (Posted, error) {
	posted, err := c.PostMany(ctx, []Task{t})
	if err != nil && len(posted) == 1 {
		return posted[0], err
	}
	if err != nil {
		return Posted{}, err
	}
	return posted[0], posted[0].Err
}

// PostMany posts up to MaxPost tasks in one round trip, or two when some are
// to be judged. An error of one task is in its outcome; the error returned is
// of all of them, and then nothing is known to be posted, but the ids that they have, if
// they got so far, are in the outcomes for those who repeat it.
func (c *Coordinator) PostMany(ctx context.Context, tasks []Task) ([]Posted, error) {
	if len(tasks) > MaxPost {
		return nil, fmt.Errorf("post: %d tasks are too many at once; at most %d are taken", len(tasks), MaxPost)
	}
	posted := make([]Posted, len(tasks))
	var free, judged []Task
	var freeAt, judgedAt []int
	now := stamp()
	for i, t := range tasks {
		governed, err := t.prepare(now)
		if err != nil {
			return nil, err
		}
		posted[i].ID = t.ID
		if governed {
			judged, judgedAt = append(judged, t), append(judgedAt, i)
		} else {
			free, freeAt = append(free, t), append(freeAt, i)
		}
	}
	if len(judged) > 0 && c.judge == nil {
		return nil, fmt.Errorf("post %s: %w", judged[0].ID, ErrNoJudge)
	}
	if err := c.postFree(ctx, free, freeAt, posted); err != nil {
		return posted, err
	}
	if len(judged) > 0 {
		outcomes, err := c.judge.PostTasks(ctx, judged)
		if err != nil && len(free) == 0 {
			return posted, err
		}
		for n, i := range judgedAt {
			if err != nil { // the others are posted: that must be told
				posted[i].Err = err
			} else {
				posted[i] = outcomes[n]
			}
		}
	}
	return posted, nil
}

// postFree posts tasks that nobody judges.
func (c *Coordinator) postFree(ctx context.Context, tasks []Task, places []int, posted []Posted) error {
	if len(tasks) == 0 {
		return nil
	}
	args := make([]any, 1, 1+8*len(tasks))
	args[0] = keyspace.ChannelsQueues
	for _, t := range tasks {
		args = append(args, t.ID, t.Queue, t.Type, t.Data, t.PostedBy, t.PostedAt, t.Priority, t.event())
	}
	_, taken, err := c.runTask(ctx, postScript, []string{keyspace.TaskQueue(tasks[0].Queue)}, args...)
	if err != nil {
		return err
	}
	for _, nth := range taken {
		if n := number(nth); n >= 1 && n <= int64(len(tasks)) {
			posted[places[n-1]].Err = fmt.Errorf("post %s: %w", tasks[n-1].ID, ErrTaskID)
		}
	}
	return nil
}

// prepare fills in what a task leaves out, refuses what makes no sense, and
// tells whether the task is to be judged.
func (t *Task) prepare(now string) (governed bool, err error) {
	if t.Queue == "" {
		return false, errors.New("post: a task needs a queue")
	}
	if err := checkName("queue", t.Queue, maxName); err != nil {
		return false, fmt.Errorf("post: %w", err)
	}
	if t.Data == "" {
		t.Data = "{}"
	}
	if !json.Valid([]byte(t.Data)) || !utf8.ValidString(t.Data) {
		return false, fmt.Errorf("post to %s: the task's data is not JSON", t.Queue)
	}
	if t.ID == "" {
		t.ID = "task_" + randomHex(6)
	}
	if err := checkName("task id", t.ID, maxName); err != nil {
		return false, fmt.Errorf("post to %s: %w", t.Queue, err)
	}
	if !utf8.ValidString(t.Type) || !utf8.ValidString(t.PostedBy) {
		return false, fmt.Errorf("post to %s: %w: type or poster is not UTF-8", t.Queue, ErrName)
	}
	t.PostedAt = now
	return t.governed(), nil
}

// governed reports whether a task's data is an object that names a primitive,
// were it a second time or by an escape.
func (t *Task) governed() bool {
	if !strings.Contains(t.Data, "primitive") && !strings.Contains(t.Data, `\`) {
		return false
	}
	v, _, err := packet.ParseValue([]byte(t.Data))
	return err != nil || NamesPrimitive(v)
}

// NamesPrimitive reports whether contents name a primitive, so that they are
// judged.
func NamesPrimitive(contents packet.Value) bool {
	if contents.Kind() != packet.Object {
		return false
	}
	for _, m := range contents.Members() {
		if m.Key == "primitive" && !m.Value.IsNull() {
			return true
		}
	}
	return false
}

// event is what the queue's channel is told of a new task.
func (t *Task) event() string { return taskPosted(t.ID, t.Type, t.Priority) }

func taskPosted(id, kind string, priority int) string {
	return string(packet.AppendValueJSON(nil, packet.ObjectOf(
		str("type", "task_posted"), str("task_id", id), str("task_type", kind),
		packet.Member{Key: "priority", Value: packet.IntOf(int64(priority))})))
}

func str(key, value string) packet.Member {
	return packet.Member{Key: key, Value: packet.StringOf(value)}
}
