package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// errInterrupted ends a command that was waiting for input.
var errInterrupted = errors.New("interrupted")

// input is stdin as long as the context lasts: a command that waits for lines
// that never come must still end when it is told to.
func (a *app) input(ctx context.Context) io.Reader {
	return &interruptible{ctx: ctx, from: a.in, done: make(chan piece, 1)}
}

type interruptible struct {
	ctx  context.Context
	from io.Reader
	done chan piece
	rest []byte // read and not yet handed on
	err  error
}

// piece is what one read gave.
type piece struct {
	data []byte
	err  error
}

func (r *interruptible) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		go func() {
			buf := make([]byte, 64<<10)
			n, err := r.from.Read(buf)
			r.done <- piece{buf[:n], err}
		}()
		select {
		case <-r.ctx.Done():
			return 0, errInterrupted // the read goes on, and nobody waits for it
		case got := <-r.done:
			r.rest, r.err = got.data, got.err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if n == 0 && len(p) > 0 {
		return 0, r.err
	}
	return n, nil
}

// lines reads lines of any length and hands on those of at most max bytes.
type lines struct {
	from   *bufio.Reader
	max    int
	number int // of the newest line, from 1
}

// next is the newest line without its end; tooLong stands for one that is not
// handed on. At the end it gives io.EOF.
func (l *lines) next() (line []byte, tooLong bool, err error) {
	for {
		part, err := l.from.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > l.max; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(line) > 0 || tooLong):
			err = nil // the next one says that it was the last
		}
		if err == nil {
			l.number++
		}
		return line, tooLong, err
	}
}
