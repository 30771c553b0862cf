package watch

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
)

// neededFlags are the classes of notifications that the console lives on:
// keyspace channels (K) for generic, string, list, set, hash and sorted set
// commands, expirations and evictions. Streams (t) are left out: the ledger is
// one, and each dispatch would be told twice.
const neededFlags = "Kg$lshzxe"

// MissingFlags returns what must be added to a server's flags, "" for nothing.
// A stands for g$lshzxetd.
func MissingFlags(have string) string {
	var missing strings.Builder
	for _, flag := range neededFlags {
		if !strings.ContainsRune(have, flag) && (flag == 'K' || !strings.ContainsRune(have, 'A')) {
			missing.WriteRune(flag)
		}
	}
	return missing.String()
}

// ensureNotifications merges the flags that are needed into those that the
// server has, never replacing any, and returns the new set when it changed
// something. An error's text says in plain words why there will be none.
func ensureNotifications(ctx context.Context, s *store.Store) (changed string, err error) {
	const name = "notify-keyspace-events"
	found, err := s.Commands().ConfigGet(ctx, name).Result()
	if err != nil {
		if explained := s.Explain("config get", "", err); errors.Is(explained, store.ErrUnreachable) || ctx.Err() != nil {
			return "", explained
		}
		// A managed server may hide CONFIG and still notify; but nothing
		// tells, so that polling is the honest way.
		return "", errors.New("the server hides CONFIG, so notifications cannot be relied on")
	}
	have := found[name]
	missing := MissingFlags(have)
	if missing == "" {
		return "", nil
	}
	if s.ReadOnly() {
		return "", errors.New("notifications are off and read-only mode does not switch them on")
	}
	want := have + missing
	if err := s.Commands().ConfigSet(ctx, name, want).Err(); err != nil {
		if explained := s.Explain("config set", "", err); errors.Is(explained, store.ErrUnreachable) || ctx.Err() != nil {
			return "", explained
		}
		return "", errors.New("notifications are off and the server forbids CONFIG SET")
	}
	return want, nil
}

func (w *Watcher) probeChannel() string { return keyspace.Probe(w.id) }

// patterns are what a session subscribes to.
func (w *Watcher) patterns() []string {
	db := strconv.Itoa(w.store.Target().DB)
	patterns := []string{w.probeChannel(), keyspace.ChannelAll}
	for _, p := range keyspace.Watched() {
		patterns = append(patterns, keyspace.Notification(db, p))
	}
	return patterns
}

// receive reads the subscription until it fails. It does as little as it can
// for each notification: at 100,000 a second every allocation counts.
func (s *session) receive(ctx context.Context, sub *store.Subscription) error {
	probe := s.probeChannel()
	for {
		message, err := sub.Receive(ctx)
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *redis.Message:
			if key, ok := keyspace.NotifiedKey(m.Channel); ok {
				switch {
				case pops(m.Payload):
					s.taken.add(key) // before the picture shows what it did
				case edits(m.Payload):
					s.edited.add(key)
				}
				s.dirty.add(key, m.Payload)
			} else if m.Channel == probe {
				s.heard.Store(time.Now().UnixNano())
			} else {
				s.dirty.say(m.Channel, m.Payload)
			}
		case *redis.Subscription:
			// A confirmation after the session began is a re-subscription
			// that the library made by itself: a gap.
			return errLost
		}
	}
}

const (
	maxDirty    = 50_000 // beyond, everything is read again
	maxSaid     = 200    // messages kept between two reads
	maxSaidSize = 4096   // bytes kept of one message
)

var deadLetters = keyspace.Main.DeadLetters()

// dirtySet gathers what the notifications tell between two reads. Its size is
// bounded: when too many keys are dirty it forgets which and asks for a full
// read.
type dirtySet struct {
	mu        sync.Mutex
	keys      map[string]bool // value: the key's type may have changed
	said      []Event
	events    int
	rewritten int // slots of the carcel, in place
	overflow  bool
	signal    chan struct{}
}

func newDirtySet() *dirtySet {
	return &dirtySet{keys: map[string]bool{}, signal: make(chan struct{}, 1)}
}

func (d *dirtySet) add(key, event string) {
	if len(key) > maxKeyLen {
		return
	}
	d.mu.Lock()
	d.events++
	if event == "lset" && key == deadLetters {
		d.rewritten++
	}
	// Looking up first saves an assignment, which costs more than the look,
	// for a key that is dirty already, as nearly all are under load.
	if retype, there := d.keys[key]; !there || !retype {
		if changes := changesType(event) && !(renews(event) && steady(key)); !there || changes {
			d.keys[key] = changes || retype
		}
	}
	if len(d.keys) > maxDirty {
		clear(d.keys)
		d.overflow = true
	}
	d.mu.Unlock()
	d.tell()
}

// retype has a key read again whose type is not what it was.
func (d *dirtySet) retype(key string) {
	d.mu.Lock()
	d.keys[key] = true
	d.mu.Unlock()
	d.tell()
}

// say keeps a message of a channel.
func (d *dirtySet) say(channel, text string) {
	if len(text) > maxSaidSize {
		text = text[:maxSaidSize]
	}
	d.mu.Lock()
	d.events++
	if len(d.said) < maxSaid {
		d.said = append(d.said, spoken(channel, text, time.Now()))
	}
	d.mu.Unlock()
	d.tell()
}

func (d *dirtySet) tell() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// len is how many keys are dirty.
func (d *dirtySet) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.keys)
}

// told is what a drain hands over.
type told struct {
	said      []Event
	events    int
	rewritten int // slots of the carcel, in place
}

func (d *dirtySet) drain() (keys map[string]bool, overflow bool, t told) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys, overflow, t = d.keys, d.overflow, told{d.said, d.events, d.rewritten}
	d.keys, d.overflow, d.said, d.events, d.rewritten = make(map[string]bool, len(keys)), false, nil, 0, 0
	return keys, overflow, t
}

// renews reports whether an event leaves a string with a life, as a heartbeat
// and a longer lease do.
func renews(event string) bool { return event == "set" || event == "expire" }

// steady keys are strings that are written again and again, thousands of them:
// their type is not asked for each time. One that was another type before is
// found when everything is read.
func steady(key string) bool {
	return strings.HasSuffix(key, ":heartbeat") || strings.HasPrefix(key, keyspace.TasksClaimed)
}

// changesType reports whether a key may hold another type after the event
// than before. A push to an absent key makes it anew, but only after a del or
// expired that told so.
func changesType(event string) bool {
	switch event {
	case "rpush", "lpush", "rpop", "lpop", "ltrim", "lrem", "linsert", "lset",
		"sadd", "srem", "spop", "zadd", "zrem", "zincr", "zincrby", "hset", "hdel", "hincrby",
		"setrange", "append", "incrby", "incrbyfloat":
		return false
	}
	return true
}
