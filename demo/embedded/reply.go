package embedded

import (
	"bufio"
	"bytes"
	"strconv"

	"github.com/alicebob/miniredis/v2/server"
)

// A reply collects what a command answers, in RESP. The peer is what the
// engine and our own commands write to.
type reply struct {
	peer *server.Peer
	buf  bytes.Buffer
}

func newReply(engine any, resp3 bool) *reply {
	r := &reply{}
	r.peer = server.NewPeer(bufio.NewWriterSize(&r.buf, 256))
	r.peer.Ctx = engine
	r.peer.Resp3 = resp3
	return r
}

func (r *reply) bytes() []byte {
	r.peer.Flush()
	return r.buf.Bytes()
}

// fail makes the reply an error, whatever was written before.
func (r *reply) fail(text string) {
	r.peer.Flush()
	r.buf.Reset()
	r.peer.WriteError(text)
}

// oneError cuts off what the engine writes after an error: XLEN of a list, for
// one, answers twice, and every later answer would be taken for another's.
func (r *reply) oneError() {
	if b := r.bytes(); len(b) > 0 && b[0] == '-' {
		r.buf.Truncate(bytes.IndexByte(b, '\n') + 1)
	}
}

func (r *reply) failed() bool {
	b := r.bytes()
	return len(b) == 0 || b[0] == '-'
}

// null is a missing value: of RESP 2 or 3, a string or an array.
func (r *reply) null() bool {
	b := r.bytes()
	return len(b) > 1 && (b[0] == '_' || b[1] == '-' && (b[0] == '$' || b[0] == '*'))
}

// number is an integer reply, or the length of an array or a map; else 0.
func (r *reply) number() int {
	b := r.bytes()
	if len(b) == 0 || bytes.IndexByte([]byte(":*%~>"), b[0]) < 0 {
		return 0
	}
	end := bytes.IndexByte(b, '\r')
	n, _ := strconv.Atoi(string(b[1:end]))
	return n
}

// gave is true for a value and for an array with something in it.
func (r *reply) gave() bool {
	b := r.bytes()
	if r.failed() || r.null() {
		return false
	}
	return b[0] == '$' || r.number() > 0
}

// text is a bulk string, be it the reply or the first element of the array
// that the reply is.
func (r *reply) text() string {
	b := r.bytes()
	if len(b) > 0 && b[0] == '*' {
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	if len(b) == 0 || b[0] != '$' {
		return ""
	}
	end := bytes.IndexByte(b, '\r')
	n, err := strconv.Atoi(string(b[1:end]))
	if err != nil || n < 0 {
		return ""
	}
	return string(b[end+2 : end+2+n])
}
