package swarm

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Operation is what records and entries of the carcel call the posting of a
// task; its key is that of the task's queue.
const Operation = "task"

// PostedEvent is what the ledger calls the posting of a task that was judged,
// in place of a packet's dispatch or release: the task goes its way without
// records, and nobody shall look for a packet.
const PostedEvent = "posted"

// Parcel is a task as the scripts take it that write either packets or tasks.
// trackingID is that of the packet as which it was judged: by it an erasure
// finds the task's data.
func (t Task) Parcel(trackingID string) []byte {
	text, _ := json.Marshal(map[string]any{ // strings cannot fail
		"id":    t.ID,
		"score": strconv.Itoa(-t.Priority),
		"meta": []string{
			"task_id", t.ID, "queue", t.Queue, "type", t.Type, "data", t.Data,
			"posted_by", t.PostedBy, "posted_at", t.PostedAt, "priority", strconv.Itoa(t.Priority),
			"tracking_id", trackingID,
		},
		"channel": keyspace.ChannelQueue(t.Queue),
		"event":   t.event(),
	})
	return text
}

// Contents are a task's data as the carcel keeps them: the object that the
// data is, else {"data": data}.
func (t Task) Contents() packet.Value {
	v, _, err := packet.ParseValue([]byte(t.Data))
	if err != nil { // some other program's
		v = packet.StringOf(t.Data)
	}
	if v.Kind() == packet.Object {
		return v
	}
	return packet.ObjectOf(packet.Member{Key: "data", Value: v})
}

// Label is the member "task" of an entry of the carcel: all of a task but its
// data, which are the entry's contents.
func (t Task) Label() packet.Member {
	v, _, err := packet.ParseValue([]byte(t.Data))
	return packet.Member{Key: "task", Value: packet.ObjectOf(
		str("task_id", t.ID), str("queue", t.Queue), str("type", t.Type), str("posted_by", t.PostedBy), str("posted_at", t.PostedAt),
		packet.Member{Key: "priority", Value: packet.IntOf(int64(t.Priority))},
		packet.Member{Key: "wrapped", Value: packet.BoolOf(err != nil || v.Kind() != packet.Object)})}
}

// FromEntry puts a task together again that an entry of the carcel holds:
// label is the value of its member "task". The error matches ErrName when the
// label names no task or no queue.
func FromEntry(label, contents packet.Value) (Task, error) {
	text := func(key string) string {
		v, _ := label.Get(key)
		s, _ := v.Text()
		return s
	}
	t := Task{ID: text("task_id"), Queue: text("queue"), Type: text("type"), PostedBy: text("posted_by"), PostedAt: text("posted_at")}
	priority, _ := label.Get("priority")
	n, _ := priority.Int()
	t.Priority = int(n)
	wrapped, _ := label.Get("wrapped")
	data, there := contents.Get("data")
	if yes, _ := wrapped.Bool(); !yes || !there || len(contents.Members()) != 1 {
		data = contents
	}
	t.Data = string(packet.AppendValueJSON(nil, data))
	for what, name := range map[string]string{"task id": t.ID, "queue": t.Queue} {
		if err := checkName(what, name, maxName); err != nil {
			return t, fmt.Errorf("the entry names no task: %w", err)
		}
	}
	return t, nil
}
