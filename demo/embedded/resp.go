package embedded

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// Limits of what one command may be, as Redis has them.
const (
	maxArgs   = 1 << 20
	maxBulk   = 512 << 20
	maxInline = 64 << 10
)

// A protocolError is input that is no RESP; the connection ends after it.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// readCommand reads a command: an array of bulk strings, or words on a line.
// It is empty for an empty line.
func readCommand(r *bufio.Reader) ([]string, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if len(line) == 0 || line[0] != '*' {
		return strings.Fields(string(line)), nil
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n > maxArgs {
		return nil, protocolError("invalid multibulk length")
	}
	if n <= 0 {
		return nil, nil
	}
	args := make([]string, 0, min(n, 1024))
	for range n {
		arg, err := readBulk(r)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	return args, nil
}

func readBulk(r *bufio.Reader) (string, error) {
	line, err := readLine(r)
	if err != nil {
		return "", err
	}
	if len(line) == 0 || line[0] != '$' {
		got := " "
		if len(line) > 0 {
			got = string(line[:1])
		}
		return "", protocolError("expected '$', got '" + got + "'")
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < 0 || n > maxBulk {
		return "", protocolError("invalid bulk length")
	}
	var b strings.Builder
	// What is announced is believed only as far as it arrives.
	b.Grow(min(n, 1<<20))
	if _, err := io.CopyN(&b, r, int64(n)); err != nil {
		return "", err
	}
	if _, err := r.Discard(2); err != nil {
		return "", err
	}
	return b.String(), nil
}

// readLine reads up to a newline, which it drops together with a \r before it.
// The line holds until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := bytes.Clone(line)
		for err == bufio.ErrBufferFull && len(long) <= maxInline {
			line, err = r.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if len(line) > maxInline {
		return nil, protocolError("too big inline request")
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
