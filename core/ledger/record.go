package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// What the ledger records.
const (
	Dispatched = "dispatched"
	Held       = "held"
	Blocked    = "blocked"
	Approved   = "approved"
	Denied     = "denied"
	Appealed   = "appealed"
	Released   = "released"
	Discarded  = "discarded"
	Restored   = "restored"
	Expired    = "expired"
	Collected  = "collected"
	Erased     = "erased"
	KeyChanged = "key"
	Break      = "break" // a new origin begins here, after a loss
)

// Hash is the hash of a leaf or a node of the tree: SHA-256 by RFC 6962,
// section 2.1.
type Hash = [sha256.Size]byte

// ID is a tracking id as its 16 bytes.
type ID [16]byte

// ParseID reads a tracking id as people and packets write it; ok is false for
// what is no UUID.
func ParseID(text string) (id ID, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	var digits [32]byte
	n := copy(digits[:], text[:8])
	n += copy(digits[n:], text[9:13])
	n += copy(digits[n:], text[14:18])
	n += copy(digits[n:], text[19:23])
	copy(digits[n:], text[24:])
	_, err := hex.Decode(id[:], digits[:])
	return id, err == nil
}

// String is the id as people and packets write it.
func (id ID) String() string {
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// Field is one name and value of a record. Values are text, but for ids, which
// is bytes.
type Field struct{ Name, Value string }

// Record is one record of the ledger, as the stream has it.
type Record struct {
	Position int64   // counted from 1; its stream id is Position-0
	Fields   []Field // in the stream's order, the event first
}

// Get is the value of a field, "" when there is none.
func (r Record) Get(name string) string {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return r.Fields[i].Value
		}
	}
	return ""
}

// Event is what happened: one of the constants above.
func (r Record) Event() string { return r.Get("event") }

// At is when it was recorded, by the server's clock; zero when not told.
func (r Record) At() time.Time { return millis(r.Get("ts")) }

// ExpiresAt is when the packet's life under its key ends; zero when not told.
func (r Record) ExpiresAt() time.Time { return millis(r.Get("expires_at")) }

func millis(text string) time.Time {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms <= 0 || ms > 1<<52 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Count is how many packets the record is about.
func (r Record) Count() int {
	if n, err := strconv.Atoi(r.Get("count")); err == nil && n >= 0 {
		return n
	}
	if r.Get("tracking_id") != "" {
		return 1
	}
	return 0
}

// Single reports whether the record is about one packet alone, so that its
// packet_digest is that packet's.
func (r Record) Single() bool { return r.Get("tracking_id") != "" }

// IDs are the packets that the record is about, as far as it names them: the
// packet itself, the one that takes its place (became), or those of a batch.
// Ids of other programs that are no UUID are left out.
func (r Record) IDs() []ID {
	var list []ID
	for _, name := range [...]string{"tracking_id", "became"} {
		if id, ok := ParseID(r.Get(name)); ok {
			list = append(list, id)
		}
	}
	for packed := r.Get("ids"); len(packed) >= len(ID{}); packed = packed[len(ID{}):] {
		list = append(list, ID([]byte(packed[:len(ID{})])))
	}
	return list
}

// About reports whether the record names a packet.
func (r Record) About(trackingID string) bool {
	if r.Get("tracking_id") == trackingID || r.Get("became") == trackingID {
		return true
	}
	id, ok := ParseID(trackingID)
	if !ok {
		return false
	}
	for packed := r.Get("ids"); len(packed) >= len(id); packed = packed[len(id):] {
		if packed[:len(id)] == string(id[:]) {
			return true
		}
	}
	return false
}

// recordType begins what every leaf hashes.
const recordType = "if.packet/record/v1\n"

// AppendText appends the bytes that the leaf is the hash of:
//
//	"if.packet/record/v1" 0x0A
//	position 0x0A                 decimal
//	name, value, name, value…     each as a netstring: its length in bytes in
//	                              decimal, ":", the bytes, ","
//
// in the order in which the stream has the fields.
func (r Record) AppendText(dst []byte) []byte {
	dst = append(dst, recordType...)
	dst = append(strconv.AppendInt(dst, r.Position, 10), '\n')
	for i := range r.Fields {
		dst = appendNetstring(dst, r.Fields[i].Name)
		dst = appendNetstring(dst, r.Fields[i].Value)
	}
	return dst
}

func appendNetstring(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(s)), 10), ':')
	return append(append(dst, s...), ',')
}

// Leaf is the record's hash in the tree: SHA-256 of a zero byte and the bytes
// of AppendText.
func (r Record) Leaf() Hash {
	var room [1024]byte
	return sha256.Sum256(r.AppendText(append(room[:0], 0)))
}

// Digest is packet_digest, nil when it is none of 64 hex digits.
func (r Record) Digest() *Hash {
	text := r.Get("packet_digest")
	if len(text) != 2*sha256.Size {
		return nil
	}
	var h Hash
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return nil
	}
	return &h
}
