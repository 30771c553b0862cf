package watch

import (
	"context"
	"errors"
	"time"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	// A carcel of so many entries or fewer is read again with every full
	// read, a larger one with every tenth.
	smallCarcel   = 5000
	carcelRereads = 10
	carcelStep    = 10 * time.Millisecond  // least time between two steps of reading
	carcelLook    = 100 * time.Millisecond // for which one look reads the carcel
)

// doubtCarcel has the carcel read again, for what notifications may have
// missed: a change in place shows in neither its length nor a counter.
func (s *session) doubtCarcel() {
	if s.fullReads%carcelRereads == 0 || s.model.carcel.Length <= smallCarcel {
		s.model.entries.Doubt()
	}
	s.fullReads++
	s.model.carcelDirty = true
}

// readCarcel takes the next step of reading the carcel, if there is one.
func (s *session) readCarcel(ctx context.Context) error {
	m := s.model
	if !m.carcelDirty && !m.carcelMore {
		return nil
	}
	m.entries.Skew(m.server.Skew)
	more, err := m.entries.Refresh(ctx)
	return s.sawCarcel(ctx, more, err)
}

// lookAtCarcel goes on reading the carcel for a moment, without pause.
func (s *session) lookAtCarcel(ctx context.Context) error {
	if !s.model.carcelMore {
		return nil
	}
	more, err := s.model.entries.ReadFor(ctx, carcelLook)
	return s.sawCarcel(ctx, more, err)
}

func (s *session) sawCarcel(ctx context.Context, more bool, err error) error {
	m := s.model
	if errors.Is(err, store.ErrWrongType) || errors.Is(err, store.ErrAuth) {
		more = false // it is told as a fault, or hidden from this user
	} else if err != nil {
		return err
	}
	m.carcelDirty, m.carcelMore = false, more
	pending := int64(0)
	if t := m.entries.Table(); !t.Whole && t.Length > 0 {
		// What waits may be among those that are not read yet.
		pending, err = s.store.Commands().ZCard(ctx, keyspace.Main.Pending()).Result()
		if err = s.store.Explain("zcard", keyspace.Main.Pending(), err); errors.Is(err, store.ErrUnreachable) {
			return err
		}
	}
	m.seeCarcel(int(pending))
	m.taken = time.Now()
	return nil
}

// carcelLater tells when the next step of reading the carcel is due; nil when
// none is.
func (s *session) carcelLater() <-chan time.Time {
	if !s.model.carcelMore {
		return nil
	}
	return time.After(max(s.model.entries.Pause(), carcelStep))
}

// seeCarcel takes the newest table into the picture.
func (m *model) seeCarcel(pending int) {
	t := m.entries.Table()
	if t == m.carcel.Table && pending == m.carcel.pending {
		return
	}
	m.carcel.Length, m.carcel.Table, m.carcel.pending = t.Length, t, pending
	m.changed.carcel = true
}
