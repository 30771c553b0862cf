package packet

import (
	"errors"
	"math"
	"strings"
)

// Reading is a packet as somebody else wrote it, with all that is wrong.
type Reading struct {
	Packet Packet
	Format Format
	Faults []Fault
	Extra  []Member // top-level members that no packet has, in their order
}

// ErrNotPacket is what every NotPacketError is, by errors.Is.
var ErrNotPacket = errors.New("not a packet")

// NotPacketError says why bytes are no packet at all.
type NotPacketError struct{ Reason string }

// Error is one line: "not a packet: a list, not a map".
func (e *NotPacketError) Error() string { return ErrNotPacket.Error() + ": " + e.Reason }

// Is makes errors.Is(err, ErrNotPacket) true.
func (e *NotPacketError) Is(target error) bool { return target == ErrNotPacket }

// Read reads what anybody may have written as a packet: JSON or MessagePack,
// told apart by the first byte, with the names of older writers. Every
// deviation from the wire format is a fault in the Reading; what could not be
// read as its type is left at its zero value (a missing ttl_seconds at
// DefaultTTL, as Python's reader has it; a ttl_seconds of the wrong type at
// 0, which means not known). A MessagePack map whose key is itself a list or
// map is refused. Otherwise the error, a *NotPacketError, comes only when
// the bytes are no map, or hold neither contents nor tracking_id under any
// name.
func Read(raw []byte) (Reading, error) {
	format := formatOf(raw)
	parse := ParseValue
	if format == Msgpack {
		parse = parseMsgpack
	}
	v, found, err := parse(raw)
	if err != nil {
		return Reading{}, &NotPacketError{"no " + formatName[format] + ": " + err.Error()}
	}
	r, err := fromValue(v, faults{list: found}, true)
	r.Format = format
	return r, err
}

var formatName = [...]string{JSON: "JSON", Msgpack: "MessagePack"}

// formatOf tells the format by the first byte: no JSON text begins with 0x80
// or more, but for the byte order mark.
func formatOf(raw []byte) Format {
	if len(raw) > 0 && raw[0] >= 0x80 && raw[0] != byteOrderMark[0] {
		return Msgpack
	}
	return JSON
}

// FromValue reads a packet out of a value already parsed, as Read does; the
// Format of the Reading is left at JSON. Faults of the parsing are the
// caller's.
func FromValue(v Value) (Reading, error) { return fromValue(v, faults{}, false) }

// Decode reads a packet strictly: what Read reads, and a *ValidationError
// when there is any fault. Schemas of contents are checked by
// Registry.Validate.
func Decode(raw []byte) (Packet, error) {
	r, err := Read(raw)
	if err != nil {
		return Packet{}, err
	}
	if len(r.Faults) > 0 {
		return Packet{}, &ValidationError{r.Faults}
	}
	return r.Packet, nil
}

// field numbers the packet's fields in the order of the wire.
type field uint8

const (
	fieldOrigin field = iota
	fieldContents
	fieldSchema
	fieldTTL
	fieldID
	fieldTime
	fieldChain
	fieldCount
)

var fieldNames = [fieldCount]string{
	"origin", "contents", "schema_version", "ttl_seconds", "tracking_id", "dispatched_at", "chain_of_custody",
}

// fieldOf knows the packet's keys, and those that older writers used.
func fieldOf(key string) (f field, older, ok bool) {
	switch key {
	case "origin":
		return fieldOrigin, false, true
	case "contents":
		return fieldContents, false, true
	case "schema_version":
		return fieldSchema, false, true
	case "ttl_seconds":
		return fieldTTL, false, true
	case "tracking_id":
		return fieldID, false, true
	case "dispatched_at":
		return fieldTime, false, true
	case "chain_of_custody":
		return fieldChain, false, true
	case "source_agent":
		return fieldOrigin, true, true
	case "content":
		return fieldContents, true, true
	case "payload_id":
		return fieldID, true, true
	case "timestamp":
		return fieldTime, true, true
	case "ttt_headers":
		return fieldChain, true, true
	}
	return 0, false, false
}

// header is what the top level of a text gave for each field.
type header struct {
	name  [fieldCount]string // the key it stood under, "" when missing
	value [fieldCount]Value
	bad   [fieldCount]bool // a fault is noted, so nothing more is checked
}

// fromValue builds the packet. parsed says that a parser has already noted
// what is wrong inside of values (duplicate keys, NaN, binary).
func fromValue(v Value, out faults, parsed bool) (Reading, error) {
	if v.kind != Object {
		return Reading{}, &NotPacketError{kindName[v.kind] + ", not a map"}
	}
	var r Reading
	h := r.header(v, &out)
	if h.name[fieldContents] == "" && h.name[fieldID] == "" {
		return Reading{}, &NotPacketError{"neither contents nor tracking_id is there"}
	}
	p := &r.Packet
	p.Origin = h.text(fieldOrigin, &out, parsed)
	p.SchemaVersion = h.text(fieldSchema, &out, parsed)
	p.TrackingID = h.text(fieldID, &out, parsed)
	p.DispatchedAt = h.text(fieldTime, &out, parsed)
	p.Contents = h.value[fieldContents]
	p.ChainOfCustody = h.value[fieldChain]
	if h.name[fieldContents] == "" {
		h.missing(fieldContents, &out)
	}
	p.TTLSeconds = h.ttl(p.SchemaVersion, &out)
	checkPacket(p, &h.bad, parsed, &out)
	r.Faults = out.all()
	return r, nil
}

// header sorts the members of v into fields, the current name winning over
// an older one and the last of duplicates over the first.
func (r *Reading) header(v Value, out *faults) header {
	var h header
	for _, m := range v.list {
		f, older, ok := fieldOf(m.Key)
		switch {
		case !ok:
			out.addAt([]step{{m.Key, -1}}, short(m.Value), "no such field in a packet")
			r.Extra = append(r.Extra, m)
			continue
		case older:
			out.add(m.Key, short(m.Value), "the name "+fieldNames[f])
			if h.name[f] == fieldNames[f] {
				continue
			}
		}
		h.name[f], h.value[f] = m.Key, m.Value
	}
	return h
}

func (h *header) missing(f field, out *faults) {
	h.bad[f] = true
	out.add(fieldNames[f], missing, expectation[f])
}

// text is the field as a string; binary text is taken as text, with a fault.
func (h *header) text(f field, out *faults, parsed bool) string {
	v := h.value[f]
	switch {
	case h.name[f] == "":
		h.missing(f, out)
		return ""
	case v.kind == String:
		return v.text
	case v.kind == Bytes:
		if !parsed {
			noteBytes([]step{{fieldNames[f], -1}}, v, out)
		}
		text, _ := toText(v.text)
		return text
	}
	h.bad[f] = true
	out.add(fieldNames[f], short(v), expectation[f])
	return ""
}

// ttl is the field as seconds, clamped to int64 when a writer wrote more.
func (h *header) ttl(schema string, out *faults) int64 {
	v := h.value[fieldTTL]
	switch {
	case h.name[fieldTTL] == "":
		if schema != Schema10 {
			h.missing(fieldTTL, out)
		}
		return DefaultTTL
	case v.kind == Int:
		return int64(v.num)
	}
	h.bad[fieldTTL] = true
	out.add(fieldNames[fieldTTL], short(v), expectation[fieldTTL])
	if v.kind != BigInt {
		return 0
	}
	if strings.HasPrefix(v.text, "-") {
		return math.MinInt64
	}
	return math.MaxInt64
}

var kindName = [...]string{
	Null: "null", Bool: "a bool", Int: "a number", BigInt: "a number", Float: "a number", String: "a string",
	Array: "a list", Object: "a map", Bytes: "binary", Ext: "an extension value",
}

// Value is the packet as an object with the keys in the order of the wire.
func (p Packet) Value() Value {
	return ObjectOf(
		Member{"origin", StringOf(p.Origin)},
		Member{"contents", p.Contents},
		Member{"schema_version", StringOf(p.SchemaVersion)},
		Member{"ttl_seconds", IntOf(p.TTLSeconds)},
		Member{"tracking_id", StringOf(p.TrackingID)},
		Member{"dispatched_at", StringOf(p.DispatchedAt)},
		Member{"chain_of_custody", p.ChainOfCustody},
	)
}
