package packet

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"
)

// The schema versions of IF.PACKET.
const (
	Schema10 = "1.0" // tracking_id, dispatched_at, origin, contents, schema_version
	Schema11 = "1.1" // 1.0 and ttl_seconds, chain_of_custody
)

// The bounds of the packet's fields (WIRE.md).
const (
	MinTTL       = 1
	MaxTTL       = 86400 // seconds
	DefaultTTL   = 3600  // seconds
	MaxOriginLen = 255   // characters
)

// Packet is the sealed container of IF.PACKET. The order of its fields is
// the order on the wire.
type Packet struct {
	Origin         string // who sends: 1 to 255 characters
	Contents       Value  // an object
	SchemaVersion  string // "1.0" or "1.1"
	TTLSeconds     int64  // 1 to 86400
	TrackingID     string // a lower-case UUIDv4
	DispatchedAt   string // ISO 8601, UTC, as written: never reformatted
	ChainOfCustody Value  // an object, or null
}

// New makes a packet with a fresh tracking id, stamped now, of schema 1.1 and
// the default TTL.
func New(origin string, contents Value) Packet {
	return Packet{
		Origin:        origin,
		Contents:      contents,
		SchemaVersion: Schema11,
		TTLSeconds:    DefaultTTL,
		TrackingID:    NewTrackingID(),
		DispatchedAt:  FormatTime(time.Now()),
	}
}

// chance hands out the system's random bytes, of which it asks for many at
// once: asking for sixteen costs as much as all the rest of an id.
var chance random

type random struct {
	mu   sync.Mutex
	left []byte
	pool [4096]byte
}

func (r *random) take() (b [16]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.left) == 0 {
		_, _ = rand.Read(r.pool[:]) // crypto/rand.Read never fails
		r.left = r.pool[:]
	}
	copy(b[:], r.left)
	clear(r.left[:len(b)])
	r.left = r.left[len(b):]
	return b
}

// NewTrackingID returns a random UUIDv4 of 36 lower-case characters.
func NewTrackingID() string {
	b := chance.take()
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:36], b[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}
