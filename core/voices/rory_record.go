package voices

import (
	"fmt"
	"slices"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

const (
	// together is within what time packets to one key could have gone as a
	// batch without anybody waiting for them.
	together = time.Second
	// leastRecords is how many records a share is told of.
	leastRecords = 10
)

// concerns are the records about the case's queue, or all of them.
func (c *Case) concerns(r *ledger.Record) bool {
	return c.Subject.Kind != OfQueue || r.Get("key") == c.Subject.ID
}

// batching compares how packets went with how they could have gone: those of
// one actor to one key within a second can share a record and a round trip.
func batching(c *Case, s *said) {
	type stream struct{ key, actor, operation string }
	type run struct {
		begin time.Time
		n     int
	}
	open := map[stream]*run{}
	packets, single, batches, inBatch, possible, bytes := 0, 0, 0, 0, 0, 0
	var first *ledger.Record
	for i := range c.Records {
		r := &c.Records[i]
		if r.Event() != ledger.Dispatched || !c.concerns(r) {
			continue
		}
		packets += r.Count()
		if !r.Single() {
			batches, inBatch = batches+1, inBatch+r.Count()
			continue
		}
		single++
		for _, f := range r.Fields {
			bytes += len(f.Name) + len(f.Value)
		}
		if first == nil {
			first = r
		}
		k := stream{r.Get("key"), r.Get("actor"), r.Get("operation")}
		switch o := open[k]; {
		case o == nil || r.At().Sub(o.begin) > together || k.operation != "rpush" && k.operation != "lpush":
			open[k] = &run{r.At(), 1}
			possible++
		default:
			o.n++
		}
	}
	if packets < leastRecords || first == nil {
		return
	}
	done := fmt.Sprintf("%s of %s dispatched went alone", count(single), count(packets))
	if batches > 0 {
		done += fmt.Sprintf(", %s in %s of %.1f", count(inBatch), verb(batches, "1 batch", count(batches)+" batches"), float64(inBatch)/float64(batches))
	}
	ref := recordRef(first, first.Get("tracking_id"))
	saved := single - possible
	if saved*5 < single {
		near := "none"
		if saved > 0 {
			near = "only " + count(saved)
		}
		s.add(Well, fmt.Sprintf("%s; %s came within 1 s of another by the same actor.", done, near), ref)
		return
	}
	s.add(Note, fmt.Sprintf("%s. Batches within 1 s would make %s of those %s: %s and %s of ledger less.",
		done, counted(possible, "write"), count(single), counted(saved, "round trip"), size(float64(bytes)/float64(single)*float64(saved))), ref).
		command("sends batches", "ifpacket dispatch --batch -")
}

// formats compares the size of packets in both formats, by encoding them.
func formats(c *Case, s *said) {
	n, asJSON, asMsgpack, already := 0, 0, 0, 0
	for i := range c.Samples {
		if x := &c.Samples[i]; x.Msgpack > 0 && (c.Subject.Kind != OfQueue || x.Key == c.Subject.ID) {
			n, asJSON, asMsgpack = n+1, asJSON+x.JSON, asMsgpack+x.Msgpack
			if x.AsMsgpack {
				already++
			}
		}
	}
	if n == 0 {
		return
	}
	a, b := float64(asJSON)/float64(n), float64(asMsgpack)/float64(n)
	ref := packetRef(c.Samples[0].ID, fmt.Sprintf("%s measured", counted(n, "packet")))
	text := fmt.Sprintf("A packet takes %s as MessagePack, %s as JSON (%s, mean of %d)", size(b), size(a), change(a, b), n)
	switch {
	case already == n:
		s.add(Well, text+"; all are MessagePack.", ref)
	case b < 0.95*a:
		s.add(Note, fmt.Sprintf("%s; %d are JSON.", text, n-already), ref).command("sends MessagePack", "ifpacket dispatch --format msgpack")
	default:
		s.add(Well, text+": the format makes no difference.", ref)
	}
}

// waited is how long a packet lay in its key, and how long it might have.
type waited struct {
	wait, life time.Duration
	at         *ledger.Record
}

// waits pairs each packet's dispatch with its collection, both by the server's
// clock; expired counts those that nobody collected in time.
func (c *Case) waits() (list []waited, expired int, last *ledger.Record) {
	sent := map[ledger.ID]*ledger.Record{}
	for i := range c.Records {
		r := &c.Records[i]
		if !c.concerns(r) {
			continue
		}
		switch r.Event() {
		case ledger.Dispatched, ledger.Released:
			for _, id := range r.IDs() {
				sent[id] = r
			}
		case ledger.Expired:
			expired, last = expired+r.Count(), r
		case ledger.Collected:
			for _, id := range r.IDs() {
				from := sent[id]
				if from == nil {
					continue
				}
				w := waited{wait: r.At().Sub(from.At()), at: r}
				if !from.ExpiresAt().IsZero() {
					w.life = from.ExpiresAt().Sub(from.At())
				}
				list, last = append(list, w), r
			}
		}
	}
	return list, expired, last
}

// lives compares TTLs with how long packets really wait.
func lives(c *Case, s *said) {
	list, expired, last := c.waits()
	if len(list)+expired == 0 {
		return
	}
	ref := recordRef(last, "")
	if share := float64(expired) / float64(len(list)+expired); expired > 0 && share >= 0.01 {
		s.add(Watch, fmt.Sprintf("%s of %s ended before anybody took them (%s): their TTL is too short, or nobody takes.", count(expired), count(len(list)+expired), percent(share)), ref)
	}
	if len(list) < leastRecords {
		return
	}
	slices.SortFunc(list, func(a, b waited) int { return int(a.wait - b.wait) })
	p95 := list[(len(list)*95+99)/100-1].wait
	slices.SortFunc(list, func(a, b waited) int { return int(a.life - b.life) })
	life := list[len(list)/2].life
	if life <= 0 {
		return
	}
	text := fmt.Sprintf("95 of 100 packets wait at most %s, and live %s (median, %s)", span(p95), span(life), counted(len(list), "wait"))
	switch times := float64(life) / float64(max(p95, time.Millisecond)); {
	case times < 2:
		s.add(Watch, text+": the TTL leaves no room.", ref)
	case times > 100 && life > 10*time.Minute:
		s.add(Note, fmt.Sprintf("%s: a TTL of %s, 10 times the wait and 10m 00 at the least, frees decisions sooner.", text, span(max(10*p95, 10*time.Minute))), ref)
	default:
		s.add(Well, text+".", ref)
	}
}

func packetFormat(c *Case, s *said) {
	r := c.Report
	if r == nil || !r.Found {
		return
	}
	asJSON := len(packet.AppendJSON(nil, r.Packet))
	asMsgpack, err := packet.AppendMsgpack(nil, r.Packet)
	if err != nil {
		s.add(Note, fmt.Sprintf("It takes %s as JSON; MessagePack cannot hold it: %v.", size(float64(asJSON)), err), packetRef(r.TrackingID, "encoded"))
		return
	}
	custody := len(packet.AppendValueJSON(nil, r.Packet.ChainOfCustody))
	s.add(Note, fmt.Sprintf("It takes %s as JSON, %s as MessagePack (%s); %s of it is its chain of custody.", size(float64(asJSON)), size(float64(len(asMsgpack))),
		change(float64(asJSON), float64(len(asMsgpack))), percent(float64(custody)/float64(asJSON))), packetRef(r.TrackingID, "encoded"))
}

// packetWait tells how long one packet lay, against the life that it had.
func packetWait(c *Case, s *said) {
	if c.Report == nil {
		return
	}
	var sent *ledger.Record
	for i := range c.Report.Records {
		r := &c.Report.Records[i]
		switch r.Event() {
		case ledger.Dispatched, ledger.Released:
			sent = r
		case ledger.Collected:
			if sent != nil {
				s.add(Note, fmt.Sprintf("It waited %s of the %s that it might have.", span(r.At().Sub(sent.At())), span(sent.ExpiresAt().Sub(sent.At()))), recordRef(sent, c.Report.TrackingID), recordRef(r, c.Report.TrackingID))
				return
			}
		}
	}
	if sent != nil && len(c.Report.Places) > 0 {
		waiting := c.Now.Sub(sent.At())
		s.add(Note, fmt.Sprintf("It has waited %s so far, in %s.", span(waiting), keyspace.Label(c.Report.Places[0].Key)), recordRef(sent, c.Report.TrackingID))
	}
}
