package custody

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// What the URIs of citations and packets begin with.
const (
	CitationPrefix = "if://citation/"
	PacketPrefix   = "if://packet/"
)

// urlSpace is the namespace for names that are URLs (RFC 9562, section 6.6).
var urlSpace = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// Citation is the citation of a packet: "if://citation/<uuid>", where uuid is
// the UUIDv5 (RFC 9562, section 5.5) of "if://packet/<tracking_id>" in the
// namespace of URLs. So whoever knows the tracking id can cite the packet, and
// a citation is found again by the ids of a ledger after the packet is gone.
func Citation(trackingID string) string { return CitationPrefix + uuid5(PacketPrefix+trackingID) }

// Cites reports whether a citation is that of a packet. It costs no more than
// the hash, so that a ledger can be gone through.
func Cites(citation, trackingID string) bool {
	uuid, ok := strings.CutPrefix(citation, CitationPrefix)
	return ok && strings.EqualFold(uuid, uuid5(PacketPrefix+trackingID))
}

func uuid5(name string) string {
	var room [96]byte
	sum := sha1.Sum(append(append(room[:0], urlSpace[:]...), name...))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[0:8], sum[0:4])
	hex.Encode(out[9:13], sum[4:6])
	hex.Encode(out[14:18], sum[6:8])
	hex.Encode(out[19:23], sum[8:10])
	hex.Encode(out[24:36], sum[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}
