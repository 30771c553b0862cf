package governance

import (
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/packet"
)

// RouteRule is one line of a policy's routing table.
type RouteRule struct {
	Primitive string // a glob: * stands for anything
	Vertical  string // a glob
	Route     Route  // its key as the file has it, with {primitive} and {vertical}
}

type route struct {
	RouteRule
	primitive, vertical []string // what stands between the stars
}

var (
	routeOperations = []string{"set", "lpush", "rpush", "hset", "sadd"}
	routeFormats    = []string{"json", "msgpack"}
)

// Routes is the routing table, in the order of the file.
func (p *Policy) Routes() []RouteRule {
	rules := make([]RouteRule, len(p.routes))
	for i, r := range p.routes {
		rules[i] = r.RouteRule
	}
	return rules
}

// Route gives the first route that fits. A key is filled in only with words of
// lower-case letters, digits, dots, underscores and hyphens: others could name
// a key that nobody meant, so they have no route.
func (p *Policy) Route(primitive, vertical string) (Route, bool) {
	for i := range p.routes {
		r := &p.routes[i]
		if !globMatch(r.primitive, primitive) || !globMatch(r.vertical, vertical) {
			continue
		}
		filled := r.RouteRule.Route
		ok := fillIn(&filled.Key, "{primitive}", primitive) && fillIn(&filled.Key, "{vertical}", vertical)
		return filled, ok
	}
	return Route{}, false
}

// fillIn replaces a field in a key by a word, unless the word is odd.
func fillIn(key *string, field, word string) bool {
	if !strings.Contains(*key, field) {
		return true
	}
	*key = strings.ReplaceAll(*key, field, word)
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

func glob(pattern string) []string { return strings.Split(pattern, "*") }

// globMatch matches a text against what stands between the stars of a glob.
func globMatch(parts []string, text string) bool {
	if len(parts) == 1 {
		return parts[0] == text
	}
	last := len(parts) - 1
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1:last] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}

// readRoutes reads the routing table.
func readRoutes(root section) []route {
	var routes []route
	for _, n := range root.list("routes") {
		s, ok := root.faults.section(n, "a route", "primitive", "vertical", "key", "operation", "ttl", "format")
		if !ok {
			continue
		}
		r := route{RouteRule: RouteRule{Primitive: s.needText("primitive"), Vertical: s.text("vertical")}}
		if r.Vertical == "" {
			r.Vertical = "*"
		}
		r.RouteRule.Route.Key, r.RouteRule.Route.Operation, r.RouteRule.Route.Format = s.needText("key"), s.text("operation"), s.text("format")
		checkRoute(s, r.RouteRule.Route)
		if ttl := s.get("ttl"); ttl != nil {
			r.RouteRule.Route.TTL = s.whole("ttl", 0)
			if r.RouteRule.Route.TTL < packet.MinTTL || r.RouteRule.Route.TTL > packet.MaxTTL {
				s.faults.add(ttl.place, "a route's ttl must be %d to %d seconds", packet.MinTTL, packet.MaxTTL)
			}
		}
		r.primitive, r.vertical = glob(r.Primitive), glob(r.Vertical)
		routes = append(routes, r)
	}
	return routes
}

func checkRoute(s section, r Route) {
	if r.Operation != "" && !slices.Contains(routeOperations, r.Operation) {
		s.faults.add(s.get("operation").place, "a route's operation %q is unknown; known are %s", r.Operation, strings.Join(routeOperations, ", "))
	}
	if r.Format != "" && !slices.Contains(routeFormats, r.Format) {
		s.faults.add(s.get("format").place, "a route's format %q is unknown; known are %s", r.Format, strings.Join(routeFormats, ", "))
	}
	rest := strings.NewReplacer("{primitive}", "", "{vertical}", "").Replace(r.Key)
	if strings.ContainsAny(rest, "{} \t\r\n") {
		s.faults.add(s.get("key").place, "a route's key may hold {primitive} and {vertical}, no other braces and no blanks")
	}
}
