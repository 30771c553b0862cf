package packet

import (
	"fmt"
	"sync"
)

// Format is how a packet is written to Redis.
type Format uint8

// The two formats of the wire format. Reading tells them apart by the first
// byte.
const (
	JSON Format = iota
	Msgpack
)

// String is "json" or "msgpack".
func (f Format) String() string {
	if f == Msgpack {
		return "msgpack"
	}
	return "json"
}

// ParseFormat reads "json" or "msgpack".
func ParseFormat(s string) (Format, error) {
	switch s {
	case "json":
		return JSON, nil
	case "msgpack":
		return Msgpack, nil
	}
	return JSON, fmt.Errorf("format %s is not known: use json or msgpack", quoteShort(s))
}

// Append appends p in the format f. Only Msgpack can fail, with an
// *EncodeError.
func Append(dst []byte, p Packet, f Format) ([]byte, error) {
	if f == Msgpack {
		return AppendMsgpack(dst, p)
	}
	return AppendJSON(dst, p), nil
}

// Encode returns p in the format f, in bytes of its own.
func Encode(p Packet, f Format) ([]byte, error) {
	e := NewEncoder()
	defer e.Release()
	raw, err := e.Encode(p, f)
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), raw...), nil
}

// Encoder is a pooled buffer to encode into. Take one with NewEncoder, give
// it back with Release; it serves one goroutine at a time.
type Encoder struct{ buf []byte }

var encoders = sync.Pool{New: func() any { return &Encoder{buf: make([]byte, 0, 1024)} }}

// maxPooled is the largest buffer, in bytes, that goes back into the pool.
const maxPooled = 1 << 16

// NewEncoder takes an Encoder from the pool.
func NewEncoder() *Encoder { return encoders.Get().(*Encoder) }

// Encode writes p in the format f. The bytes are the encoder's own: they
// hold until the next Encode or Release.
func (e *Encoder) Encode(p Packet, f Format) ([]byte, error) {
	raw, err := Append(e.buf[:0], p, f)
	e.buf = raw
	return raw, err
}

// Release gives the encoder back to the pool. Its bytes must not be used any
// more.
func (e *Encoder) Release() {
	if cap(e.buf) > maxPooled {
		return
	}
	encoders.Put(e)
}
