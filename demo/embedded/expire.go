package embedded

import "time"

// expire removes keys when their time has come. It sleeps until then, so it
// costs nothing while nothing expires.
func (s *Server) expire() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s.mu.Lock()
		s.tick()
		wait := time.Hour
		if len(s.deadlines.next) > 0 {
			wait = s.deadlines.next[0].at.Sub(s.now)
		}
		s.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.deadlines.sooner:
		case <-s.done:
			return
		}
	}
}

// tick sets the clock of the next command and expires what is due, so that no
// command ever sees a key past its time. During a command the clock stands.
func (s *Server) tick() {
	s.now = time.Now()
	s.engine.SetTime(s.now)
	for len(s.deadlines.next) > 0 {
		due := s.deadlines.next[0]
		if due.at.After(s.now) {
			return
		}
		s.deadlines.remove(due.key)
		delete(s.streams, due.key)
		s.engine.DB(due.key.db).Del(due.key.key)
		s.stats.expired++
		s.notify(expiredEvents, "expired", due.key)
	}
}

// settle brings what is known of a key into line with what a write left of it.
// counts says that the write set a TTL: it counts from now.
func (s *Server) settle(k dbKey, counts bool) {
	ttl, exists := s.ttl(k), s.exists(k)
	switch {
	case !exists:
		if ttl != 0 {
			s.scrub(k)
		}
		s.deadlines.remove(k)
	case ttl == 0:
		s.deadlines.remove(k)
	default:
		if _, known := s.deadlines.byKey[k]; !known || counts {
			s.deadlines.set(k, s.now.Add(ttl))
		}
	}
	if _, was := s.streams[k]; was && s.kind(k) != "stream" {
		delete(s.streams, k)
	}
}

// scrub removes a TTL that the engine keeps for a key that is not there (SET
// with a time in the past): a new key of that name would inherit it.
func (s *Server) scrub(k dbKey) {
	s.direct(func() {
		db := s.engine.DB(k.db)
		db.Set(k.key, "")
		db.Del(k.key)
	})
}

// syncTTL tells the engine how long a key really has. For EXPIRE LT it is told
// a nanosecond less, as it takes an equal time for a lesser one.
func (s *Server) syncTTL(k dbKey, less bool) {
	if left, ok := s.deadlines.left(k, s.now); ok {
		if less {
			left--
		}
		s.direct(func() { s.engine.DB(k.db).SetTTL(k.key, left) })
	}
}

// direct runs f, which uses the engine's Go methods. They take the engine's
// lock, which a running script holds; as commands run one at a time, nobody
// else can come between.
func (s *Server) direct(f func()) {
	if s.locked {
		s.engine.Unlock()
		defer s.engine.Lock()
	}
	f()
}

func (s *Server) exists(k dbKey) (yes bool) {
	s.direct(func() { yes = s.engine.DB(k.db).Exists(k.key) })
	return yes
}

// kind is the type of a key as TYPE gives it, "" if there is none.
func (s *Server) kind(k dbKey) (kind string) {
	s.direct(func() { kind = s.engine.DB(k.db).Type(k.key) })
	if kind == "hll" {
		return "string"
	}
	return kind
}

func (s *Server) ttl(k dbKey) (ttl time.Duration) {
	s.direct(func() { ttl = s.engine.DB(k.db).TTL(k.key) })
	return ttl
}
