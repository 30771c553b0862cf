package watch

import "sync"

// maxTaken is how many keys are remembered from which others took.
const maxTaken = 10_000

// takenFrom are the keys from which somebody took with a plain pop.
type takenFrom struct {
	mu   sync.RWMutex
	keys map[string]struct{}
}

func (t *takenFrom) has(key string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, there := t.keys[key]
	return there
}

// add remembers a key. Beyond maxTaken no more are.
func (t *takenFrom) add(key string) {
	if len(key) > maxKeyLen || t.has(key) { // as it nearly always is, and then nobody has to wait
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = make(map[string]struct{})
	}
	if len(t.keys) < maxTaken {
		t.keys[key] = struct{}{}
	}
}

// pops reports whether an event tells that a value was popped off a list:
// LPOP, RPOP, LMOVE, LMPOP and their blocking forms all say one of these.
func pops(event string) bool { return event == "lpop" || event == "rpop" }

// TakenFrom reports whether, since this watcher began to listen, somebody
// popped from a list with a plain command. Our own scripts take packets with
// LTRIM, and record it; so such a list has a consumer that does not record.
func (w *Watcher) TakenFrom(key string) bool { return w.taken.has(key) }
