package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

// MaxWindow is how many values one Window reads at most.
const MaxWindow = 200

// Value is one value of a key as it is shown: a packet, a message, a task, or
// bytes that are none of these.
type Value struct {
	Label  string       // its place in a list, or a task's priority
	Record packet.Value // a task or a message as an object; null for all else
	dispatch.Item
}

// Window reads some values of a queue, from an offset on, without changing
// anything and without reading the rest.
func (e *Engine) Window(ctx context.Context, q watch.Queue, from, count int64) ([]Value, error) {
	count = min(count, MaxWindow)
	if q.Class == keyspace.TaskWaiting && q.Type == keyspace.TypeZSet {
		return e.taskWindow(ctx, q.Key, from, count)
	}
	r := dispatch.Request{Key: q.Key, IncludeExpired: true}
	switch q.Type {
	case keyspace.TypeList:
		r.Op, r.Index, r.Stop = dispatch.LRange, from, from+count-1
	case keyspace.TypeString:
		r.Op = dispatch.Get
	case keyspace.TypeNone, "":
		return nil, nil
	default:
		return nil, fmt.Errorf("%s holds a %s, whose values are not shown here", q.Key, q.Type)
	}
	found, err := e.collector.Collect(ctx, r)
	if err != nil {
		return nil, err
	}
	values := make([]Value, len(found.Items))
	for i, item := range found.Items {
		values[i] = Value{Label: strconv.FormatInt(from+int64(i), 10), Item: item}
		if q.Class == keyspace.Inbox {
			values[i].Record = messageRecord(item.Raw)
		}
	}
	return values, nil
}

// taskWindow reads waiting tasks, most urgent first, with what is known of
// each.
func (e *Engine) taskWindow(ctx context.Context, key string, from, count int64) ([]Value, error) {
	ids, err := e.store.Commands().ZRangeWithScores(ctx, key, from, from+count-1).Result()
	if err != nil {
		return nil, e.store.Explain("zrange", key, err)
	}
	metas := make([]*redis.MapStringStringCmd, len(ids))
	err = e.store.Read(ctx, func(p redis.Pipeliner) {
		for i, z := range ids {
			metas[i] = p.HGetAll(ctx, keyspace.TaskMeta(fmt.Sprint(z.Member)))
		}
	})
	if err != nil {
		return nil, err
	}
	values := make([]Value, len(ids))
	for i, z := range ids {
		values[i] = Value{
			Label:  "p" + strconv.FormatFloat(-z.Score, 'f', -1, 64),
			Record: taskRecord(fmt.Sprint(z.Member), metas[i].Val()),
		}
	}
	return values, nil
}

// messageRecord is a message with its content unfolded, null when it is none.
func messageRecord(raw []byte) packet.Value {
	message, _, err := packet.ParseValue(raw)
	if err != nil || message.Kind() != packet.Object {
		return packet.NullValue
	}
	return unfold(message, "content")
}

// unfold replaces JSON that stands in a string by what it says.
func unfold(record packet.Value, name string) packet.Value {
	folded, _ := record.Get(name)
	text, isText := folded.Text()
	if !isText {
		return record
	}
	inner, _, err := packet.ParseValue([]byte(text))
	if err != nil {
		return record
	}
	return record.With(name, inner)
}

// taskRecord is a task as an object, its data unfolded.
func taskRecord(id string, fields map[string]string) packet.Value {
	record := packet.ObjectOf(packet.Member{Key: "task_id", Value: packet.StringOf(id)})
	for _, name := range []string{"type", "queue", "priority", "posted_by", "posted_at", "data"} {
		text, there := fields[name]
		if !there {
			continue
		}
		record = record.With(name, packet.StringOf(text))
	}
	return unfold(record, "data")
}
