package swarm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// MaxReceive is how many messages one ReceiveMany takes.
const MaxReceive = 1000

var (
	sendScript    = store.LoadScript("send")
	receiveScript = store.LoadScript("receive")
)

// Message is one thing said by one agent to another.
type Message struct {
	ID        string `json:"message_id"`
	From      string `json:"from"`
	To        string `json:"to"`
	Timestamp string `json:"timestamp"`
	Content   string `json:"content"` // JSON in a string
	Raw       string `json:"-"`       // what was in the inbox
	Err       error  `json:"-"`       // why that is no message; then the rest is empty
}

// Send puts a message into an agent's inbox and returns its id.
func (c *Coordinator) Send(ctx context.Context, from, to, content string) (id string, err error) {
	if err := CheckAgentID(to); err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
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

// Receive takes the oldest message out of an agent's inbox. Without one the
// error matches ErrNoMessage; when what was there is no message the error says
// so, and it comes back as Raw and Content.
func (c *Coordinator) Receive(ctx context.Context, agentID string) (Message, error) {
	messages, err := c.ReceiveMany(ctx, agentID, 1)
	if err != nil {
		return Message{}, err
	}
	m := messages[0]
	if m.Err != nil {
		m.Content = m.Raw
		return m, fmt.Errorf("receive for %s: %w", agentID, m.Err)
	}
	return m, nil
}

// ReceiveMany takes up to n messages, the oldest first. What is no message is
// among them, with Raw and Err. Without any the error matches ErrNoMessage.
func (c *Coordinator) ReceiveMany(ctx context.Context, agentID string, n int) ([]Message, error) {
	status, rest, err := c.store.Run(ctx, receiveScript, []string{keyspace.Messages(agentID)}, min(max(n, 1), MaxReceive))
	if err != nil {
		return nil, err
	}
	if status == "NONE" {
		return nil, ErrNoMessage
	}
	messages := make([]Message, len(rest))
	for i := range rest {
		messages[i] = readMessage(store.Text(rest[i]))
	}
	return messages, nil
}

// Peek reads n messages from the nth on, the oldest being 0, and takes none.
// total is how many wait.
func (c *Coordinator) Peek(ctx context.Context, agentID string, first, n int64) (messages []Message, total int64, err error) {
	key := keyspace.Messages(agentID)
	var raw *redis.StringSliceCmd
	var length *redis.IntCmd
	err = c.store.Read(ctx, func(p redis.Pipeliner) {
		raw, length = p.LRange(ctx, key, max(first, 0), max(first, 0)+max(n, 1)-1), p.LLen(ctx, key)
	})
	if err == nil {
		err = c.store.Explain("peek", key, raw.Err())
	}
	if err != nil {
		return nil, 0, err
	}
	for _, text := range raw.Val() {
		messages = append(messages, readMessage(text))
	}
	return messages, length.Val(), nil
}

func readMessage(raw string) Message {
	var m Message
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		return Message{Raw: raw, Err: fmt.Errorf("what was in the inbox is no message: %w", err)}
	}
	m.Raw = raw
	return m
}
