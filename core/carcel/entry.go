package carcel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Entry is one entry of the carcel, short enough that a hundred thousand can
// be kept. Entries of other programs may lack anything.
type Entry struct {
	SHA        string // SHA-256 of the entry's text, in hex: what marks and plans name it by
	TrackingID string // "" when it has none
	Primitive  string
	Vertical   string
	Decision   governance.Status
	Reason     string
	Origin     string
	Actor      string // contents.actor, else the origin
	Guardian   string // whose rule decided; "" when not known
	Rule       string
	Key        string // where it was bound for; "" when not known
	Operation  string
	At         time.Time // since when it is held; zero when not known
	Expires    time.Time // when its wait for a person ends; zero when nobody is waited for
	Given      int       // approvals
	Required   int
	Replays    int // how often it was released and came back
	Size       int // bytes
	Faults     []packet.Fault
}

// ID is what people call the entry by: the tracking id, else "sha:" and the
// first twelve digits of the SHA.
func (e *Entry) ID() string {
	if e.TrackingID != "" {
		return e.TrackingID
	}
	return "sha:" + e.SHA[:12]
}

// Waits reports whether the entry waits for a person.
func (e *Entry) Waits() bool { return e.Decision.Waits() }

// gone begins what stands in the list where an entry was that has left it.
// Readers that know nothing of it find an entry with a decision of its own;
// the slot itself goes when the list is compacted.
const gone = `{"gone": true, `

// Gone reports whether the text of a slot says that its entry has left.
func Gone(raw string) bool { return strings.HasPrefix(raw, gone) }

// stone is what is put where an entry was.
func stone(e *Entry, state string, at time.Time) string {
	text := packet.AppendValueJSON(nil, packet.ObjectOf(
		packet.Member{Key: "gone", Value: packet.BoolOf(true)},
		packet.Member{Key: "tracking_id", Value: packet.StringOf(e.TrackingID)},
		packet.Member{Key: "decision", Value: packet.StringOf(state)},
		packet.Member{Key: "reason", Value: packet.StringOf("was " + state)},
		packet.Member{Key: "timestamp", Value: packet.StringOf(at.UTC().Format(time.RFC3339))},
		packet.Member{Key: "contents", Value: packet.ObjectOf()},
		packet.Member{Key: "entry_sha256", Value: packet.StringOf(e.SHA)},
	))
	return string(text)
}

// Stone is what stands in the list where an entry was: who it was and what
// became of it, and nothing of what it held.
func Stone(e *Entry, state string, at time.Time) string { return stone(e, state, at) }

// Held is an entry in full.
type Held struct {
	Entry
	Raw       string       // as it stands in the list
	Contents  packet.Value // null when there are none
	Format    packet.Format
	Packet    packet.Packet // the packet as it was held; what others left out is filled in
	Complete  bool          // the packet was held by us and is whole
	PolicyRev string        // under which it was held
	Decided   string        // decision_id

	value packet.Value
}

// SHA is the SHA-256 of an entry's text, in hex.
func SHA(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return hex.EncodeToString(sum[:])
}

// Parse reads an entry. What is no JSON object, or lacks what an entry needs,
// is an entry all the same, with what is wrong among its Faults.
func Parse(raw string) Held {
	h := Held{Entry: Entry{SHA: SHA(raw), Size: len(raw)}, Raw: raw}
	v, faults, err := packet.ParseValue([]byte(raw))
	if err != nil || v.Kind() != packet.Object {
		h.Faults = append(h.Faults, packet.Fault{Field: "entry", Expected: "a JSON object"})
		return h
	}
	h.Faults, h.value = faults, v
	text := func(key string) string {
		m, there := v.Get(key)
		s, ok := m.Text()
		if there && !ok && !m.IsNull() {
			h.fault(key, m, "text")
		}
		return s
	}
	number := func(key string) int {
		m, _ := v.Get(key)
		n, _ := m.Int()
		return int(n)
	}
	h.TrackingID, h.Reason = text("tracking_id"), text("reason")
	h.Decision = governance.Status(text("decision"))
	h.Origin, h.Key, h.Operation = text("origin"), text("key"), text("operation")
	h.Guardian, h.Rule, h.Decided, h.PolicyRev = text("guardian"), text("rule"), text("decision_id"), text("policy")
	h.Given, h.Required, h.Replays = number("approvals_given"), number("approvals_required"), number("replay_count")
	if at := text("timestamp"); at != "" {
		if t, err := packet.ParseTime(at); err == nil {
			h.At = t
		} else {
			h.Faults = append(h.Faults, packet.Fault{Field: "timestamp", Value: at, Expected: "an ISO 8601 time"})
		}
	}
	if at, err := time.Parse(time.RFC3339, text("expires_at")); err == nil && h.Decision.Waits() {
		h.Expires = at
	}
	h.contents()
	h.packet(text)
	return h
}

// contents reads what the list shows of the contents.
func (h *Held) contents() {
	contents, there := h.value.Get("contents")
	if !there || contents.Kind() != packet.Object {
		h.fault("contents", contents, "an object")
		return
	}
	h.Contents = contents
	h.Primitive, h.Vertical = governance.Names(contents)
	actor, _ := contents.Get("actor")
	if h.Actor, _ = actor.Text(); h.Actor == "" {
		h.Actor = h.Origin
	}
}

// packet puts together the packet that was held.
func (h *Held) packet(text func(string) string) {
	schema := text("schema_version")
	h.Complete = schema != "" && h.Decided != "" && h.Contents.Kind() == packet.Object
	p := packet.Packet{
		Origin: h.Origin, Contents: h.Contents, SchemaVersion: schema, TrackingID: h.TrackingID, DispatchedAt: text("dispatched_at"),
	}
	ttl, _ := h.value.Get("ttl_seconds")
	p.TTLSeconds, _ = ttl.Int()
	p.ChainOfCustody, _ = h.value.Get("chain_of_custody")
	if format, err := packet.ParseFormat(text("format")); err == nil {
		h.Format = format
	}
	if !h.Complete { // what others leave out
		if p.SchemaVersion != packet.Schema10 {
			p.SchemaVersion = packet.Schema11
		}
		if p.Origin == "" {
			p.Origin = h.Actor
		}
		if p.TTLSeconds == 0 {
			p.TTLSeconds = packet.DefaultTTL
		}
	}
	h.Packet = p
}

func (h *Held) fault(field string, v packet.Value, expected string) {
	h.Faults = append(h.Faults, packet.Fault{Field: field, Value: string(packet.AppendValueJSON(nil, v)), Expected: expected})
}

// with is the entry's text with members changed, and nothing else.
func (h *Held) with(members ...packet.Member) string {
	v := h.value
	for _, m := range members {
		v = v.With(m.Key, m.Value)
	}
	return string(packet.AppendValueJSON(nil, v))
}

// ErrNoEntry says that no such entry is in the carcel, or no longer.
type ErrNoEntry struct{ ID string }

func (e *ErrNoEntry) Error() string {
	return fmt.Sprintf("no entry %s is in the carcel; it may have been released or discarded: see ifpacket carcel list", e.ID)
}
