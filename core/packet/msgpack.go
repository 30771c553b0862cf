package packet

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
)

// EncodeError says what MessagePack cannot hold exactly, and where.
type EncodeError struct {
	Path   string // such as contents.route[2].to
	Reason string
}

// Error is one line: "contents.a: an integer beyond 64 bits cannot be
// written as MessagePack".
func (e *EncodeError) Error() string {
	return printable(e.Path) + ": " + e.Reason + " cannot be written as MessagePack"
}

// What AppendMsgpack refuses.
var (
	errBigInt    = errors.New("an integer beyond 64 bits")
	errNotFinite = errors.New("a number that is not finite")
	errText      = errors.New("text with lone surrogates or invalid UTF-8")
	errBytes     = errors.New("a binary value")
	errTooLong   = errors.New("more than 4294967295 bytes or entries")
)

// AppendMsgpack appends the packet as a MessagePack map with the keys of
// AppendJSON in the same order: strings as str, integers in their smallest
// form, floats as float64. What it cannot hold exactly is refused with an
// *EncodeError naming the path: integers outside int64 and uint64, NaN and
// infinities, lone surrogates, and Bytes or Ext, which are read but never
// written. After an error the bytes past len(dst) mean nothing.
func AppendMsgpack(dst []byte, p Packet) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0x87, 0xa6)
	dst, err := appendPackText(append(dst, "origin"...), p.Origin)
	if err != nil {
		return dst[:start], &EncodeError{"origin", err.Error()}
	}
	dst, err = appendPackValue(append(append(dst, 0xa8), "contents"...), p.Contents)
	if err != nil {
		return dst[:start], encodeError(step{"contents", -1}, p.Contents, err)
	}
	dst, err = appendPackText(append(append(dst, 0xae), "schema_version"...), p.SchemaVersion)
	if err != nil {
		return dst[:start], &EncodeError{"schema_version", err.Error()}
	}
	dst = appendPackInt(append(append(dst, 0xab), "ttl_seconds"...), p.TTLSeconds)
	dst, err = appendPackText(append(append(dst, 0xab), "tracking_id"...), p.TrackingID)
	if err != nil {
		return dst[:start], &EncodeError{"tracking_id", err.Error()}
	}
	dst, err = appendPackText(append(append(dst, 0xad), "dispatched_at"...), p.DispatchedAt)
	if err != nil {
		return dst[:start], &EncodeError{"dispatched_at", err.Error()}
	}
	dst, err = appendPackValue(append(append(dst, 0xb0), "chain_of_custody"...), p.ChainOfCustody)
	if err != nil {
		return dst[:start], encodeError(step{"chain_of_custody", -1}, p.ChainOfCustody, err)
	}
	return dst, nil
}

func appendPackValue(dst []byte, v Value) ([]byte, error) {
	switch v.kind {
	case Null:
		return append(dst, 0xc0), nil
	case Bool:
		return append(dst, 0xc2|byte(v.num)), nil
	case Int:
		return appendPackInt(dst, int64(v.num)), nil
	case BigInt:
		n, err := strconv.ParseUint(v.text, 10, 64)
		if err != nil {
			return dst, errBigInt
		}
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), n), nil
	case Float:
		f := math.Float64frombits(v.num)
		if f-f != 0 {
			return dst, errNotFinite
		}
		return binary.BigEndian.AppendUint64(append(dst, 0xcb), v.num), nil
	case String:
		return appendPackText(dst, v.text)
	case Array, Object:
		return appendPackList(dst, v)
	}
	return dst, errBytes
}

func appendPackList(dst []byte, v Value) ([]byte, error) {
	n := len(v.list)
	fix, wide := byte(0x90), byte(0xdc)
	if v.kind == Object {
		fix, wide = 0x80, 0xde
	}
	switch {
	case n < 16:
		dst = append(dst, fix|byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, wide), uint16(n))
	case uint64(n) <= math.MaxUint32:
		dst = binary.BigEndian.AppendUint32(append(dst, wide+1), uint32(n))
	default:
		return dst, errTooLong
	}
	var err error
	for i := range v.list {
		if v.kind == Object {
			if dst, err = appendPackText(dst, v.list[i].Key); err != nil {
				return dst, err
			}
		}
		if dst, err = appendPackValue(dst, v.list[i].Value); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendPackText(dst []byte, s string) ([]byte, error) {
	if !ValidText(s) {
		return dst, errText
	}
	switch n := len(s); {
	case n < 32:
		dst = append(dst, 0xa0|byte(n))
	case n <= math.MaxUint8:
		dst = append(dst, 0xd9, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xda), uint16(n))
	case uint64(n) <= math.MaxUint32:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(n))
	default:
		return dst, errTooLong
	}
	return append(dst, s...), nil
}

func appendPackInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0 && n <= 0x7f, n < 0 && n >= -32:
		return append(dst, byte(n))
	case n >= 0 && n <= math.MaxUint8:
		return append(dst, 0xcc, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
	case n >= 0 && n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
	case n >= 0:
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), uint64(n))
	case n >= math.MinInt8:
		return append(dst, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(n))
}

// encodeError looks for the place where encoding v failed: the happy path
// keeps no track of it.
func encodeError(at step, v Value, err error) error {
	path, _ := findRefused([]step{at}, v)
	return &EncodeError{pathOf(path), err.Error()}
}

func findRefused(path []step, v Value) ([]step, bool) {
	if v.kind != Array && v.kind != Object {
		_, err := appendPackValue(nil, v)
		return path, err != nil
	}
	for i, m := range v.list {
		next := step{index: i}
		if v.kind == Object {
			next = step{m.Key, -1}
			if !ValidText(m.Key) {
				return append(path, next), true
			}
		}
		if found, ok := findRefused(append(path, next), m.Value); ok {
			return found, true
		}
	}
	return path, false
}
