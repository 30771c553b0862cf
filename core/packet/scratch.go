package packet

import "sync"

// scratch is what a reader needs while it reads, shared by both formats and
// pooled.
type scratch struct {
	open   []Member // entries of the containers not yet closed
	path   []step   // the way to the value being read
	buf    []byte   // a string with escapes
	faults faults
}

var scratches = sync.Pool{New: func() any {
	return &scratch{open: make([]Member, 0, 32), path: make([]step, 0, 16)}
}}

func newScratch() *scratch { return scratches.Get().(*scratch) }

// release puts s back, holding on to nothing that was read, unless an
// unusual value made it large.
func (s *scratch) release() {
	if cap(s.open) > 512 || cap(s.path) > 64 || cap(s.buf) > maxPooled {
		return
	}
	clear(s.open) // not empty only after an error
	clear(s.path[:cap(s.path)])
	*s = scratch{open: s.open[:0], path: s.path[:0], buf: s.buf[:0]}
	scratches.Put(s)
}

// note notes a fault at the place being read.
func (s *scratch) note(value, expected string) {
	if len(s.path) == 0 {
		s.faults.add("value", value, expected)
		return
	}
	s.faults.addAt(s.path, value, expected)
}

// enter notes that the value at the next step is being read; leave, that it
// has been.
func (s *scratch) enter(next step) { s.path = append(s.path, next) }

func (s *scratch) leave(m Member) {
	s.path = s.path[:len(s.path)-1]
	s.open = append(s.open, m)
}

// take moves the entries gathered since base into a slice of their own.
func (s *scratch) take(base int) []Member {
	list := make([]Member, len(s.open)-base)
	copy(list, s.open[base:])
	clear(s.open[base:])
	s.open = s.open[:base]
	return list
}
