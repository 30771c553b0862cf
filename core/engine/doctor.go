package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/watch"
)

// Finding is the outcome of one check of the server or the set-up.
type Finding struct {
	Check  string `json:"check"`
	Status string `json:"status"` // ok, advice, bad
	Detail string `json:"detail"`
	Mend   string `json:"mend,omitempty"` // what to do about it
}

// Bad reports whether something does not work.
func (f Finding) Bad() bool { return f.Status == "bad" }

// Glyph is the finding's status as one sign.
func (f Finding) Glyph() string {
	return map[string]string{"ok": "✓", "advice": "▲", "bad": "✕"}[f.Status]
}

// examination gathers findings.
type examination struct {
	e        *Engine
	config   map[string]string
	findings []Finding
}

func (x *examination) add(check, status, mend, format string, args ...any) {
	x.findings = append(x.findings, Finding{check, status, fmt.Sprintf(format, args...), mend})
}

// Examine checks the server and the set-up. It writes nothing.
func (e *Engine) Examine(ctx context.Context) []Finding {
	x := &examination{e: e, config: map[string]string{}}
	begin := time.Now()
	if err := e.Ping(ctx); err != nil {
		var failed *store.Error
		if errors.As(err, &failed) {
			x.add("reachable", "bad", "start the server, or name another with --redis", "%s", failed.Sentence())
		} else {
			x.add("reachable", "bad", "", "%v", err)
		}
		return x.findings
	}
	took := time.Since(begin)
	begin = time.Now()
	_ = e.Ping(ctx) // the first one had to connect
	x.add("reachable", "ok", "", "%s answers in %s (%s to connect)", e.Address(), ms(time.Since(begin)), ms(took))
	for _, name := range []string{"notify-keyspace-events", "maxmemory", "maxmemory-policy", "appendonly", "save", "client-output-buffer-limit"} {
		if found, err := e.store.Commands().ConfigGet(ctx, name).Result(); err == nil {
			for key, value := range found {
				x.config[key] = value
			}
		}
	}
	snap, err := e.Look(ctx)
	if err != nil {
		x.add("keys", "bad", "let the user read all keys", "%v", err)
		return x.findings
	}
	x.server(snap.Server)
	x.notifications()
	x.memory(ctx, snap)
	x.durability()
	x.council(ctx)
	x.ledger(ctx, snap.Ledger)
	x.faults(snap)
	return x.findings
}

func (x *examination) server(s watch.Server) {
	major, _, _ := strings.Cut(s.Version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < 6 {
		x.add("version", "bad", "use Redis 6.2 or newer", "redis %s is too old", s.Version)
	} else {
		x.add("version", "ok", "", "redis %s, %s", s.Version, s.Mode)
	}
	if s.Role != "" && s.Role != "master" {
		x.add("role", "bad", "connect to the master", "this server is a %s and takes no writes", s.Role)
	} else {
		x.add("role", "ok", "", "%s", s.Role)
	}
	if skew := s.Skew.Abs(); skew > 2*time.Second {
		x.add("clock", "advice", "run NTP on both machines", "the server's clock differs by %s from this one", s.Skew)
	} else {
		x.add("clock", "ok", "", "within %s of this machine", skew.Round(time.Millisecond))
	}
}

func (x *examination) notifications() {
	flags, known := x.config["notify-keyspace-events"]
	missing := watch.MissingFlags(flags)
	switch {
	case !known:
		x.add("notifications", "advice", "allow CONFIG GET and CONFIG SET for this user, or switch them on in redis.conf: notify-keyspace-events "+watch.MissingFlags(""),
			"the server hides CONFIG, so that the console polls")
	case missing != "" && x.e.ReadOnly():
		x.add("notifications", "advice", "open the console once without --read-only, or CONFIG SET notify-keyspace-events "+flags+missing,
			"they are off and read-only mode does not switch them on: the console polls")
	case missing != "":
		x.add("notifications", "ok", "", "%q lacks %q, which the console adds when it opens", flags, missing)
	default:
		x.add("notifications", "ok", "", "on: %s", flags)
	}
	// "pubsub 33554432 8388608 60" is the end of the normal, replica, pubsub triple.
	limit := x.config["client-output-buffer-limit"]
	if _, pubsub, found := strings.Cut(limit, "pubsub "); found && strings.HasPrefix(pubsub, "33554432 ") {
		x.add("buffers", "advice", "CONFIG SET client-output-buffer-limit \"pubsub 268435456 67108864 60\"",
			"a burst of some 200,000 changes would cut off the console for a moment (32 MB for subscribers)")
	}
}

// memory checks the limit and says where decisions and ledger are heading at
// the present rate.
func (x *examination) memory(ctx context.Context, snap *watch.Snapshot) {
	s := snap.Server
	if s.MaxMemory > 0 {
		share := float64(s.UsedMemory) / float64(s.MaxMemory) * 100
		status, mend := "ok", ""
		if share > 80 {
			status, mend = "bad", "raise maxmemory or remove keys: at the limit no packet is taken"
		}
		x.add("memory", status, mend, "%.0f %% of %s in use", share, mb(s.MaxMemory))
	} else {
		x.add("memory", "ok", "", "%s in use, no limit set", mb(s.UsedMemory))
	}
	if policy := x.config["maxmemory-policy"]; policy != "" && policy != "noeviction" {
		x.add("eviction", "bad", "CONFIG SET maxmemory-policy noeviction", "%s: at the memory limit Redis would drop packets and decisions silently", policy)
	}
	x.forecast(ctx, snap)
}

// forecast multiplies the rate of the last minute by what one decision and
// one record of the ledger take.
func (x *examination) forecast(ctx context.Context, snap *watch.Snapshot) {
	seconds, records := 0.0, 0.0
	for _, v := range snap.Throughput.Dispatched {
		if v == v {
			seconds, records = seconds+1, records+v
		}
	}
	if records == 0 || seconds == 0 || snap.Ledger == 0 {
		x.add("forecast", "ok", "", "nothing was dispatched lately, so that nothing grows")
		return
	}
	// What a decision takes is read off the newest one that is still there.
	key, decision := keyspace.Main.Ledger(), ""
	if last, err := x.e.store.Commands().XRevRangeN(ctx, key, "+", "-", 1).Result(); err == nil && len(last) == 1 {
		id, _ := last[0].Values["tracking_id"].(string)
		decision = keyspace.Main.Decision(id)
	}
	var ledger, record *redis.IntCmd
	err := x.e.store.Read(ctx, func(p redis.Pipeliner) {
		ledger, record = p.MemoryUsage(ctx, key, 100), p.MemoryUsage(ctx, decision)
	})
	if err != nil || ledger.Err() != nil {
		return
	}
	rate := records / seconds
	perRecord := float64(ledger.Val()) / float64(snap.Ledger)
	x.add("forecast", "ok", "", "at %.1f dispatches/s the ledger grows by %s a day; decisions live as long as their packets: %s for each hour of TTL",
		rate, mb(int64(rate*86400*perRecord)), mb(int64(rate*3600*float64(record.Val()))))
}

func (x *examination) durability() {
	switch {
	case x.config["appendonly"] == "yes":
		x.add("durability", "ok", "", "append-only file")
	case x.config["save"] != "":
		x.add("durability", "advice", "CONFIG SET appendonly yes", "snapshots only (%s): a crash loses what came after the last", x.config["save"])
	case len(x.config) > 0:
		x.add("durability", "advice", "CONFIG SET appendonly yes", "nothing is written to disk: a restart loses packets and ledger")
	}
}

func (x *examination) council(ctx context.Context) {
	if revision := x.e.Policy(); revision != (governance.Unanimous{}).Revision() {
		if trouble := x.e.Sitting().Trouble; trouble != nil {
			x.add("council", "bad", "mend the policy file; until then the one before it judges", "policy %s, since %v", revision, trouble)
		} else {
			x.add("council", "ok", "", "policy %s", revision)
		}
		x.operators(ctx)
		return
	}
	x.add("council", "advice", "", "no guardian sits: every valid packet is approved, and each record says so")
}

// ledger tells whether the ledger is sealed and in order.
func (x *examination) ledger(ctx context.Context, last int64) {
	state, err := x.e.ledger.Look(ctx)
	switch s := ledgerStatus(state, err, last); s.State {
	case "not known":
		x.add("ledger", "bad", "", "%s", s.Trouble)
	case "refused":
		x.add("ledger", "bad", "look what happened to the server; then ifpacket ledger accept --why TEXT", "%s", s.Trouble)
	case "behind":
		x.add("ledger", "advice", "keep a console running where the log key is, or run ifpacket ledger checkpoint now and then", "%d records wait to be sealed", s.Length-s.Sealed)
	case "unsealed":
		if last > 0 {
			x.add("ledger", "advice", "open the console, or run ifpacket ledger checkpoint", "%d records and no checkpoint: they could be rewritten unseen", last)
			return
		}
		x.add("ledger", "ok", "", "nothing was recorded yet")
	default:
		x.add("ledger", "ok", "", "%d records, sealed up to %d at %s; it goes on from what was seen here before", s.Length, s.Sealed, s.SealedAt)
	}
}

// operators tells who can approve what is held.
func (x *examination) operators(ctx context.Context) {
	ring, err := x.e.keyring.Ring(ctx)
	if err != nil {
		x.add("operators", "bad", "", "%v", err)
		return
	}
	persons := map[string]bool{}
	for _, e := range ring.Entries() {
		if e.Role == keyring.Operator && e.RevokedAt == 0 {
			persons[e.Person] = true
		}
	}
	switch n := len(persons); n {
	case 0:
		x.add("operators", "advice", "ifpacket keys new --role operator --name NAME", "nobody can approve what waits for a person")
	case 1:
		x.add("operators", "advice", "a second person runs ifpacket keys new --role operator --name NAME", "one person can approve; a co-signature needs two")
	default:
		x.add("operators", "ok", "", "%d people can approve", n)
	}
}

// counted is "1 queue" or "2 queues".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// faults tells each kind once, with how often it was found.
func (x *examination) faults(snap *watch.Snapshot) {
	if len(snap.Faults) == 0 {
		x.add("swarm", "ok", "", "%s, %s, no faults", counted(len(snap.Queues), "queue"), counted(len(snap.Agents), "agent"))
	}
	counts := map[watch.FaultKind]int{}
	for _, f := range snap.Faults {
		counts[f.Kind]++
	}
	for _, f := range snap.Faults { // sorted by kind
		if n := counts[f.Kind]; n > 1 {
			x.add("swarm", "advice", "", "%s, %d times: %s %s, and others that ifpacket status tells", f.Kind, n, f.Key, f.Detail)
		} else if n == 1 {
			x.add("swarm", "advice", "", "%s: %s %s", f.Kind, f.Key, f.Detail)
		}
		counts[f.Kind] = 0
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

func mb(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.0f KB", float64(n)/(1<<10))
}
