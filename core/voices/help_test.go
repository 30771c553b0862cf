package voices

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

const id = "550e8400-e29b-41d4-a716-446655440000"

// swarmCase is a swarm of which nothing is known, with changes.
func swarmCase(change ...func(*Case)) Case { return about(Swarm, change...) }

func about(on Subject, change ...func(*Case)) Case {
	c := Case{Subject: on, Now: noon, Snap: &watch.Snapshot{}, Life: 30 * 24 * time.Hour}
	for _, f := range change {
		f(&c)
	}
	return c
}

// hear lets one rule speak alone.
func hear(t testing.TB, name string, c Case) []Finding {
	t.Helper()
	for _, r := range rules {
		if r.name == name {
			var s said
			r.say(&c, &s)
			return s.findings
		}
	}
	t.Fatalf("there is no rule %q", name)
	return nil
}

func record(position int64, at time.Time, fields ...string) ledger.Record {
	r := ledger.Record{Position: position}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Fields = append(r.Fields, ledger.Field{Name: fields[i], Value: fields[i+1]})
	}
	r.Fields = append(r.Fields, ledger.Field{Name: "ts", Value: strconv.FormatInt(at.UnixMilli(), 10)})
	return r
}

func goodVerdict() seal.Verdict {
	return seal.Verdict{TrackingID: id, Schema: "valid", PaperDigest: custody.PaperBoth, Links: "intact", Seals: seal.SealsValid, Contents: "match",
		Destination: "here", Logged: "included (7)", Fresh: "latest", Overall: seal.Verified}
}

// traced is a packet that was dispatched a minute ago and lies in its queue.
func traced(change ...func(*lineage.Report)) func(*Case) {
	return func(c *Case) {
		p := packet.New("haiku", packet.MustValue(`{"primitive":"matrix.route"}`))
		p.TrackingID, p.DispatchedAt = id, "2026-03-01T11:59:00Z"
		r := &lineage.Report{TrackingID: id, Found: true, Packet: p, Bytes: 400, Fate: lineage.Here, Verdict: goodVerdict(),
			Places: []lineage.Place{{Key: "queue:x", Type: "list", Slot: 3}},
			Records: []ledger.Record{record(8, ago(time.Minute), "event", "dispatched", "tracking_id", id, "key", "queue:x", "actor", "haiku",
				"expires_at", strconv.FormatInt(noon.Add(time.Hour).UnixMilli(), 10))},
			Proof: &ledger.Proof{},
			Seals: []lineage.Sealed{{Seal: seal.Seal{KeyID: "9f2c", Upto: 2, At: ago(time.Minute)}, Name: "haiku-seal"}},
		}
		for _, f := range change {
			f(r)
		}
		c.Report = r
	}
}

func heldEntry(status governance.Status, change ...func(*carcel.Held)) func(*Case) {
	return func(c *Case) {
		h := &carcel.Held{Entry: carcel.Entry{SHA: strings.Repeat("a", 64), TrackingID: id, Decision: status, Reason: "Two-person rule", Key: "queue:x", Operation: "rpush",
			Origin: "haiku", Guardian: "contrarian", Rule: "kill", At: ago(time.Minute), Expires: noon.Add(30 * time.Minute), Given: 1, Required: 2, Size: 300}, Complete: true, Decided: "d1"}
		h.Packet.SchemaVersion, h.Packet.DispatchedAt = "1.1", "2026-03-01T11:59:00Z"
		for _, f := range change {
			f(h)
		}
		c.Held = h
		c.Snap.Carcel = watch.Carcel{Length: 1, Table: carcel.NewTable(&h.Entry)}
	}
}

func decided(d governance.Recorded) func(*Case) {
	return func(c *Case) {
		d.TrackingID, d.DecidedAt = id, "2026-03-01T11:59:01Z"
		c.Decision = &d
	}
}

func queues(list ...watch.Queue) func(*Case) {
	return func(c *Case) {
		for i := range list {
			list[i].Class, list[i].Type = keyspace.Classify(list[i].Key), keyspace.TypeList
		}
		c.Snap.Queues = list
	}
}

func agents(list ...watch.Agent) func(*Case) { return func(c *Case) { c.Snap.Agents = list } }

func records(list ...ledger.Record) func(*Case) { return func(c *Case) { c.Records = list } }

func feed(p lineage.Picture) func(*Case) { return func(c *Case) { c.Picture = &p } }

// growth is memory that grows evenly from a begin.
func growth(n int, step time.Duration, from, each int64) func(*Case) {
	return func(c *Case) {
		for i := range n {
			c.Memory = append(c.Memory, Memory{noon.Add(time.Duration(i-n+1) * step), from + int64(i)*each})
		}
	}
}

func server(used, limit int64) func(*Case) {
	return func(c *Case) { c.Snap.Server.UsedMemory, c.Snap.Server.MaxMemory = used, limit }
}
