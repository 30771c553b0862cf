package custody

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Step is one entry that a later custodian adds to a lineage:
// action:<Name>|<At>|<Fields…>.
type Step struct {
	Name   string
	At     time.Time
	Fields []Field
}

// Extend adds steps to the end of a 1.1 packet's lineage, each linked to the
// entry before it, and writes the PaperDigest of the whole anew. Behind
// entries of others, which have no links, the first link binds them all (see
// CheckLinks). A packet of another schema, and one without a chain, is left as
// it is.
// Contents without a canonical form, and a lineage that the paper's digest
// cannot cover, are errors, and leave the packet as it is too.
func Extend(p *packet.Packet, steps ...Step) error {
	if p.SchemaVersion != packet.Schema11 || p.ChainOfCustody.IsNull() || len(steps) == 0 {
		return nil
	}
	contents, err := ContentsSHA256(p.Contents)
	if err != nil {
		return fmt.Errorf("packet %q: %w", p.TrackingID, err)
	}
	if strings.IndexByte(p.TrackingID, '\n') >= 0 {
		return fmt.Errorf("packet %q: tracking_id: %w", p.TrackingID, ErrNewline)
	}
	c := chain{trackingID: p.TrackingID, contents: contents}
	lineage, _ := p.ChainOfCustody.Get("transparent_lineage")
	for i, m := range lineage.Members() {
		entry, ok := m.Value.Text()
		if !ok {
			return fmt.Errorf("packet %q: lineage entry %d is no text", p.TrackingID, i+1)
		}
		c.lineage = append(c.lineage, entry)
	}
	if c.previous, err = previousLink(c.lineage); err != nil {
		return fmt.Errorf("packet %q: %w", p.TrackingID, err)
	}
	for _, s := range steps {
		c.add("action", s.Name, s.At, s.Fields...)
	}
	signature, ok := PaperDigest(c.lineage)
	if !ok { // the entries of others cannot be written alike by both of the paper's functions
		if signature, err = StrDigest(c.lineage); err != nil {
			return fmt.Errorf("packet %q: the lineage has no digest: %w", p.TrackingID, err)
		}
	}
	entries := make([]packet.Value, len(c.lineage))
	for i, entry := range c.lineage {
		entries[i] = packet.StringOf(entry)
	}
	p.ChainOfCustody = p.ChainOfCustody.
		With("transparent_lineage", packet.ArrayOf(entries...)).
		With("trustworthy_signature", packet.StringOf(signature))
	return nil
}
