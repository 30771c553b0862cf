package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
)

func (d *door) pictureTools() {
	add(d, tool{
		name: "status", title: "Status of the swarm",
		about: "How the swarm stands: server, policy, queues by depth, agents by state, tasks, what is held, the ledger, faults. " +
			"Compact: at most 20 queues, agents and faults each; the counts are whole. It reads the whole server, so do not poll it.",
	}, d.status)
	add(d, tool{
		name: "carcel_list", title: "List held packets",
		about: "List what the council did not approve, newest first, with reason and approvals. All filters that are given must hold. " +
			"Only persons approve, deny or discard, with the ifpacket command.",
	}, d.carcelList)
	add(d, tool{
		name: "trace", title: "Trace a packet",
		about: "All that is known of one packet, also one that is gone: its fate, where it is, the council's decision, its lineage, " +
			"what its evidence is worth, and what could not be found.",
	}, d.trace)
}

type none struct{}

// mostListed is how many queues, agents and faults a status names.
const mostListed = 20

type statusOut struct {
	Server  engine.ServerStatus  `json:"server"`
	Policy  string               `json:"policy" jsonschema:"the policy in force"`
	Agent   string               `json:"agent" jsonschema:"who acts in this session where a call names nobody"`
	Queues  []queueOut           `json:"queues" jsonschema:"the deepest first"`
	Agents  []agentOut           `json:"agents" jsonschema:"parents before their children"`
	Counts  countsOut            `json:"counts"`
	Ledger  string               `json:"ledger" jsonschema:"sealed, behind, unsealed, refused (then nothing is dispatched) or not known"`
	Trouble string               `json:"trouble,omitempty" jsonschema:"of the ledger"`
	Faults  []engine.FaultStatus `json:"faults"`
}

type queueOut struct {
	Key    string `json:"key"`
	Depth  int64  `json:"depth"`
	State  string `json:"state"`
	Oldest string `json:"oldest_at,omitempty"`
}

type agentOut struct {
	ID    string `json:"agent_id"`
	Role  string `json:"role"`
	State string `json:"state"`
	Inbox int64  `json:"inbox" jsonschema:"messages that wait"`
	Tasks int    `json:"tasks" jsonschema:"tasks that it works on"`
}

type countsOut struct {
	Queues     int            `json:"queues"`
	Agents     map[string]int `json:"agents" jsonschema:"by state"`
	Tasks      taskCounts     `json:"tasks"`
	Held       int64          `json:"held" jsonschema:"packets in the carcel"`
	HeldPerson int            `json:"held_for_a_person"`
	Faults     int            `json:"faults"`
}

type taskCounts struct {
	Waiting   int64 `json:"waiting"`
	Claimed   int   `json:"claimed"`
	Completed int   `json:"completed"`
	Lost      int   `json:"lost"`
}

func (d *door) status(ctx context.Context, _ none) (statusOut, error) {
	s, err := d.engine.Status(ctx)
	if err != nil {
		return statusOut{}, err
	}
	out := statusOut{
		Server: s.Server, Policy: s.Council, Agent: d.agent, Ledger: s.Ledger.State, Trouble: s.Ledger.Trouble,
		Queues: []queueOut{}, Agents: []agentOut{}, Faults: first(s.Faults),
		Counts: countsOut{
			Queues: len(s.Queues), Agents: map[string]int{}, Held: s.Carcel.Length, HeldPerson: s.Carcel.Waiting, Faults: len(s.Faults),
			Tasks: taskCounts{s.Tasks.Waiting, s.Tasks.Claimed, s.Tasks.Completed, s.Tasks.Lost},
		},
	}
	slices.SortStableFunc(s.Queues, func(a, b engine.QueueStatus) int { return int(b.Depth - a.Depth) })
	for _, q := range first(s.Queues) {
		out.Queues = append(out.Queues, queueOut{q.Key, q.Depth, q.State, q.Oldest})
	}
	for _, a := range s.Agents {
		out.Counts.Agents[a.State]++
	}
	for _, a := range first(s.Agents) {
		out.Agents = append(out.Agents, agentOut{a.ID, a.Role, a.State, a.Inbox, len(a.Claims)})
	}
	return out, nil
}

func first[T any](list []T) []T { return list[:min(len(list), mostListed)] }

type carcelIn struct {
	Reason   string `json:"reason,omitempty" jsonschema:"part of the reason"`
	Origin   string `json:"origin,omitempty"`
	Guardian string `json:"guardian,omitempty" jsonschema:"the guardian that decided"`
	Vertical string `json:"vertical,omitempty"`
	Decision string `json:"decision,omitempty" jsonschema:"blocked, review, co-sign or error"`
	Match    string `json:"match,omitempty" jsonschema:"part of any field, such as a tracking id"`
	Limit    int    `json:"limit,omitempty" jsonschema:"how many at most (default 20)" limits:"1..100"`
}

type carcelOut struct {
	Entries []heldOut `json:"entries" jsonschema:"newest first"`
	Total   int       `json:"total" jsonschema:"how many the filters take"`
}

type heldOut struct {
	ID        string `json:"id" jsonschema:"its tracking id, or sha: and digits where it has none"`
	Primitive string `json:"primitive"`
	Vertical  string `json:"vertical"`
	Decision  string `json:"decision" jsonschema:"as it stands there; other programs may write other words"`
	Reason    string `json:"reason"`
	Origin    string `json:"origin"`
	Key       string `json:"key,omitempty" jsonschema:"where it was bound for"`
	At        string `json:"at,omitempty"`
	Expires   string `json:"expires_at,omitempty" jsonschema:"when its wait for a person ends as denied"`
	Given     int    `json:"approvals_given"`
	Required  int    `json:"approvals_required"`
}

func (d *door) carcelList(ctx context.Context, in carcelIn) (carcelOut, error) {
	index := d.engine.Carcel().Index()
	if err := index.ReadAll(ctx); err != nil {
		return carcelOut{}, err
	}
	chosen := index.Table().Select(carcel.Filter{
		Reason: in.Reason, Origin: in.Origin, Guardian: in.Guardian, Vertical: in.Vertical, Decision: in.Decision, Match: in.Match,
	}, time.Now())
	if in.Limit == 0 {
		in.Limit = 20
	}
	out := carcelOut{Entries: []heldOut{}, Total: len(chosen)}
	for i := len(chosen) - 1; i >= 0 && len(out.Entries) < in.Limit; i-- {
		e := chosen[i]
		out.Entries = append(out.Entries, heldOut{
			e.ID(), short(e.Primitive), short(e.Vertical), short(string(e.Decision)), short(e.Reason), short(e.Origin), short(e.Key), instant(e.At), instant(e.Expires), e.Given, e.Required,
		})
	}
	return out, nil
}

type traceIn struct {
	ID string `json:"id" jsonschema:"a tracking id, or if://citation/… of a packet" limits:"1..256"`
}

type traceOut struct {
	TrackingID string       `json:"tracking_id"`
	Fate       lineage.Fate `json:"fate"`
	Why        string       `json:"why" jsonschema:"of the fate"`
	Places     []placeOut   `json:"places" jsonschema:"where it is in Redis"`
	Packet     *object      `json:"packet,omitempty" jsonschema:"as it is there, when it is not too large"`
	Evidence   string       `json:"evidence,omitempty" jsonschema:"verified, unauthenticated, incomplete or tampered"`
	Reasons    []string     `json:"reasons,omitempty" jsonschema:"for the evidence"`
	Decision   string       `json:"decision,omitempty"`
	Reason     string       `json:"reason,omitempty" jsonschema:"for the decision"`
	Approvals  []string     `json:"approvals,omitempty" jsonschema:"who has approved"`
	Lineage    []string     `json:"lineage" jsonschema:"entries as they stand, at most 100"`
	Ledger     []value      `json:"ledger" jsonschema:"the ledger's records, oldest first: position, and fields as pairs"`
	NotFound   []string     `json:"not_found"`
}

type placeOut struct {
	Key   string `json:"key"`
	Field string `json:"field,omitempty"`
	Held  bool   `json:"held,omitempty"`
}

func (d *door) trace(ctx context.Context, in traceIn) (traceOut, error) {
	r, err := d.engine.Trace(ctx, in.ID, 0)
	if err != nil {
		return traceOut{}, err
	}
	out := traceOut{
		TrackingID: r.TrackingID, Fate: r.Fate, Why: r.Why, NotFound: append([]string{}, r.Lacks...),
		Places: []placeOut{}, Lineage: []string{}, Ledger: []value{},
	}
	for _, p := range first(r.Places) {
		out.Places = append(out.Places, placeOut{p.Key, p.Field, p.Held})
	}
	if r.Found {
		out.Evidence, out.Reasons = string(r.Verdict.Overall), r.Verdict.Reasons
		if text := packet.AppendJSON(nil, r.Packet); len(text) <= maxAnswer && json.Valid(text) {
			out.Packet = &object{text}
		}
	}
	if rec := r.Decision; rec != nil {
		out.Decision, out.Reason = string(rec.Status), rec.Reason
		for _, a := range rec.Approvals {
			out.Approvals = append(out.Approvals, a.Person)
		}
	}
	for _, s := range r.Chain[:min(len(r.Chain), 100)] {
		out.Lineage = append(out.Lineage, s.Raw)
	}
	for _, rec := range first(r.Records) {
		text, err := json.Marshal(rec)
		if err != nil {
			return out, fmt.Errorf("trace %s: %w", in.ID, err)
		}
		out.Ledger = append(out.Ledger, text)
	}
	return out, nil
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// short keeps a text of others to a length that a list bears.
func short(s string) string {
	const most = 500
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
