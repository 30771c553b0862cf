package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// OldestFirst is the lineage_order that Stamp writes.
const OldestFirst = "oldest-first"

// StatusApproved is the status that Stamping stands for when it names none.
const StatusApproved = "approved"

// Stamping says what the dispatcher's entries record.
type Stamping struct {
	At     time.Time // when it was decided; zero means now
	Policy string    // the revision of the policy, left out when empty
	Status string    // the verdict; empty means approved
}

// Stamp fills the chain_of_custody of a 1.1 packet that has none:
//
//	traceable_id           the packet's Citation
//	transparent_lineage    the entries of Preview
//	trustworthy_signature  their PaperDigest
//	lineage_order          "oldest-first"
//
// A packet of another schema, and one that has a chain already, is left as it
// is. Contents without a canonical form, and a tracking_id with a newline,
// are errors, and leave the packet as it is too.
func Stamp(p *packet.Packet, s Stamping) error {
	if p.SchemaVersion != packet.Schema11 || !p.ChainOfCustody.IsNull() {
		return nil
	}
	lineage, err := Preview(*p, s)
	if err != nil {
		return err
	}
	signature, ok := PaperDigest(lineage)
	if !ok {
		return fmt.Errorf("packet %q: the lineage has no common digest", p.TrackingID)
	}
	entries := make([]packet.Value, len(lineage))
	for i, entry := range lineage {
		entries[i] = packet.StringOf(entry)
	}
	p.ChainOfCustody = packet.ObjectOf(
		packet.Member{Key: "traceable_id", Value: packet.StringOf(Citation(p.TrackingID))},
		packet.Member{Key: "transparent_lineage", Value: packet.ArrayOf(entries...)},
		packet.Member{Key: "trustworthy_signature", Value: packet.StringOf(signature)},
		packet.Member{Key: "lineage_order", Value: packet.StringOf(OldestFirst)},
	)
	return nil
}

// Steps are the entries of a dispatch behind those that a lineage has: what
// Preview lists, without the source.
func (s Stamping) Steps(schemaVersion string) []Step {
	evaluated := []Field{{"status", s.Status}, {"policy", s.Policy}}
	if s.Policy == "" {
		evaluated = evaluated[:1]
	}
	steps := []Step{
		{"validate_schema", s.At, []Field{{"status", "passed"}, {"version", schemaVersion}}},
		{"evaluate", s.At, evaluated},
	}
	if s.Status == StatusApproved { // what is held has not been dispatched
		steps = append(steps, Step{"dispatch", s.At, []Field{{"status", s.Status}}})
	}
	return steps
}

// Preview returns the lineage that Stamp would write, oldest first, each
// entry with its link:
//
//	source:<origin>|<dispatched_at>
//	action:validate_schema|<at>|status:passed|version:1.1
//	action:evaluate|<at>|status:<status>|policy:<revision>
//	action:dispatch|<at>|status:approved        only when it is approved
//
// The source's time is s.At when dispatched_at cannot be read or lies later.
func Preview(p packet.Packet, s Stamping) ([]string, error) {
	contents, err := ContentsSHA256(p.Contents)
	if err != nil {
		return nil, fmt.Errorf("packet %q: %w", p.TrackingID, err)
	}
	if strings.IndexByte(p.TrackingID, '\n') >= 0 {
		return nil, fmt.Errorf("packet %q: tracking_id: %w", p.TrackingID, ErrNewline)
	}
	if s.At.IsZero() {
		s.At = time.Now()
	}
	if s.Status == "" {
		s.Status = StatusApproved
	}
	born, err := p.Time()
	if err != nil || born.After(s.At) {
		born = s.At
	}
	c := chain{trackingID: p.TrackingID, contents: contents, lineage: make([]string, 0, 4)}
	c.add("source", p.Origin, born)
	for _, step := range s.Steps(p.SchemaVersion) {
		c.add("action", step.Name, step.At, step.Fields...)
	}
	return c.lineage, nil
}

// chain builds a lineage entry by entry, each linked to the one before.
type chain struct {
	trackingID, contents string // without a newline
	previous             string
	lineage              []string
}

func (c *chain) add(kind, name string, at time.Time, fields ...Field) {
	var room [512]byte
	raw := appendLink(room[:0], c.trackingID, c.contents, c.previous, "")
	start := len(raw)
	raw = appendEntry(raw, kind, name, at, fields...)
	link := sha256.Sum256(raw)
	raw = append(raw, linkMark...)
	raw = append(hex.AppendEncode(raw, link[:]), '\'')
	entry := string(raw[start:])
	c.previous = entry[len(entry)-65 : len(entry)-1]
	c.lineage = append(c.lineage, entry)
}
