package embedded

import "strings"

// A class is a set of the letters of notify-keyspace-events.
type class uint16

const (
	keyspaceEvents class = 1 << iota // K: channels __keyspace@<db>__:<key>
	keyeventEvents                   // E: channels __keyevent@<db>__:<event>
	genericEvents                    // g
	stringEvents                     // $
	listEvents                       // l
	setEvents                        // s
	hashEvents                       // h
	zsetEvents                       // z
	expiredEvents                    // x
	evictedEvents                    // e
	streamEvents                     // t
	moduleEvents                     // d
	newEvents                        // n: key created; not in A
	missEvents                       // m: key looked up in vain; not in A
)

const allEvents = genericEvents | stringEvents | listEvents | setEvents | hashEvents |
	zsetEvents | expiredEvents | evictedEvents | streamEvents | moduleEvents

// classLetters is in the order in which Redis writes them back.
var classLetters = []struct {
	letter byte
	class  class
}{
	{'g', genericEvents}, {'$', stringEvents}, {'l', listEvents}, {'s', setEvents},
	{'h', hashEvents}, {'z', zsetEvents}, {'x', expiredEvents}, {'e', evictedEvents},
	{'t', streamEvents}, {'d', moduleEvents}, {'n', newEvents},
	{'K', keyspaceEvents}, {'E', keyeventEvents}, {'m', missEvents},
}

// parseClass reads a value of notify-keyspace-events.
func parseClass(s string) (class, bool) {
	var c class
letters:
	for i := range len(s) {
		if s[i] == 'A' {
			c |= allEvents
			continue
		}
		for _, l := range classLetters {
			if l.letter == s[i] {
				c |= l.class
				continue letters
			}
		}
		return 0, false
	}
	return c, true
}

// String is what CONFIG GET shows. Like Redis 7.0 it leaves out n beside A.
func (c class) String() string {
	var b strings.Builder
	all := c&allEvents == allEvents
	if all {
		b.WriteByte('A')
	}
	for _, l := range classLetters {
		if all && (l.class&allEvents != 0 || l.class == newEvents) {
			continue
		}
		if c&l.class != 0 {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}

// listening tells whether an event could reach anybody: if not, no command
// needs to find out what it changed.
func (s *Server) listening() bool {
	return s.flags&(keyspaceEvents|keyeventEvents) != 0 && s.hub.listeners > 0
}

// notify publishes an event of a key, if its class is asked for.
func (s *Server) notify(c class, event string, k dbKey) {
	if s.flags&c == 0 || s.hub.listeners == 0 {
		return
	}
	if s.flags&keyspaceEvents != 0 {
		s.publish("__keyspace@"+dbName(k.db)+"__:"+k.key, event)
	}
	if s.flags&keyeventEvents != 0 {
		s.publish("__keyevent@"+dbName(k.db)+"__:"+event, k.key)
	}
}
