package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/infrafabric/ifpacket/core/packet"
)

// ErrNotCanonical is what Canonical's errors are, by errors.Is: the value
// has no single canonical form.
var ErrNotCanonical = errors.New("no canonical form")

// Canonical writes v as Python's
//
//	json.dumps(v, sort_keys=True, separators=(',',':'), allow_nan=False)
//
// does: printable ASCII alone, keys in the order of their code points,
// integers with every digit (-0 is 0), floats in Python's repr, whatever text
// they were read from. It is not RFC 8785, under which 2^53+1 and 2^53, or
// 1.0 and 1, would be the same. NaN, infinities, binary values, duplicate
// keys and strings that are not WTF-8 are refused.
func Canonical(v packet.Value) ([]byte, error) {
	return appendCanonical(nil, v)
}

func appendCanonical(dst []byte, v packet.Value) ([]byte, error) {
	switch v.Kind() {
	case packet.Float:
		f, _ := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, notCanonical("a number is not finite")
		}
		return packet.AppendFloat(dst, f), nil
	case packet.String:
		text, _ := v.Text()
		return appendText(dst, text)
	case packet.Bytes, packet.Ext:
		return dst, notCanonical("a value is binary")
	case packet.Array:
		return appendArray(dst, v.Members())
	case packet.Object:
		return appendObject(dst, v.Members())
	}
	return packet.AppendValueJSON(dst, v), nil
}

func notCanonical(reason string) error { return fmt.Errorf("%w: %s", ErrNotCanonical, reason) }

func appendText(dst []byte, s string) ([]byte, error) {
	if !packet.ValidText(s) && !isWTF8(s) {
		return dst, notCanonical("a text is not Unicode")
	}
	return packet.AppendString(dst, s), nil
}

func isWTF8(s string) bool {
	for len(s) > 0 {
		_, size := packet.DecodeRune(s)
		if size == 1 && s[0] >= 0x80 {
			return false
		}
		s = s[size:]
	}
	return true
}

func appendArray(dst []byte, list []packet.Member) ([]byte, error) {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendCanonical(dst, list[i].Value); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, list []packet.Member) ([]byte, error) {
	var room [16]*packet.Member
	sorted := room[:0]
	for i := range list {
		sorted = append(sorted, &list[i])
	}
	// The order of WTF-8's bytes is that of the code points.
	slices.SortFunc(sorted, func(a, b *packet.Member) int { return strings.Compare(a.Key, b.Key) })
	dst = append(dst, '{')
	for i, m := range sorted {
		if i > 0 {
			if m.Key == sorted[i-1].Key {
				return dst, notCanonical("a key is there twice")
			}
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendText(dst, m.Key); err != nil {
			return dst, err
		}
		if dst, err = appendCanonical(append(dst, ':'), m.Value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// buffers holds what is only needed until it is hashed.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxPooled is the largest buffer, in bytes, that goes back into the pool.
const maxPooled = 1 << 16

// ContentsSHA256 is the digest of contents that links and seals are made
// with: SHA-256 of Canonical, as 64 lower-case hex digits.
func ContentsSHA256(contents packet.Value) (string, error) {
	buf := buffers.Get().(*[]byte)
	raw, err := appendCanonical((*buf)[:0], contents)
	if err != nil {
		return "", fmt.Errorf("contents: %w", err)
	}
	digest := hexSHA256(raw)
	if cap(raw) <= maxPooled {
		*buf = raw
		buffers.Put(buf)
	}
	return digest, nil
}

func hexSHA256(raw []byte) string {
	sum := sha256.Sum256(raw)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
