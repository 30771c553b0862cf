package packet

import (
	"fmt"
	"math"
	"strconv"
)

// unpacker reads one MessagePack value. Every length is checked against the
// bytes that are left before anything is taken.
type unpacker struct {
	text string
	pos  int
	*scratch
}

// parseMsgpack reads one MessagePack value, with what it tolerates as faults:
// bytes behind the value, keys that are not text, duplicate keys, text that
// is not UTF-8, binary and extension values, NaN and infinities.
func parseMsgpack(raw []byte) (Value, []Fault, error) {
	u := unpacker{text: string(raw), scratch: newScratch()}
	defer u.release()
	v, err := u.value(1)
	if err != nil {
		return Value{}, nil, err
	}
	if left := len(u.text) - u.pos; left > 0 {
		u.faults.add("text", strconv.Itoa(left)+" bytes after the value", "nothing more")
	}
	return v, u.faults.all(), nil
}

func (u *unpacker) fail(reason string) error {
	return fmt.Errorf("byte %d: %s", u.pos, reason)
}

const endsEarly = "the MessagePack value ends early"

// bytes returns the next n bytes.
func (u *unpacker) bytes(n uint64) (string, error) {
	if n > uint64(len(u.text)-u.pos) {
		return "", u.fail(endsEarly)
	}
	s := u.text[u.pos : u.pos+int(n)]
	u.pos += int(n)
	return s, nil
}

// uint reads a big-endian unsigned integer of 1, 2, 4 or 8 bytes.
func (u *unpacker) uint(size int) (uint64, error) {
	s, err := u.bytes(uint64(size))
	if err != nil {
		return 0, err
	}
	var n uint64
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n, nil
}

func (u *unpacker) value(depth int) (Value, error) {
	head, err := u.uint(1)
	if err != nil {
		return Value{}, err
	}
	switch c := byte(head); {
	case c <= 0x7f:
		return IntOf(int64(c)), nil
	case c >= 0xe0:
		return IntOf(int64(int8(c))), nil
	case c <= 0x8f:
		return u.object(uint64(c&0x0f), depth)
	case c <= 0x9f:
		return u.array(uint64(c&0x0f), depth)
	case c <= 0xbf:
		return u.str(uint64(c & 0x1f))
	case c >= 0xd4 && c <= 0xd8:
		return u.ext(1<<(c-0xd4), depth)
	default:
		return u.sized(c, depth)
	}
}

// sized reads the forms that carry their own width.
func (u *unpacker) sized(c byte, depth int) (Value, error) {
	switch c {
	case 0xc0:
		return Value{}, nil
	case 0xc2, 0xc3:
		return BoolOf(c == 0xc3), nil
	case 0xc1:
		return Value{}, u.fail("0xc1 begins no MessagePack value")
	}
	n, err := u.uint(width(c))
	if err != nil {
		return Value{}, err
	}
	switch c {
	case 0xc4, 0xc5, 0xc6:
		return u.bin(n)
	case 0xc7, 0xc8, 0xc9:
		return u.ext(n, depth)
	case 0xca:
		return u.float(float64(math.Float32frombits(uint32(n)))), nil
	case 0xcb:
		return u.float(math.Float64frombits(n)), nil
	case 0xcc, 0xcd, 0xce:
		return IntOf(int64(n)), nil
	case 0xcf:
		return uintValue(n), nil
	case 0xd0:
		return IntOf(int64(int8(n))), nil
	case 0xd1:
		return IntOf(int64(int16(n))), nil
	case 0xd2:
		return IntOf(int64(int32(n))), nil
	case 0xd3:
		return IntOf(int64(n)), nil
	case 0xd9, 0xda, 0xdb:
		return u.str(n)
	case 0xdc, 0xdd:
		return u.array(n, depth)
	}
	return u.object(n, depth) // 0xde, 0xdf
}

// width is the number of bytes behind a head of 0xc4 to 0xdf that hold a
// length or a number.
func width(c byte) int {
	switch c {
	case 0xc4, 0xc7, 0xcc, 0xd0, 0xd9:
		return 1
	case 0xc5, 0xc8, 0xcd, 0xd1, 0xda, 0xdc, 0xde:
		return 2
	case 0xcb, 0xcf, 0xd3:
		return 8
	}
	return 4
}

func uintValue(n uint64) Value {
	if n <= math.MaxInt64 {
		return IntOf(int64(n))
	}
	return Value{kind: BigInt, text: strconv.FormatUint(n, 10)}
}

func (u *unpacker) float(f float64) Value {
	if math.IsNaN(f) {
		f = math.NaN() // one NaN, whatever its payload
	}
	v := FloatOf(f)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		u.note(short(v), "a finite number")
	}
	return v
}

func (u *unpacker) str(n uint64) (Value, error) {
	s, err := u.bytes(n)
	if err != nil {
		return Value{}, err
	}
	text, ok := toText(s)
	if !ok {
		u.note("invalid UTF-8", "UTF-8 text")
	}
	return StringOf(text), nil
}

func (u *unpacker) bin(n uint64) (Value, error) {
	s, err := u.bytes(n)
	if err != nil {
		return Value{}, err
	}
	v := Value{kind: Bytes, text: s}
	u.note("binary "+short(v), "a JSON value")
	return v, nil
}

func (u *unpacker) ext(n uint64, depth int) (Value, error) {
	if depth > MaxDepth { // as JSON it is a list
		return Value{}, u.fail(tooDeep)
	}
	kind, err := u.uint(1)
	if err != nil {
		return Value{}, err
	}
	s, err := u.bytes(n)
	if err != nil {
		return Value{}, err
	}
	v := Value{kind: Ext, num: uint64(int64(int8(kind))), text: s}
	u.note(short(v), "a JSON value")
	return v, nil
}

// list checks the depth, and that n entries of at least one byte each fit.
func (u *unpacker) list(n uint64, depth int) error {
	if depth > MaxDepth {
		return u.fail(tooDeep)
	}
	if n > uint64(len(u.text)-u.pos) {
		return u.fail(endsEarly)
	}
	return nil
}

func (u *unpacker) array(n uint64, depth int) (Value, error) {
	if err := u.list(n, depth); err != nil {
		return Value{}, err
	}
	base := len(u.open)
	for i := range int(n) {
		u.enter(step{index: i})
		v, err := u.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		u.leave(Member{Value: v})
	}
	return Value{kind: Array, list: u.take(base)}, nil
}

func (u *unpacker) object(n uint64, depth int) (Value, error) {
	if err := u.list(2*n, depth); err != nil {
		return Value{}, err
	}
	base := len(u.open)
	for range int(n) {
		key, err := u.key(depth)
		if err != nil {
			return Value{}, err
		}
		u.enter(step{key, -1})
		v, err := u.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		u.leave(Member{key, v})
	}
	list := u.take(base)
	noteDuplicates(list, u.path, &u.faults)
	return Value{kind: Object, list: list}, nil
}

// key reads a map's key. One that is not text is read as Python's json would
// write it; a list or map as key is refused, as Python's reader does (and
// keys within keys would double their escapes at every level).
func (u *unpacker) key(depth int) (string, error) {
	v, err := u.value(depth + 1)
	if err != nil {
		return "", err
	}
	switch v.kind {
	case String:
		return v.text, nil
	case Bytes:
		text, _ := toText(v.text)
		return text, nil
	case Array, Object:
		return "", u.fail("a list or map as key")
	}
	key := string(AppendValueJSON(nil, v))
	u.note("the key "+cut(key), "keys of text")
	return key, nil
}
