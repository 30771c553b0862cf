package embedded

import (
	"bufio"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A blocker says how a command that may wait is tried. The engine could wait
// too, but then its write would come at a time of its own, between the
// commands of others and without its events.
type blocker struct {
	timeout func(args []string) (time.Duration, string, bool) // wait at most, 0 for ever; an error; whether it may wait
	keys    func(args []string) []string
	kind    string        // type that the keys must have to serve it
	prepare func(x *call) // before the first try
}

var blockers = map[string]blocker{
	"BLPOP":      {timeout: lastArg, keys: allButLast, kind: "list"},
	"BRPOP":      {timeout: lastArg, keys: allButLast, kind: "list"},
	"BRPOPLPUSH": {timeout: lastArg, keys: firstArg, kind: "list"},
	"BLMOVE":     {timeout: lastArg, keys: firstArg, kind: "list"},
	"BZPOPMIN":   {timeout: lastArg, keys: allButLast, kind: "zset"},
	"BZPOPMAX":   {timeout: lastArg, keys: allButLast, kind: "zset"},
	"BZMPOP":     {timeout: zeroArg, keys: func(a []string) []string { return counted(a, 1) }, kind: "zset"},
	"XREAD":      {timeout: blockOption, keys: streamKeys, kind: "stream", prepare: pinLast},
	"XREADGROUP": {timeout: blockOption, keys: streamKeys, kind: "stream"},
}

// A waiter is a command that waits for one of its keys.
type waiter struct {
	x       *call
	block   blocker
	keys    []string
	timeout time.Duration
	done    chan struct{} // closed when it has been answered
}

// block carries out a command that may have to wait.
func (s *Server) block(x *call, b blocker) *waiter {
	timeout, fault, may := b.timeout(x.args)
	if fault != "" {
		x.fail(fault)
		return nil
	}
	if b.prepare != nil {
		b.prepare(x)
	}
	if !may || s.ready(x, b, true) {
		s.run(x)
	}
	if len(x.bytes()) > 0 && !(may && x.null()) {
		return nil
	}
	x.clear()
	w := &waiter{x: x, block: b, keys: b.keys(x.args), timeout: timeout, done: make(chan struct{})}
	s.waiters = append(s.waiters, w)
	return w
}

// tryBlock carries it out where nobody can wait: inside MULTI.
func (s *Server) tryBlock(x *call, b blocker) {
	_, fault, may := b.timeout(x.args)
	if fault != "" {
		x.fail(fault)
		return
	}
	if b.prepare != nil {
		b.prepare(x)
	}
	if !may || s.ready(x, b, true) {
		s.run(x)
	}
	if len(x.bytes()) == 0 {
		x.nothing()
	}
}

// ready tells whether a command would be answered now. A key of a wrong type
// answers it (with an error) at the first try only.
func (s *Server) ready(x *call, b blocker, first bool) bool {
	if b.kind == "stream" {
		x.args = withoutBlock(x.args)
		return true
	}
	for _, key := range b.keys(x.args) {
		switch s.kind(dbKey{x.db, key}) {
		case b.kind:
			return true
		case "":
		default:
			if first {
				x.fail(wrongType)
				return false
			}
		}
	}
	return false
}

// serveWaiters answers those who waited for what has just been written, the
// longest waiting first, before the next command runs.
func (s *Server) serveWaiters() {
	for len(s.touched) > 0 && len(s.waiters) > 0 {
		touched := s.touched
		s.touched = nil
		for _, w := range slices.Clone(s.waiters) {
			waits := func(k dbKey) bool { return k.db == w.x.db && slices.Contains(w.keys, k.key) }
			if !slices.ContainsFunc(touched, waits) || !s.ready(w.x, w.block, false) {
				continue
			}
			w.x.peer.Ctx = w.x.c.engine
			s.run(w.x)
			if w.x.null() || len(w.x.bytes()) == 0 {
				w.x.clear()
				continue
			}
			s.answer(w)
		}
	}
	s.touched = s.touched[:0]
}

// answer ends a wait with the reply that stands.
func (s *Server) answer(w *waiter) {
	s.waiters = slices.DeleteFunc(s.waiters, func(other *waiter) bool { return other == w })
	w.x.c.engine = w.x.peer.Ctx
	w.x.c.out.write(w.x.bytes())
	close(w.done)
}

// wait returns when the command has been answered, its time is over, or its
// connection has ended.
func (w *waiter) wait() {
	c, s := w.x.c, w.x.s
	c.out.flush()
	var timeout <-chan time.Time
	if w.timeout > 0 {
		timer := time.NewTimer(w.timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	ended := make(chan struct{})
	look := make(chan struct{})
	go func() { // a client that has gone shows only in a read
		defer close(look)
		if _, err := c.r.Peek(1); err != nil && !isTimeout(err) {
			close(ended)
		}
	}()
	select {
	case <-w.done:
	case <-timeout:
	case <-ended:
	case <-c.gone:
	}
	s.mu.Lock()
	if slices.Contains(s.waiters, w) {
		w.x.nothing()
		s.answer(w)
	}
	s.mu.Unlock()
	c.nc.SetReadDeadline(time.Unix(1, 0))
	<-look
	c.nc.SetReadDeadline(time.Time{})
}

// nothing is the answer of a command that waited in vain.
func (x *call) nothing() {
	if x.peer.Resp3 {
		x.peer.WriteNull()
	} else if x.name == "BRPOPLPUSH" || x.name == "BLMOVE" {
		x.peer.WriteNull()
	} else {
		x.peer.WriteLen(-1)
	}
}

func (r *reply) clear() {
	r.peer.Flush()
	r.buf.Reset()
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout() || err == bufio.ErrBufferFull
}

func lastArg(args []string) (time.Duration, string, bool) { return seconds(args[len(args)-1]) }
func zeroArg(args []string) (time.Duration, string, bool) { return seconds(args[0]) }
func allButLast(args []string) []string                   { return args[:len(args)-1] }
func firstArg(args []string) []string                     { return args[:1] }

func seconds(s string) (time.Duration, string, bool) {
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsNaN(n) || math.IsInf(n, 0):
		return 0, "ERR timeout is not a float or out of range", false
	case n < 0:
		return 0, "ERR timeout is negative", false
	}
	return time.Duration(n * float64(time.Second)), "", true
}

// blockOption is the BLOCK of XREAD and XREADGROUP, in milliseconds.
func blockOption(args []string) (time.Duration, string, bool) {
	for i := 0; i < len(args)-1 && !strings.EqualFold(args[i], "STREAMS"); i++ {
		if !strings.EqualFold(args[i], "BLOCK") {
			continue
		}
		ms, err := strconv.Atoi(args[i+1])
		switch {
		case err != nil:
			return 0, "ERR timeout is not an integer or out of range", false
		case ms < 0:
			return 0, "ERR timeout is negative", false
		}
		return time.Duration(ms) * time.Millisecond, "", true
	}
	return 0, "", false
}

func withoutBlock(args []string) []string {
	for i := 0; i < len(args)-1 && !strings.EqualFold(args[i], "STREAMS"); i++ {
		if strings.EqualFold(args[i], "BLOCK") {
			return slices.Concat(args[:i], args[i+2:])
		}
	}
	return args
}

func streamKeys(args []string) []string {
	i := slices.IndexFunc(args, func(a string) bool { return strings.EqualFold(a, "STREAMS") })
	rest := args[i+1:]
	return rest[:len(rest)/2]
}

// pinLast writes the last id of the streams in the place of $: what arrives
// while waiting is new.
func pinLast(x *call) {
	keys := streamKeys(x.args)
	x.args = slices.Clone(x.args)
	ids := x.args[len(x.args)-len(keys):]
	for i, key := range keys {
		if ids[i] == "$" {
			x.s.lookup(dbKey{x.db, key})
			ids[i] = x.s.lastStreamID(dbKey{x.db, key})
		}
	}
}
