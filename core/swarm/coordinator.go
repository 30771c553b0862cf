package swarm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	// HeartbeatTTL is how long a heartbeat lasts unless an agent says otherwise.
	HeartbeatTTL = 300 * time.Second
	// ClaimTTL is how long a claim lasts unless it says otherwise.
	ClaimTTL = 60 * time.Second
	// claimReach is how many waiting tasks a claim looks at: those before it
	// that somebody claimed without taking them out of the queue are passed.
	claimReach = 16
)

// What the coordinator refuses, for errors.Is.
var (
	ErrNoTask    = errors.New("no task waits")
	ErrNoMessage = errors.New("no message waits")
	ErrNotHolder = errors.New("the claim is not held by this agent")
	ErrNoAgent   = errors.New("no such agent")
	ErrTaskID    = errors.New("task id in use")
)

var (
	registerScript  = store.LoadScript("register")
	heartbeatScript = store.LoadScript("heartbeat")
	retireScript    = store.LoadScript("retire")
	postScript      = store.LoadScript("post")
	claimScript     = store.LoadScript("claim")
	completeScript  = store.LoadScript("complete")
	sendScript      = store.LoadScript("send")
	receiveScript   = store.LoadScript("receive")
)

// Coordinator carries out the acts of agents. It is safe for use by many
// goroutines.
type Coordinator struct{ store *store.Store }

// New makes a coordinator on a store.
func New(s *store.Store) *Coordinator { return &Coordinator{s} }

// Agent is what an agent says of itself when it registers.
type Agent struct {
	ID       string         // made from the role when empty
	Role     string         // such as haiku_worker
	Parent   string         // "" for none
	Capacity int            // how much context it takes, in tokens
	Metadata map[string]any // anything else
	BeatTTL  time.Duration  // how long its heartbeats last; HeartbeatTTL when 0
}

// Register makes an agent known and alive and returns its id. Registering an
// id again renews it.
func (c *Coordinator) Register(ctx context.Context, a Agent) (id string, err error) {
	if a.Role == "" {
		return "", errors.New("register: an agent needs a role")
	}
	if a.ID == "" {
		a.ID = a.Role + "_" + randomHex(4)
	}
	parent, siblings := "none", ""
	if a.Parent != "" {
		parent, siblings = a.Parent, keyspace.Subagents(a.Parent)
	}
	if a.Metadata == nil {
		a.Metadata = map[string]any{}
	}
	metadata, err := json.Marshal(a.Metadata)
	if err != nil {
		return "", fmt.Errorf("register %s: metadata: %w", a.ID, err)
	}
	keys := []string{keyspace.Agent(a.ID), keyspace.Heartbeat(a.ID), keyspace.SwarmSessions}
	if siblings != "" {
		keys = append(keys, siblings)
	}
	_, _, err = c.store.Run(ctx, registerScript, keys,
		a.ID, a.Role, parent, a.Capacity, stamp(), metadata, beatNow(), seconds(a.BeatTTL, HeartbeatTTL), keyspace.ChannelBroadcast)
	return a.ID, err
}

// Heartbeat says that an agent lives.
func (c *Coordinator) Heartbeat(ctx context.Context, id string, ttl time.Duration) error {
	status, _, err := c.store.Run(ctx, heartbeatScript,
		[]string{keyspace.Heartbeat(id), keyspace.Agent(id)}, beatNow(), seconds(ttl, HeartbeatTTL))
	if err == nil && status == "NONE" {
		return fmt.Errorf("heartbeat %s: %w; register it first", id, ErrNoAgent)
	}
	return err
}

// Retire takes an agent that is done out of the swarm.
func (c *Coordinator) Retire(ctx context.Context, id, parent string) error {
	keys := []string{keyspace.Agent(id), keyspace.Heartbeat(id), keyspace.SwarmSessions}
	if parent != "" {
		keys = append(keys, keyspace.Subagents(parent))
	}
	_, _, err := c.store.Run(ctx, retireScript, keys, id)
	return err
}

// Task is one piece of work.
type Task struct {
	ID       string
	Queue    string
	Type     string
	Data     string // JSON
	PostedBy string
	Priority int // higher goes first
}

// Post puts a task into its queue and returns its id. An id that is taken
// gives ErrTaskID, and the task that has it stays as it is.
func (c *Coordinator) Post(ctx context.Context, t Task) (id string, err error) {
	if t.Queue == "" {
		return "", errors.New("post: a task needs a queue")
	}
	if t.Data == "" {
		t.Data = "{}"
	}
	if !json.Valid([]byte(t.Data)) {
		return "", fmt.Errorf("post to %s: the task's data is not JSON", t.Queue)
	}
	if t.ID == "" {
		t.ID = "task_" + randomHex(6)
	}
	status, _, err := c.store.Run(ctx, postScript,
		[]string{keyspace.TaskQueue(t.Queue), keyspace.TaskMeta(t.ID)},
		t.ID, t.Queue, t.Type, t.Data, t.PostedBy, stamp(), t.Priority, keyspace.ChannelQueue(t.Queue))
	if err == nil && status == "DUP" {
		return t.ID, fmt.Errorf("post %s: %w", t.ID, ErrTaskID)
	}
	return t.ID, err
}

// Claim takes the most urgent task of a queue for an agent, for as long as
// the claim lasts. Without one the error is ErrNoTask.
func (c *Coordinator) Claim(ctx context.Context, queue, agentID string, ttl time.Duration) (Task, error) {
	claim, _ := json.Marshal(map[string]string{"agent_id": agentID, "claimed_at": stamp()})
	status, rest, err := c.store.Run(ctx, claimScript, []string{keyspace.TaskQueue(queue)},
		claim, seconds(ttl, ClaimTTL), claimReach, keyspace.TaskClaimed(""), keyspace.TaskMeta(""), keyspace.TaskCompleted(""))
	if err != nil {
		return Task{}, err
	}
	if status == "NONE" {
		return Task{}, ErrNoTask
	}
	t := Task{ID: store.Text(rest[0]), Queue: queue}
	fields, _ := rest[1].([]any)
	for i := 0; i+1 < len(fields); i += 2 {
		value := store.Text(fields[i+1])
		switch store.Text(fields[i]) {
		case "type":
			t.Type = value
		case "data":
			t.Data = value
		case "posted_by":
			t.PostedBy = value
		case "priority":
			t.Priority, _ = strconv.Atoi(value)
		}
	}
	return t, nil
}

// Complete ends a task that the agent holds. With keep the task's records go
// after that time; without they stay.
func (c *Coordinator) Complete(ctx context.Context, taskID, agentID, result string, keep time.Duration) error {
	if result == "" {
		result = "{}"
	}
	if !json.Valid([]byte(result)) {
		return fmt.Errorf("complete %s: the result is not JSON", taskID)
	}
	status, _, err := c.store.Run(ctx, completeScript,
		[]string{keyspace.TaskClaimed(taskID), keyspace.TaskCompleted(taskID), keyspace.TaskMeta(taskID)},
		taskID, agentID, stamp(), result, int(keep.Seconds()), keyspace.ChannelAgent(agentID))
	if err == nil && status == "NOTHELD" {
		return fmt.Errorf("complete %s: %w", taskID, ErrNotHolder)
	}
	return err
}

// Message is one thing said by one agent to another.
type Message struct {
	ID        string `json:"message_id"`
	From      string `json:"from"`
	To        string `json:"to"`
	Timestamp string `json:"timestamp"`
	Content   string `json:"content"` // JSON in a string
}

// Send puts a message into an agent's inbox and returns its id.
func (c *Coordinator) Send(ctx context.Context, from, to, content string) (id string, err error) {
	if !json.Valid([]byte(content)) {
		return "", fmt.Errorf("send to %s: the content is not JSON", to)
	}
	m := Message{ID: "msg_" + randomHex(4), From: from, To: to, Timestamp: stamp(), Content: content}
	raw, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("send to %s: %w", to, err)
	}
	event, _ := json.Marshal(map[string]string{"type": "new_message", "message_id": m.ID, "from": from})
	_, _, err = c.store.Run(ctx, sendScript, []string{keyspace.Messages(to)}, raw, keyspace.ChannelAgent(to), event)
	return m.ID, err
}

// Receive takes the oldest message out of an agent's inbox, or returns
// ErrNoMessage.
func (c *Coordinator) Receive(ctx context.Context, agentID string) (Message, error) {
	status, rest, err := c.store.Run(ctx, receiveScript, []string{keyspace.Messages(agentID)})
	if err != nil {
		return Message{}, err
	}
	if status == "NONE" {
		return Message{}, ErrNoMessage
	}
	var m Message
	if err := json.Unmarshal([]byte(store.Text(rest[0])), &m); err != nil {
		return Message{Content: store.Text(rest[0])}, fmt.Errorf("receive for %s: what was in the inbox is no message: %w", agentID, err)
	}
	return m, nil
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z") }

func beatNow() string {
	return strconv.FormatFloat(float64(time.Now().UnixMicro())/1e6, 'f', 6, 64)
}

func seconds(d, preset time.Duration) int {
	if d <= 0 {
		d = preset
	}
	return max(1, int(d.Seconds()))
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
