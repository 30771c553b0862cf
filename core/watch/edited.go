package watch

import (
	"sync"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

// maxEdited is how many edited queues wait to be asked for.
const maxEdited = 1000

// editedKeys are the packet queues of which a value was altered where it lay.
type editedKeys struct {
	mu   sync.Mutex
	keys map[string]struct{}
}

// add remembers a packet queue; other keys are rewritten by right.
func (e *editedKeys) add(key string) {
	if keyspace.Classify(key) != keyspace.PacketQueue || len(key) > maxKeyLen {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keys == nil {
		e.keys = make(map[string]struct{})
	}
	if len(e.keys) < maxEdited {
		e.keys[key] = struct{}{}
	}
}

// edits reports whether an event tells that a value of a list was put where
// none was pushed: none of our scripts does that to a queue.
func edits(event string) bool { return event == "lset" || event == "linsert" }

// Edited gives the packet queues of which a value was altered where it lay,
// each once: those since the last call.
func (w *Watcher) Edited() []string {
	e := &w.edited
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := make([]string, 0, len(e.keys))
	for key := range e.keys {
		keys = append(keys, key)
	}
	e.keys = nil
	return keys
}
