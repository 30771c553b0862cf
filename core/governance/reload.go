package governance

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// reloadAfter is how long a policy's folder must be quiet before the file
	// is read: an editor writes in several steps.
	reloadAfter = 100 * time.Millisecond
	// reloadAtLast is how long a busy folder can put that off.
	reloadAtLast = time.Second
	// lookAgain is how often a folder that is gone, or cannot be watched, is
	// looked for.
	lookAgain = time.Second
)

// Chamber is the council that sits by a policy file: whenever the file
// changes, it is parsed, type-checked and tested, and put in force at once if
// all went well. If not, the policy in force stays, and Trouble tells.
type Chamber struct {
	file    string // "" for an embedded policy, which never changes
	current atomic.Pointer[Policy]
	trouble atomic.Pointer[error]

	mu        sync.Mutex
	listeners []*func(Change)

	read [sha256.Size]byte // of the text that was read last; the goroutine's own
	gone bool              // the file could not be read since

	stop    chan struct{}
	closing sync.Once
	running sync.WaitGroup
}

// Change is what came of a policy file's change.
type Change struct {
	File   string
	Before string // the revision that was in force
	Now    string // the revision that is in force
	Err    error  // why the file is not in force; nil when it is
}

// OpenChamber loads the policy that ref names, as LoadPolicy does, and watches
// its file. Its errors are LoadPolicy's: a council that never had a policy
// does not sit.
func OpenChamber(ref string) (*Chamber, error) {
	c := &Chamber{stop: make(chan struct{})}
	if ref == "" {
		ref = DefaultPolicy
	}
	if load, ok := shippedPolicies[ref]; ok {
		p, err := load()
		if err != nil {
			return nil, err
		}
		c.current.Store(p)
		return c, nil
	}
	path, err := filepath.Abs(ref)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", ref, err)
	}
	c.file = path
	watcher, err := newFolderWatch(path) // before reading: nothing is missed
	if err != nil {
		watcher = nil // then the file is looked at now and then
	}
	text, err := readPolicyFile(ref)
	if err == nil {
		var p *Policy
		if p, err = ParsePolicy(ref, text); err == nil {
			c.current.Store(p)
			c.read = sha256.Sum256(text)
		}
	}
	if err != nil {
		watcher.close()
		return nil, err
	}
	c.running.Go(func() { c.watch(watcher) })
	return c, nil
}

// InForce is the policy in force now.
func (c *Chamber) InForce() Rules { return c.current.Load() }

// Policy is the policy in force now.
func (c *Chamber) Policy() *Policy { return c.current.Load() }

// Trouble is why the newest state of the file is not in force; nil when it is.
func (c *Chamber) Trouble() error {
	if err := c.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

func (c *Chamber) setTrouble(err error) {
	if err == nil {
		c.trouble.Store(nil)
		return
	}
	c.trouble.Store(&err)
}

// OnChange has f called after each change of the file, be it in force now or
// not, from the chamber's own goroutine: f must not wait for the chamber to
// close. The function returned ends that.
func (c *Chamber) OnChange(f func(Change)) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	own := &f
	c.listeners = append(c.listeners, own)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.listeners = slices.DeleteFunc(slices.Clone(c.listeners), func(l *func(Change)) bool { return l == own })
	}
}

func (c *Chamber) tell(change Change) {
	c.mu.Lock()
	listeners := c.listeners
	c.mu.Unlock()
	for _, l := range listeners {
		(*l)(change)
	}
}

// Close ends the watch and waits until it is over. The policy in force stays
// in force. Closing twice is fine.
func (c *Chamber) Close() error {
	c.closing.Do(func() { close(c.stop) })
	c.running.Wait()
	return nil
}

// watch reads the file whenever its folder has changed and is quiet again.
func (c *Chamber) watch(w *folderWatch) {
	defer func() { w.close() }()
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	var since time.Time // when the changes that wait to be read began
	for {
		var again <-chan time.Time
		if !w.sound() {
			again = time.After(lookAgain)
		}
		select {
		case <-c.stop:
			return
		case _, ok := <-w.events():
			if !ok {
				w.lose()
			}
			if since.IsZero() {
				since = time.Now()
			}
			quiet.Reset(min(reloadAfter, max(time.Until(since.Add(reloadAtLast)), 0)))
			continue
		case <-w.errors(): // events were lost
		case <-again:
			if fresh, err := newFolderWatch(c.file); err == nil {
				w.close()
				w = fresh
			}
		case <-quiet.C:
		}
		since = time.Time{}
		w.follow()
		c.reload()
	}
}

// reload reads the file and puts it in force if it can be. What is read again
// unchanged, and what fails as it did before, is not told again.
func (c *Chamber) reload() {
	before := c.current.Load()
	change := Change{File: before.file, Before: before.revision, Now: before.revision}
	text, err := readPolicyFile(c.file)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("policy %s is gone: %w", before.file, os.ErrNotExist)
	}
	if err != nil {
		c.gone = true
		c.keep(change, err)
		return
	}
	sum := sha256.Sum256(text)
	if sum == c.read && !c.gone {
		return
	}
	c.read, c.gone = sum, false
	p, err := ParsePolicy(before.file, text)
	if err != nil {
		c.keep(change, err)
		return
	}
	c.current.Store(p)
	c.setTrouble(nil)
	change.Now = p.revision
	c.tell(change)
}

// keep tells why the policy in force stays.
func (c *Chamber) keep(change Change, err error) {
	err = fmt.Errorf("%w; %s stays in force", err, change.Now)
	if old := c.Trouble(); old != nil && old.Error() == err.Error() {
		return
	}
	c.setTrouble(err)
	change.Err = err
	c.tell(change)
}
