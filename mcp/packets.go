package mcp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// known are the schemas of types that say more than their kind; asked are
// those of arguments alone, since an answer may leave them empty.
var (
	known = map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {},
		reflect.TypeFor[object]():          {Type: "object"},
		reflect.TypeFor[governance.Status](): words(governance.Approved, governance.Review, governance.CoSign,
			governance.Blocked, governance.Failed),
	}
	asked = map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage]():    {},
		reflect.TypeFor[object]():             {Type: "object"},
		reflect.TypeFor[dispatch.Operation](): words(dispatch.Operations...),
		reflect.TypeFor[dispatch.Reading]():   words(dispatch.Readings...),
		reflect.TypeFor[bridge.Status]():      words(bridge.Statuses...),
		reflect.TypeFor[taskState]():          words(swarm.Waiting, swarm.Resting, swarm.Claimed, swarm.Completed, swarm.Lost),
	}
)

func words[W ~string](list ...W) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range list {
		s.Enum = append(s.Enum, string(w))
	}
	return s
}

func (d *door) packetTools() {
	add(d, tool{
		name: "dispatch", title: "Dispatch a packet",
		about: "Send one packet: it is validated, judged by the council and written in one atomic step. status \"dispatched\" means that it is where it belongs; " +
			"\"carcel\" means that it is held and nothing was sent: decision and reason say why, next says what to do. Calling again with the same tracking_id, " +
			"contents and key lands once, so after an error give the tracking_id of the first try.",
		effect: changes, // set replaces
	}, d.dispatch)
	about := "Look at packets under a key, which changes nothing: get (string), lindex or lrange (list), hget or hgetall (hash), smembers (set)."
	effect := looks
	if !d.engine.ReadOnly() {
		about += " lpop and rpop TAKE packets from the head or the tail of a list: they are then gone from Redis and this answer is the only copy."
		effect = changes
	}
	add(d, tool{
		name: "collect", title: "Collect packets", effect: effect,
		about: about + " Packets past their own ttl_seconds are left out and counted. An answer ends after about 256 KiB; more then says that it is not all: go on with a higher index.",
	}, d.collect)
}

type dispatchIn struct {
	Contents   object             `json:"contents" jsonschema:"what is sent; primitive (such as matrix.route), vertical (such as energy), entropy (0 to 1) and actor in it are what the council judges by"`
	Key        string             `json:"key,omitempty" jsonschema:"where it goes, such as queue:council, context:plan, agents:metadata; without it the policy's routes decide" limits:"1..1024"`
	Operation  dispatch.Operation `json:"operation,omitempty" jsonschema:"how it is put there (default: as the key's class suggests: queue and messages rpush, context set, agents hset, swarm sadd)"`
	Origin     string             `json:"origin,omitempty" jsonschema:"who sends (default: this session's agent)" limits:"1..255"`
	TTL        int64              `json:"ttl_seconds,omitempty" jsonschema:"seconds that the packet lives (default: the route's, or 3600)" limits:"1..86400"`
	Schema     string             `json:"schema_version,omitempty" jsonschema:"1.1 (default: with lineage and seal) or 1.0"`
	TrackingID string             `json:"tracking_id,omitempty" jsonschema:"lower-case UUIDv4 of the packet (default: a new one)" limits:"36..36"`
}

type dispatchOut struct {
	dispatch.Receipt
	Next string `json:"next" jsonschema:"what to do now"`
}

func (d *door) dispatch(ctx context.Context, in dispatchIn) (dispatchOut, error) {
	contents, faults, err := packet.ParseValue(in.Contents.RawMessage)
	if err != nil {
		return dispatchOut{}, fmt.Errorf("contents: %w", err)
	}
	if len(faults) > 0 {
		for i := range faults {
			faults[i].Field = "contents." + faults[i].Field
		}
		return dispatchOut{}, &packet.ValidationError{Faults: faults}
	}
	p := packet.New(d.who(in.Origin), contents)
	p.TTLSeconds = in.TTL
	if in.TTL == 0 && in.Key != "" {
		p.TTLSeconds = packet.DefaultTTL // without a key the route may say
	}
	if in.Schema != "" {
		p.SchemaVersion = in.Schema
	}
	if in.TrackingID != "" {
		p.TrackingID = in.TrackingID
	}
	receipt, err := d.engine.Dispatch(ctx, p, dispatch.Destination{Key: in.Key, Operation: in.Operation})
	if err != nil {
		return dispatchOut{}, err
	}
	return dispatchOut{receipt, next(receipt)}, nil
}

// next is what whoever dispatched does now.
func next(r dispatch.Receipt) string {
	switch {
	case r.Status == dispatch.Dispatched && r.Repeated:
		return "Nothing: it had landed before, and this is its first receipt."
	case r.Status == dispatch.Dispatched:
		return "Nothing: it is in " + r.Key + " until somebody takes it or its time ends."
	}
	return whatNow(r.Decision, r.TrackingID)
}

// whatNow is what becomes of something held, and who can do something.
func whatNow(decision governance.Status, id string) string {
	const wait = " Do not send it again: carcel_list and trace tell how it stands."
	switch decision {
	case governance.Review:
		return "It waits in the carcel for a person, who runs: ifpacket carcel approve " + id + ". Once approved it is sent by itself." + wait
	case governance.CoSign:
		return "It waits in the carcel for two persons, who each run: ifpacket carcel approve " + id + ". Once both have it is sent by itself." + wait
	case governance.Blocked:
		return "It will not be sent. If it must be, a person appeals: ifpacket carcel appeal " + id + " --why TEXT." + wait
	}
	return "The council could not approve it, for the reason given: name a key, or ask an operator to mend the policy and to run: ifpacket carcel replay " +
		id + "." + wait
}

type collectIn struct {
	Key            string           `json:"key" jsonschema:"the key, such as queue:council" limits:"1..1024"`
	Op             dispatch.Reading `json:"op,omitempty" jsonschema:"default: the look that fits the key's class (queue lrange, context get, agents hgetall, swarm smembers)"`
	Index          int64            `json:"index,omitempty" jsonschema:"lindex, lrange: first position, from 0; negative counts from the end (default 0)"`
	Count          int              `json:"count,omitempty" jsonschema:"how many at most (default 10)" limits:"1..100"`
	Field          string           `json:"field,omitempty" jsonschema:"hget: the field, which is a tracking id"`
	IncludeExpired bool             `json:"include_expired,omitempty" jsonschema:"give packets past their own time too, marked expired"`
}

type collectOut struct {
	Items   []item `json:"items"`
	Expired int    `json:"expired" jsonschema:"packets past their own time that were left out of a look, or moved to carcel:expired by a take"`
	Left    *int64 `json:"left,omitempty" jsonschema:"after a take: values still in the list"`
	More    bool   `json:"more" jsonschema:"a look did not give all that is there"`
	Error   string `json:"error,omitempty" jsonschema:"why a take ended early; what it had taken by then is in items"`
}

type item struct {
	Field   string         `json:"field,omitempty"`
	Packet  *object        `json:"packet,omitempty"`
	Expired bool           `json:"expired,omitempty"`
	Raw     *string        `json:"raw_base64,omitempty" jsonschema:"a value that is no packet, as it stands"`
	Faults  []packet.Fault `json:"faults,omitempty" jsonschema:"what is wrong with the value"`
}

// takeStep is how many packets one step of a take removes at most: after each
// it is seen how much they are.
const takeStep = 10

var errTakes = errors.New("this session is read-only: lpop and rpop take packets away; use lrange to look")

func (d *door) collect(ctx context.Context, in collectIn) (collectOut, error) {
	r := dispatch.Request{Key: in.Key, Op: in.Op, Index: in.Index, Field: in.Field, IncludeExpired: in.IncludeExpired, Actor: d.agent}
	if in.Count == 0 {
		in.Count = 10
	}
	if r.Op == "" {
		look, ok := map[string]dispatch.Reading{
			keyspace.TypeList: dispatch.LRange, keyspace.TypeString: dispatch.Get, keyspace.TypeHash: dispatch.HGetAll, keyspace.TypeSet: dispatch.SMembers,
		}[keyspace.TypeOf(in.Key)]
		if !ok {
			return collectOut{}, fmt.Errorf("%q is of no class whose type is known: name op", in.Key)
		}
		r.Op = look
	}
	switch {
	case !r.Op.Takes():
		return d.look(ctx, r, in.Count)
	case d.engine.ReadOnly():
		return collectOut{}, errTakes
	}
	return d.take(ctx, r, in.Count)
}

func (d *door) look(ctx context.Context, r dispatch.Request, count int) (collectOut, error) {
	out := collectOut{Items: []item{}}
	if r.Op == dispatch.LRange {
		// One more than is wanted shows whether there is more.
		r.Stop = r.Index + int64(count)
		if r.Index < 0 && r.Stop >= 0 {
			r.Stop = -1
		}
	}
	found, err := d.engine.Collect(ctx, r)
	if err != nil {
		return out, err
	}
	out.Expired = found.Expired
	size := 0
	for _, i := range found.Items {
		if len(out.Items) == count || size > maxAnswer {
			out.More = true
			break
		}
		if len(i.Raw) > maxValue {
			out.Items = append(out.Items, item{Field: i.Field, Faults: []packet.Fault{tooLarge(len(i.Raw))}})
			continue
		}
		out.Items, size = append(out.Items, itemOf(i)), size+len(i.Raw)
	}
	if r.Op == dispatch.LRange && len(found.Items)+found.Expired > count {
		out.More = true
	}
	return out, nil
}

// take removes packets in small steps. What a step has taken is given, whatever
// the next one says: there is no other copy.
func (d *door) take(ctx context.Context, r dispatch.Request, count int) (collectOut, error) {
	out := collectOut{Items: []item{}}
	for size := 0; len(out.Items) < count && size <= maxAnswer; {
		r.Count = min(takeStep, count-len(out.Items))
		found, err := d.engine.Collect(ctx, r)
		for _, i := range found.Items {
			out.Items, size = append(out.Items, itemOf(i)), size+len(i.Raw)
		}
		out.Expired += found.Expired
		if err != nil && len(out.Items) == 0 {
			return out, err
		}
		if err != nil {
			out.Error = err.Error()
			break
		}
		out.Left = &found.Left
		if found.Left == 0 {
			break
		}
	}
	return out, nil
}

// tooLarge stands for a value that a look does not show.
func tooLarge(n int) packet.Fault {
	return packet.Fault{Field: "value", Value: fmt.Sprintf("%d bytes", n), Expected: fmt.Sprintf("at most %d to be shown here; ifpacket collect shows it", maxValue)}
}

func itemOf(i dispatch.Item) item {
	out := item{Field: i.Field, Expired: i.Expired, Faults: i.Faults}
	if i.Invalid == nil {
		if text := packet.AppendJSON(nil, i.Packet); json.Valid(text) {
			out.Packet = &object{text}
			return out
		}
	}
	raw := base64.StdEncoding.EncodeToString(i.Raw)
	out.Raw = &raw
	if i.Invalid != nil {
		out.Faults = append(out.Faults, packet.Fault{Field: "value", Expected: i.Invalid.Reason})
	}
	return out
}
