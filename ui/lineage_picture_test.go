package ui

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
)

// evidenceID is the tracking id of the nth packet of every feed here.
func evidenceID(n int) string {
	return fmt.Sprintf("%08x-e29b-41d4-a716-4466554400%02x", 0x550e8400+n*7919, n)
}

func goodVerdict(n int) seal.Verdict {
	return seal.Verdict{TrackingID: evidenceID(n), Schema: "valid", PaperDigest: custody.PaperBoth, Links: "intact", Seals: seal.SealsValid, Contents: "match",
		Destination: "here", Logged: fmt.Sprintf("included (%d)", 48_000+n), Fresh: "latest", Overall: seal.Verified}
}

func verdictRow(n int) lineage.Row {
	primitives := []string{"matrix.route", "resource.allocate", "signal.broadcast", "logistics.spawn"}
	keys := []string{"queue:matrix", "queue:energy-grid", "queue:ems-dispatch", "queue:integrated-operations-of-the-north"}
	origins := []string{"haiku_worker_2dd8", "sonnet_coordinator_bb74", "opus_secretariat_5e21", "haiku_worker_c6f5"}
	return lineage.Row{Seq: uint64(n + 1), At: ago(time.Duration(60-n) * time.Second), TrackingID: evidenceID(n), Key: keys[n%4], Operation: "rpush",
		Origin: origins[n%4], Primitive: primitives[n%4], Vertical: "energy-grid", Schema: "1.1", Position: int64(48_000 + n), Verdict: goodVerdict(n), Fate: lineage.Here}
}

// calmFeed is a swarm in order, but for a few packets of a program that seals
// none.
func calmFeed() *lineage.Picture {
	p := &lineage.Picture{Version: 1, Counts: lineage.Counts{Verified: 1_965, Unauthenticated: 31}}
	for i := range 60 {
		r := verdictRow(i)
		if i%11 == 7 {
			r.Origin, r.Schema, r.Primitive = "paper-dispatcher", "1.0", ""
			r.Verdict = seal.Verdict{TrackingID: r.TrackingID, Schema: "valid", PaperDigest: custody.PaperPrefixedJSON, Links: "absent", Seals: seal.SealsAbsent,
				Contents: "unsealed", Destination: "here", Logged: "not checked", Fresh: "not known", Overall: seal.Unauthenticated,
				Reasons: []string{"no seal: who sent it is only a claim"}}
		}
		p.Rows = append(p.Rows, r)
	}
	p.Census = lineage.Census{At: ago(8 * time.Second), From: 1, Looked: 1_204,
		Fates: map[lineage.Fate]int{lineage.Here: 1_204, lineage.Collected: 8_120, lineage.Held: 8, lineage.Presumed: 3}}
	return p
}

// badFeed has one of each that needs somebody.
func badFeed() *lineage.Picture {
	p := calmFeed()
	p.Version, p.Counts = 2, lineage.Counts{Verified: 1_965, Unauthenticated: 31, Incomplete: 1, Tampered: 2, Skipped: 214}
	edited := &p.Rows[52]
	edited.Origin, edited.Primitive, edited.Vertical, edited.Key = "haiku_worker_41fe", "process.kill", "nuclear-power", "queue:nuclear-power"
	edited.Verdict.Contents, edited.Verdict.Links, edited.Verdict.Overall = "edited", "broken at 1", seal.Tampered
	edited.Verdict.Reasons = []string{"the contents are not those that were sealed", "links broken at 1 under a seal"}
	broken := &p.Rows[44]
	broken.Origin, broken.Primitive = "haiku_worker_77ac", "packet.purge"
	broken.Verdict.Links, broken.Verdict.Overall = "broken at 3", seal.Tampered
	broken.Verdict.Reasons = []string{"entry 3 of the lineage was changed, or one before it was: its link is over something else"}
	stranger := &p.Rows[30]
	stranger.Origin = "haiku_worker_90c4"
	stranger.Verdict.Seals, stranger.Verdict.Overall = seal.KeyUnknown, seal.Incomplete
	stranger.Verdict.Reasons = []string{"the key 77f0a3b8… is not in the ring"}
	c := &p.Census
	c.Fates[lineage.Missing], c.Fates[lineage.Unlogged], c.Fates[lineage.Taken] = 1, 1, 2
	c.Suspects = []lineage.Row{
		{Seq: 900, At: c.At, TrackingID: evidenceID(70), Key: "queue:council", Origin: "sonnet_coordinator_07de", Position: 47_201, Fate: lineage.Missing},
		{Seq: 901, At: c.At, TrackingID: evidenceID(71), Key: "queue:matrix", Origin: "unknown-dispatcher", Fate: lineage.Unlogged},
		{Seq: 902, At: c.At, TrackingID: evidenceID(72), Key: "queue:archive", Origin: "haiku_worker_2dd8", Position: 47_004, Fate: lineage.Taken},
	}
	return p
}

func root(head string) (h ledger.Hash) {
	raw, _ := hex.DecodeString(head)
	copy(h[:], raw)
	return h
}

const logKey = "4f1c09aa00112233"

func checkpoint(size int64, head string, at time.Time) *ledger.Checkpoint {
	return &ledger.Checkpoint{Origin: "if.packet/ledger/main/0011223344556677", Size: size, Root: root(head), At: at, KeyID: logKey, Name: "log-eu"}
}

func calmLedger() *ledger.State {
	c := checkpoint(48_208, "9a3f1c77", ago(2*time.Second))
	return &ledger.State{Looked: ago(2 * time.Second), First: 1, Position: 48_211, Checkpoint: c, Seen: c}
}

func forkedLedger() *ledger.State {
	return &ledger.State{Looked: ago(time.Second), First: 1, Position: 12_911, Seen: checkpoint(12_408, "4f1c20be", ago(9*time.Hour)),
		Trouble: &ledger.Refused{Kind: ledger.ErrForked, Why: "record 8121 is not the one that was sealed"}}
}

// library answers for the packets of badFeed as the engine does.
type library struct {
	feed *lineage.Picture
	why  string // with which the ledger was accepted
}

func (l *library) SaveReport(r lineage.Report) (string, error) {
	return "/home/op/.local/share/ifpacket/exports/" + r.TrackingID[:8] + ".json", nil
}

func (l *library) AcceptLedger(_ context.Context, why string) (ledger.Accepted, error) {
	l.why = why
	return ledger.Accepted{Position: 12_912}, nil
}

func (l *library) Trace(_ context.Context, asked string, _ int) (lineage.Report, error) {
	for i := range l.feed.Rows {
		if r := &l.feed.Rows[i]; r.TrackingID == asked {
			return reportOf(r), nil
		}
	}
	for i := range l.feed.Census.Suspects {
		if s := &l.feed.Census.Suspects[i]; s.TrackingID == asked {
			return missingReport(s), nil
		}
	}
	return lineage.Report{Asked: asked, At: noon, Fate: lineage.Unknown, Why: "neither Redis nor the ledger knows it",
		Unproven: "there is no record", Whole: true, Lacks: []string{"no packet of this id is in any queue, in the carcel, or in its bin"}}, nil
}

func step(n int, kind, name string, at time.Time, state lineage.LinkState, sealed int, fields ...custody.Field) lineage.Step {
	return lineage.Step{Number: n, Entry: custody.Entry{Kind: kind, Name: name, At: at, Fields: fields, Raw: kind + ":" + name}, State: state, Sealed: sealed}
}

func record(position int64, event, id, key, actor string, at time.Time) ledger.Record {
	return ledger.Record{Position: position, Fields: []ledger.Field{{Name: "event", Value: event}, {Name: "tracking_id", Value: id}, {Name: "key", Value: key},
		{Name: "actor", Value: actor}, {Name: "ts", Value: fmt.Sprint(at.UnixMilli())}}}
}

func reportOf(r *lineage.Row) lineage.Report {
	sent := r.At.Add(-2 * time.Second)
	p := packet.New(r.Origin, packet.ObjectOf(packet.Member{Key: "primitive", Value: packet.StringOf(r.Primitive)},
		packet.Member{Key: "vertical", Value: packet.StringOf(r.Vertical)}, packet.Member{Key: "amount", Value: packet.IntOf(1200)}))
	p.TrackingID, p.DispatchedAt, p.SchemaVersion = r.TrackingID, packet.FormatTime(sent), r.Schema
	out := lineage.Report{
		Asked: r.TrackingID, TrackingID: r.TrackingID, Citation: "if://citation/" + r.TrackingID, At: noon,
		Places: []lineage.Place{{Key: r.Key, Type: "list", Slot: 17}}, Fate: r.Fate, Why: "it is in " + r.Key + ", where it was dispatched to",
		Packet: p, Found: true, Bytes: 1_412, Verdict: r.Verdict, Order: "not known", Whole: true, Unproven: "there is no record of it",
	}
	if r.Verdict.Overall == seal.Unauthenticated {
		out.Chain = []lineage.Step{
			step(1, "source", r.Origin, sent, lineage.LinkNone, 0),
			step(2, "guardian", "approval", sent.Add(time.Second), lineage.LinkNone, 0),
		}
		out.Lacks = []string{"a packet of schema 1.0 carries no seal"}
		return out
	}
	out.Order = "oldest first"
	states := [4]lineage.LinkState{lineage.LinkOK, lineage.LinkOK, lineage.LinkOK, lineage.LinkOK}
	switch {
	case r.Verdict.Links == "broken at 3":
		states[2], states[3] = lineage.LinkBroken, lineage.LinkAfter
	case r.Verdict.Contents == "edited":
		states = [4]lineage.LinkState{lineage.LinkBroken, lineage.LinkAfter, lineage.LinkAfter, lineage.LinkAfter}
		out.Edit = &lineage.Edit{Sealed: strings.Repeat("1d6a90ee", 8), Present: strings.Repeat("c04e77d1", 8), Known: "the decision record",
			Changes: []carcel.Change{{Path: "amount", From: "12", To: "1200"}, {Path: "route.hops[2]", To: `"queue:archive"`}}}
	}
	status, version := custody.Field{Key: "status", Value: "passed"}, custody.Field{Key: "version", Value: "1.1"}
	approved := custody.Field{Key: "status", Value: "approved"}
	out.Chain = []lineage.Step{
		step(1, "source", r.Origin, sent, states[0], 1),
		step(2, "action", "validate_schema", sent, states[1], 1, status, version),
		step(3, "action", "evaluate", sent, states[2], 1, approved, custody.Field{Key: "policy", Value: "default@46e1c0de"}),
		step(4, "action", "dispatch", sent, states[3], 1, approved),
	}
	out.Seals = []lineage.Sealed{{Seal: seal.Seal{KeyID: "9f2c710011223344", Destination: r.Key, Operation: "rpush", Upto: 4, At: sent, Size: 256, Index: 11}, Name: "swarm", Person: "ops"}}
	if r.Verdict.Seals == seal.KeyUnknown {
		out.Seals[0].Name, out.Seals[0].Person = "", ""
	}
	out.Decision = &governance.Recorded{DecisionID: "d", TrackingID: r.TrackingID, Status: governance.Approved, Reason: "no guardian objects", Policy: "default@46e1c0de", DecidedAt: sent.Format(time.RFC3339)}
	if r.Primitive == "process.kill" {
		out.Decision.Status, out.Decision.Reason = governance.CoSign, "Two-person rule required for process.kill"
		out.Decision.Guardians = []governance.Finding{{Guardian: "contrarian", Rule: "two-person", Status: governance.CoSign}}
		for i, name := range []string{"ops.lena", "ops.marek"} {
			out.Decision.Approvals = append(out.Decision.Approvals, governance.Approval{Act: governance.Approves, Name: name, Person: name,
				KeyID: fmt.Sprintf("9f2c7%d0011223344", i), At: sent.Add(time.Duration(i) * time.Second).Format(time.RFC3339), Why: "feedwater model diverged"})
		}
		out.Records = append(out.Records, record(r.Position-4, "held", r.TrackingID, r.Key, r.Origin, sent))
	}
	out.Records = append(out.Records, record(r.Position, "dispatched", r.TrackingID, r.Key, r.Origin, sent))
	out.Proof = &ledger.Proof{Record: out.Records[len(out.Records)-1], Index: r.Position - 1, Path: make([]ledger.Hash, 16), Checkpoint: *checkpoint(48_208, "9a3f1c77", ago(2*time.Second))}
	return out
}

func missingReport(r *lineage.Row) lineage.Report {
	sent := ago(20 * time.Minute)
	return lineage.Report{Asked: r.TrackingID, TrackingID: r.TrackingID, Citation: "if://citation/" + r.TrackingID, At: noon, Fate: r.Fate,
		Why: "it was dispatched to " + r.Key + " until 12:40:00; nobody recorded taking it, and all consumers of that queue do", Whole: true,
		Records:  []ledger.Record{record(r.Position, "dispatched", r.TrackingID, r.Key, r.Origin, sent)},
		Unproven: "record 47,201 is not under a checkpoint yet", Lacks: []string{"the packet itself: only its digest is known"}}
}
