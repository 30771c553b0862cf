package watch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/infrafabric/ifpacket/core/store"
)

// session is one stretch of being connected: subscribe, read everything, then
// read what is told to be dirty, until something fails.
type session struct {
	*Watcher
	model *model
	dirty *dirtySet
	lived bool // at least one full read succeeded

	fullReads int // of this session

	size      int64     // keys in the database at the last beat
	probed    time.Time // when the last probe was sent
	heard     atomic.Int64
	lastFlush time.Duration // how long the last read took
}

func newSession(w *Watcher, m *model) *session {
	return &session{Watcher: w, model: m, dirty: newDirtySet()}
}

func (s *session) run(ctx context.Context) error {
	server, err := readServer(ctx, s.store)
	if err != nil {
		return err
	}
	added, flagErr := ensureNotifications(ctx, s.store)
	if errors.Is(flagErr, store.ErrUnreachable) {
		return flagErr
	}
	s.model.setServer(server)
	s.model.resume(time.Now())
	if flagErr != nil {
		return s.poll(ctx, flagErr.Error())
	}
	if added != "" {
		s.Note("notifications on", s.store.Target().String(), fmt.Sprintf("notify-keyspace-events is now %q", added))
	}
	return s.listen(ctx)
}

// listen follows notifications. The subscription stands before the full read,
// so that nothing falls between the two.
func (s *session) listen(ctx context.Context) error {
	sub, err := s.store.Subscribe(ctx, s.patterns()...)
	if errors.Is(err, store.ErrAuth) {
		return s.poll(ctx, "the server forbids this user to subscribe")
	} else if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	received := make(chan error, 1)
	go func() { received <- s.receive(ctx, sub) }()
	defer func() {
		cancel()
		_ = sub.Close()
		<-received
	}()
	if _, err := s.readAll(ctx); err != nil {
		return err
	}
	s.becomes(Live, "")

	tick := time.NewTicker(s.opts.Beat)
	defer tick.Stop()
	resync := time.NewTicker(s.opts.Resync)
	defer resync.Stop()
	s.heard.Store(time.Now().UnixNano())
	var later <-chan time.Time // when the carcel is read on
	for {
		if later == nil {
			later = s.carcelLater()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-received:
			received <- err // for the deferred wait
			if err == nil {
				err = errLost
			}
			return s.store.Explain("subscribe", "", err)
		case <-s.dirty.signal:
			if err := s.flush(ctx); err != nil {
				return err
			}
		case <-tick.C:
			if err := s.beat(ctx); err != nil {
				return err
			}
		case <-resync.C:
			if err := s.recheck(ctx); err != nil {
				return err
			}
		case <-later:
			later = nil
			if err := s.readCarcel(ctx); err != nil {
				return err
			}
			s.publish(s.model)
		}
	}
}

// flush reads what is dirty. Under load it makes pauses that grow with the
// cost of reading, so that reading takes a bounded share of a core.
func (s *session) flush(ctx context.Context) error {
	pause := min(max(s.opts.Flush, 5*s.lastFlush), 400*time.Millisecond)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	keys, overflow, events := s.dirty.drain()
	s.model.countEvents(events)
	s.model.entries.Altered(events.rewritten)
	begin := time.Now()
	var err error
	if overflow {
		_, err = s.readAll(ctx)
	} else {
		err = s.readDirty(ctx, keys)
	}
	if err == nil {
		err = s.readCarcel(ctx)
	}
	if err != nil {
		return err
	}
	s.publish(s.model)
	s.lastFlush = time.Since(begin)
	return nil
}

// beat is each second's work: the ledger's new records, rates, histories, the
// look for keys that vanished without a word, and the probe that shows a
// connection which is healthy but deaf.
func (s *session) beat(ctx context.Context) error {
	now := time.Now()
	if err := s.readLedger(ctx); err != nil {
		return err
	}
	if err := s.checkSize(ctx); err != nil {
		return err
	}
	if now.Sub(s.probed) >= s.opts.Probe {
		if !s.probed.IsZero() && s.heard.Load() < s.probed.UnixNano() {
			return errLost
		}
		s.probed = now
		if err := s.store.Publish(ctx, s.probeChannel(), "probe"); err != nil && errors.Is(err, store.ErrUnreachable) {
			return err
		} else if err != nil {
			s.probed = time.Time{} // an ACL that forbids PUBLISH: do without
		}
	}
	s.model.sample(now)
	s.publish(s.model)
	return nil
}

// recheck reads everything again, for what notifications may have missed, and
// looks whether somebody took the notification flags away.
func (s *session) recheck(ctx context.Context) error {
	added, err := ensureNotifications(ctx, s.store)
	if err != nil {
		return err
	}
	if added != "" {
		s.Note("notifications on", s.store.Target().String(), fmt.Sprintf("somebody had taken flags away; now %q", added))
	}
	server, err := readServer(ctx, s.store)
	if err != nil {
		return err
	}
	s.model.setServer(server)
	if _, err := s.readAll(ctx); err != nil {
		return err
	}
	s.publish(s.model)
	return nil
}

// checkSize reads everything again when there are fewer keys than there could
// be: FLUSHALL, FLUSHDB and SWAPDB send no notifications.
func (s *session) checkSize(ctx context.Context) error {
	size, err := s.dbSize(ctx)
	if err != nil || size < 0 {
		return err
	}
	fell := size*2 < s.size
	s.size = size
	if !fell && int64(len(s.model.types)) <= size {
		return nil
	}
	// It may be that notifications have only not been read yet.
	if err := s.flush(ctx); err != nil {
		return err
	}
	if size, err = s.dbSize(ctx); err != nil || !fell && int64(len(s.model.types)) <= size {
		return err
	}
	known := len(s.model.types)
	gone, err := s.readAll(ctx)
	if err == nil && gone > known/2 && !s.wordComes(ctx, gone) {
		s.model.log(Event{At: time.Now(), Kind: Console, What: "keys vanished", Subject: s.store.Target().String(),
			Detail: fmt.Sprintf("%d of %d keys are gone without a notification, as after FLUSHALL; all was read again", gone, known), Count: gone})
	}
	return err
}

// wordComes reports whether notifications of as many keys arrive a moment
// later: then they went in the ordinary way, just before everything was read.
func (s *session) wordComes(ctx context.Context, keys int) bool {
	select {
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
	return s.dirty.len() >= keys
}

// dbSize is how many keys there are, −1 where the server does not tell.
func (s *session) dbSize(ctx context.Context) (int64, error) {
	size, err := s.store.Commands().DBSize(ctx).Result()
	if err = s.store.Explain("dbsize", "", err); errors.Is(err, store.ErrAuth) {
		return -1, nil
	}
	return size, err
}

// poll is the way to watch a Redis that sends no notifications: everything
// known is read each second, and new keys are looked for now and then.
func (s *session) poll(ctx context.Context, why string) error {
	if _, err := s.readAll(ctx); err != nil {
		return err
	}
	s.becomes(Polling, why)
	tick := time.NewTicker(s.opts.Poll)
	defer tick.Stop()
	resync := time.NewTicker(min(s.opts.Resync, 5*s.opts.Poll))
	defer resync.Stop()
	var later <-chan time.Time // when the carcel is read on
	for {
		if later == nil {
			later = s.carcelLater()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-later:
			later = nil
			if err := s.readCarcel(ctx); err != nil {
				return err
			}
			s.publish(s.model)
			continue
		case <-resync.C:
			if _, err := s.readAll(ctx); err != nil {
				return err
			}
		case <-tick.C:
			if err := s.readDirty(ctx, s.model.known()); err != nil {
				return err
			}
			if err := s.readCarcel(ctx); err != nil {
				return err
			}
		}
		if err := s.readLedger(ctx); err != nil {
			return err
		}
		s.model.sample(time.Now())
		s.publish(s.model)
	}
}

// becomes marks the session as standing.
func (s *session) becomes(state LinkState, why string) {
	s.lived = true
	s.model.setLink(Link{State: state, Reason: why})
	s.publish(s.model)
}
