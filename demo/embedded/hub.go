package embedded

import (
	"slices"
	"strconv"
)

// A hub knows who has subscribed to what.
type hub struct {
	channels  map[string][]*conn
	patterns  []patternSubs
	listeners int // subscriptions in all
}

type patternSubs struct {
	pattern string
	conns   []*conn
}

// subscriptions are those of one connection, in the order they were made.
type subscriptions struct {
	channels, patterns []string
	pumping            bool
}

func (s *subscriptions) count() int { return len(s.channels) + len(s.patterns) }

func newHub() hub { return hub{channels: map[string][]*conn{}} }

func (h *hub) subscribe(c *conn, channel string) {
	if slices.Contains(c.subs.channels, channel) {
		return
	}
	c.subs.channels = append(c.subs.channels, channel)
	h.channels[channel] = append(h.channels[channel], c)
	h.listeners++
}

func (h *hub) unsubscribe(c *conn, channel string) {
	i := slices.Index(c.subs.channels, channel)
	if i < 0 {
		return
	}
	c.subs.channels = slices.Delete(c.subs.channels, i, i+1)
	h.listeners--
	if rest := without(h.channels[channel], c); len(rest) > 0 {
		h.channels[channel] = rest
	} else {
		delete(h.channels, channel)
	}
}

func (h *hub) psubscribe(c *conn, pattern string) {
	if slices.Contains(c.subs.patterns, pattern) {
		return
	}
	c.subs.patterns = append(c.subs.patterns, pattern)
	h.listeners++
	for i := range h.patterns {
		if h.patterns[i].pattern == pattern {
			h.patterns[i].conns = append(h.patterns[i].conns, c)
			return
		}
	}
	h.patterns = append(h.patterns, patternSubs{pattern, []*conn{c}})
}

func (h *hub) punsubscribe(c *conn, pattern string) {
	i := slices.Index(c.subs.patterns, pattern)
	if i < 0 {
		return
	}
	c.subs.patterns = slices.Delete(c.subs.patterns, i, i+1)
	h.listeners--
	for i := range h.patterns {
		if h.patterns[i].pattern != pattern {
			continue
		}
		if h.patterns[i].conns = without(h.patterns[i].conns, c); len(h.patterns[i].conns) == 0 {
			h.patterns = slices.Delete(h.patterns, i, i+1)
		}
		return
	}
}

// leave ends all subscriptions of a connection.
func (h *hub) leave(c *conn) {
	for _, channel := range slices.Clone(c.subs.channels) {
		h.unsubscribe(c, channel)
	}
	for _, pattern := range slices.Clone(c.subs.patterns) {
		h.punsubscribe(c, pattern)
	}
}

func without(conns []*conn, c *conn) []*conn {
	return slices.DeleteFunc(conns, func(other *conn) bool { return other == c })
}

// publish sends a message to all who subscribed, and returns how often. It
// never waits: who is too far behind is cut off, as by Redis.
func (s *Server) publish(channel, message string) int {
	sent := 0
	for _, c := range s.hub.channels[channel] {
		s.push(c, "message", channel, message)
		sent++
	}
	for _, p := range s.hub.patterns {
		if !glob(p.pattern, channel) {
			continue
		}
		for _, c := range p.conns {
			s.push(c, "pmessage", p.pattern, channel, message)
			sent++
		}
	}
	return sent
}

func (s *Server) push(c *conn, parts ...string) {
	kind := byte('*')
	if c.resp3 {
		kind = '>'
	}
	if !c.out.push(encode(kind, parts), s.config.pubsubLimit(), s.now) {
		c.kill()
	}
}

// encode makes an array of strings, or a push of RESP 3.
func encode(kind byte, parts []string) []byte {
	size := 16
	for _, p := range parts {
		size += len(p) + 16
	}
	b := make([]byte, 0, size)
	b = append(b, kind)
	b = strconv.AppendInt(b, int64(len(parts)), 10)
	b = append(b, '\r', '\n')
	for _, p := range parts {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, '\r', '\n')
		b = append(b, p...)
		b = append(b, '\r', '\n')
	}
	return b
}

func dbName(db int) string { return strconv.Itoa(db) }
