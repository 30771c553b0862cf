package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/packet"
)

// leafType is the _type of every leaf.
const leafType = "if.packet/seal/v1"

// ErrUnsealable is what the errors about a packet are that no seal can cover.
var ErrUnsealable = errors.New("cannot be sealed")

func unsealable(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsealable}, args...)...)
}

// leaf is what one seal says. Its text is canonical JSON (custody.Canonical),
// so that its bytes are, without a blank or a newline, the members in this
// order:
//
//	{"_type":"if.packet/seal/v1",
//	"chain_sha256":"<64 hex>",       see ChainSHA256
//	"contents_sha256":"<64 hex>",    see custody.ContentsSHA256
//	"destination":"queue:council",   the Redis key, "" when it has no way yet
//	"dispatched_at":"…",             these and the others as the packet has them
//	"key_id":"<16 hex>",
//	"link":"<64 hex>",               of the last lineage entry covered
//	"operation":"rpush",
//	"origin":"…",
//	"schema_version":"1.1",
//	"traceable_id":"if://citation/…",
//	"tracking_id":"…",
//	"ttl_seconds":3600,
//	"upto":4}                        how many lineage entries are covered
//
// with JSON's escapes for whatever is not printable ASCII. No position is in
// it: the seal comes before Redis gives one; position is the ledger's matter.
type leaf struct {
	packet      *packet.Packet
	traceableID string
	chain       string // hex
	contents    string // hex
	link        string // hex
	upto        int
	keyID       string
	destination string
	operation   string
}

// text appends the canonical JSON. What is no text is refused, since two
// different ones would give the same bytes.
func (l *leaf) text(dst []byte) ([]byte, error) {
	p := l.packet
	for _, part := range [...][2]string{
		{"origin", p.Origin}, {"dispatched_at", p.DispatchedAt}, {"schema_version", p.SchemaVersion}, {"tracking_id", p.TrackingID},
		{"traceable_id", l.traceableID}, {"destination", l.destination}, {"operation", l.operation}, {"key_id", l.keyID},
	} {
		if !packet.ValidText(part[1]) {
			return dst, unsealable("%s %.80q is not Unicode text", part[0], part[1])
		}
	}
	dst = append(dst, `{"_type":"`+leafType+`","chain_sha256":"`...)
	dst = append(append(dst, l.chain...), `","contents_sha256":"`...)
	dst = append(append(dst, l.contents...), `","destination":`...)
	dst = append(packet.AppendString(dst, l.destination), `,"dispatched_at":`...)
	dst = append(packet.AppendString(dst, p.DispatchedAt), `,"key_id":`...)
	dst = append(packet.AppendString(dst, l.keyID), `,"link":"`...)
	dst = append(append(dst, l.link...), `","operation":`...)
	dst = append(packet.AppendString(dst, l.operation), `,"origin":`...)
	dst = append(packet.AppendString(dst, p.Origin), `,"schema_version":`...)
	dst = append(packet.AppendString(dst, p.SchemaVersion), `,"traceable_id":`...)
	dst = append(packet.AppendString(dst, l.traceableID), `,"tracking_id":`...)
	dst = append(packet.AppendString(dst, p.TrackingID), `,"ttl_seconds":`...)
	dst = append(strconv.AppendInt(dst, p.TTLSeconds, 10), `,"upto":`...)
	return append(strconv.AppendInt(dst, int64(l.upto), 10), '}'), nil
}

// hash is the RFC 6962 leaf hash: SHA-256 of a zero byte and then the text.
func (l *leaf) hash() (Hash, error) {
	var room [1024]byte
	text, err := l.text(append(room[:0], 0))
	return sha256.Sum256(text), err
}

// apart are the members of a chain that ChainSHA256 leaves out: the link covers
// the lineage, and with it the checksum; seals cannot cover themselves.
var apart = [...]string{"transparent_lineage", "seals", "trustworthy_signature"}

// ChainSHA256 is the digest of what stands in a chain_of_custody beside the
// lineage and its proofs: SHA-256, as 64 lower-case hex digits, of the
// canonical JSON of the object without its members transparent_lineage, seals
// and trustworthy_signature. So lineage_order, replay_of and whatever others
// add is covered. Chains without a canonical form are refused.
func ChainSHA256(chain packet.Value) (string, error) {
	if chain.Kind() != packet.Object {
		return "", unsealable("chain_of_custody is no object")
	}
	var room [8]packet.Member
	rest := room[:0]
	var seen [3]bool
	for _, m := range chain.Members() {
		at := slices.Index(apart[:], m.Key)
		switch {
		case at < 0:
			rest = append(rest, m)
		case seen[at]:
			return "", unsealable("chain_of_custody has %s twice", m.Key)
		default:
			seen[at] = true
		}
	}
	text, err := custody.Canonical(packet.ObjectOf(rest...))
	if err != nil {
		return "", unsealable("chain_of_custody: %v", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// lineageOf gives the entries of a chain's lineage, which must all be text.
func lineageOf(chain packet.Value) ([]string, error) {
	v, _ := chain.Get("transparent_lineage")
	if v.Kind() != packet.Array {
		return nil, unsealable("transparent_lineage is no list")
	}
	list := make([]string, v.Len())
	for i, m := range v.Members() {
		text, ok := m.Value.Text()
		if !ok {
			return nil, unsealable("lineage entry %d is no text", i+1)
		}
		list[i] = text
	}
	return list, nil
}
