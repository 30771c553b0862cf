package watch

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/swarm"
)

const (
	maxEvents = 500 // lines of activity that are shown; up to twice as many are kept
	maxMarks  = 100
)

// log appends a line to the activity.
func (m *model) log(e Event) {
	m.seq++
	e.Seq = m.seq
	if len(m.activity) >= 2*maxEvents {
		// A fresh slice: snapshots still hold the old one.
		m.activity = append(make([]Event, 0, 2*maxEvents), newest(m.activity, maxEvents)...)
	}
	m.activity = append(m.activity, e)
	m.changed.activity = true
}

// newest is the end of a list, with no room to append.
func newest[T any](list []T, n int) []T {
	return list[max(0, len(list)-n):len(list):len(list)]
}

// countEvents takes what the subscription told since the last read.
func (m *model) countEvents(t told) {
	m.notified.know(time.Now())
	m.notified.add(time.Now(), float64(t.events))
	for _, e := range t.said {
		m.log(e)
	}
}

// record takes one record of the ledger.
func (m *model) record(r redis.XMessage) {
	get := func(name string) string { return str(r.Values[name]) }
	m.ledger = position(r.ID)
	m.recorded = max(m.recorded, recordTime(r))
	e := Event{
		Kind: Decision, What: get("event"), Subject: get("tracking_id"), Where: get("key"),
		Who: get("actor"), Detail: get("policy"), Count: 1,
	}
	if n, err := strconv.Atoi(get("count")); err == nil && n > 0 {
		e.Count = n
	}
	e.At = m.recordedAt(r)
	switch e.What {
	case "dispatched", swarm.PostedEvent:
		m.throughput.add(e.At, float64(e.Count))
	case "held":
		m.held.add(e.At, float64(e.Count))
		m.mark(e.At, "held")
	case "blocked":
		m.refused.add(e.At, float64(e.Count))
		m.mark(e.At, "blocked")
	}
	m.log(e)
}

// recordedAt is when a record of the ledger was written, by our clock.
func (m *model) recordedAt(r redis.XMessage) time.Time {
	if ms := recordTime(r); ms > 0 {
		return m.local(time.UnixMilli(ms))
	}
	return time.Now()
}

// recordTime is what a record has as its time, in milliseconds since 1970; 0
// when it has none.
func recordTime(r redis.XMessage) int64 {
	ms, err := strconv.ParseInt(str(r.Values["ts"]), 10, 64)
	if err != nil || ms < 0 || ms > 1<<52 {
		return 0
	}
	return ms
}

// pastFrom says from when on the ledger's past is about to be told whole.
func (m *model) pastFrom(at time.Time) {
	for _, c := range []*counter{&m.throughput, &m.held, &m.refused} {
		c.know(time.Now())
		c.since(at)
	}
}

// skipRecords goes on to a position; the records between count as dispatched
// just now.
func (m *model) skipRecords(to int64) {
	if to > m.ledger {
		m.throughput.add(time.Now(), float64(to-m.ledger))
		m.ledger = to
	}
}

func (m *model) mark(at time.Time, kind string) {
	m.changed.throughput = true
	m.marks = append(m.marks, Mark{At: at, Kind: kind})
	if len(m.marks) > maxMarks {
		m.marks = append([]Mark(nil), m.marks[len(m.marks)-maxMarks:]...)
	}
}

// spoken makes an event of a message on a channel: who said it, what about,
// and the rest in words. Of what it does not know it keeps the text.
func spoken(channel, text string, at time.Time) Event {
	e := Event{At: at, Kind: Message, What: "message", Where: channel, Detail: text, Count: 1}
	var known struct {
		Type     string          `json:"type"`
		AgentID  string          `json:"agent_id"`
		Role     string          `json:"role"`
		Parent   string          `json:"parent_id"`
		TaskID   string          `json:"task_id"`
		TaskType string          `json:"task_type"`
		Priority json.RawMessage `json:"priority"`
		By       string          `json:"completed_by"`
		From     string          `json:"from"`
		Message  string          `json:"message_id"`
		Version  string          `json:"version"`
		Size     json.RawMessage `json:"size_bytes"`
		Fault    string          `json:"fault"`
		Subject  string          `json:"subject"`
		Did      string          `json:"did"`
	}
	if json.Unmarshal([]byte(text), &known) != nil || known.Type == "" {
		return e
	}
	e.What = known.Type
	e.Who = first(known.By, known.From)
	e.Subject = first(known.TaskID, known.Message, known.AgentID)
	switch known.Type {
	case "repaired":
		if channel == keyspace.ChannelRepairs {
			e.Kind = Repair
		}
		e.Subject, e.Detail = known.Subject, strings.TrimPrefix(known.Fault+": "+known.Did, ": ")
	case "agent_registered":
		e.Detail = known.Role
		if known.Parent != "" && known.Parent != "none" {
			e.Detail += " below " + known.Parent
		}
	case "task_posted":
		e.Detail = strings.TrimSpace(known.TaskType + " p" + string(known.Priority))
	case "context_updated":
		e.Detail = "version " + known.Version + ", " + string(known.Size) + " bytes"
	case "new_message", "task_completed":
		e.Detail = ""
	}
	return e
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
