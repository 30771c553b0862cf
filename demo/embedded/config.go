package embedded

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config holds the parameters of CONFIG. Those with an effect here are
// notify-keyspace-events and client-output-buffer-limit; the others can be
// read and set, and nothing heeds them.
type config struct {
	values map[string]string
	limits map[string]bufferLimit // by class of client
}

// A bufferLimit ends a client whose output waits: at once above hard, or when
// it stays above soft for a time. 0 is no limit.
type bufferLimit struct {
	hard, soft int
	within     time.Duration
}

// A parameter checks a value and gives it the form that CONFIG GET shows.
type parameter struct {
	initial string
	fixed   bool
	read    func(value string) (shown, fault string)
}

var parameters = map[string]parameter{
	"notify-keyspace-events":     {read: readEvents},
	"client-output-buffer-limit": {initial: "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"},
	"maxmemory":                  {initial: "0", read: readMemory},
	"maxmemory-policy": {initial: "noeviction", read: oneOf("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction")},
	"maxmemory-samples":         {initial: "5", read: readInteger},
	"maxclients":                {initial: "10000", read: readInteger},
	"appendonly":                {initial: "no", read: readYesNo},
	"appendfsync":               {initial: "everysec", read: oneOf("everysec", "always", "no")},
	"save":                      {read: readSave},
	"timeout":                   {initial: "0", read: readInteger},
	"tcp-keepalive":             {initial: "300", read: readInteger},
	"hz":                        {initial: "10", read: readInteger},
	"lua-time-limit":            {initial: "5000", read: readInteger},
	"busy-reply-threshold":      {initial: "5000", read: readInteger},
	"slowlog-log-slower-than":   {initial: "10000", read: readInteger},
	"slowlog-max-len":           {initial: "128", read: readInteger},
	"latency-monitor-threshold": {initial: "0", read: readInteger},
	"stream-node-max-entries":   {initial: "100", read: readInteger},
	"proto-max-bulk-len":        {initial: "536870912", read: readMemory},
	"databases":                 {initial: strconv.Itoa(databases), fixed: true},
	"cluster-enabled":           {initial: "no", fixed: true},
	"requirepass":               {},
}

func newConfig() config {
	c := config{values: map[string]string{}, limits: map[string]bufferLimit{}}
	for name, p := range parameters {
		c.values[name] = p.initial
	}
	c.setLimits(c.values["client-output-buffer-limit"])
	return c
}

func (c *config) pubsubLimit() bufferLimit { return c.limits["pubsub"] }

func configCommand(x *call) {
	args := x.args[1:]
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "GET" && len(args) > 0:
		configGet(x, args)
	case sub == "SET" && len(args) > 0 && len(args)%2 == 0:
		configSet(x, args)
	case sub == "GET" || sub == "SET":
		x.fail(fmt.Sprintf("ERR wrong number of arguments for 'config|%s' command", strings.ToLower(sub)))
	case sub == "RESETSTAT" && len(args) == 0:
		x.s.stats = stats{}
		x.peer.WriteOK()
	case sub == "REWRITE" && len(args) == 0:
		x.fail("ERR The server is running without a config file")
	default:
		x.unknownSubcommand()
	}
}

func configGet(x *call, patterns []string) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(x.s.config.values)), func(name string) bool {
		return !slices.ContainsFunc(patterns, func(p string) bool { return glob(strings.ToLower(p), name) })
	})
	x.peer.WriteMapLen(len(names))
	for _, name := range names {
		x.peer.WriteBulk(name)
		x.peer.WriteBulk(x.s.config.values[name])
	}
}

// configSet sets all parameters or none.
func configSet(x *call, args []string) {
	next := maps.Clone(x.s.config.values)
	seen := map[string]bool{}
	for i := 0; i < len(args); i += 2 {
		name := strings.ToLower(args[i])
		p, known := parameters[name]
		if !known {
			x.fail(fmt.Sprintf("ERR Unknown option or number of arguments for CONFIG SET - '%.128s'", args[i]))
			return
		}
		shown, fault := args[i+1], ""
		switch {
		case seen[name]:
			fault = "duplicate parameter"
		case p.fixed:
			fault = "can't set immutable config"
		case name == "client-output-buffer-limit":
			shown, fault = mergeLimits(next[name], args[i+1])
		case p.read != nil:
			shown, fault = p.read(args[i+1])
		}
		if fault != "" {
			x.fail(fmt.Sprintf("ERR CONFIG SET failed (possibly related to argument '%.128s') - %s", args[i], fault))
			return
		}
		seen[name], next[name] = true, shown
	}
	x.s.config.values = next
	x.s.config.setLimits(next["client-output-buffer-limit"])
	if seen["notify-keyspace-events"] {
		for i := 0; i < len(args); i += 2 {
			if strings.EqualFold(args[i], "notify-keyspace-events") {
				// Not from what is shown, which leaves out n beside A.
				x.s.flags, _ = parseClass(args[i+1])
			}
		}
	}
	x.peer.WriteOK()
}
