package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// memory is the JSON of what this machine remembers of a server's ledger.
type memory struct {
	Server string `json:"server"`
	Note   string `json:"checkpoint"` // the newest that was seen, "" after a break
	SeenAt string `json:"seen_at"`    // RFC 3339
	// Base is where the tree of the new origin begins that was accepted here,
	// and Last the position of its break, until its first checkpoint is seen.
	Base int64 `json:"base,omitempty"`
	Last int64 `json:"last,omitempty"`

	filed    *Checkpoint // what Note says
	seen     *Checkpoint // the same, or what this process has seen since
	accepted bool        // a new origin, of which no checkpoint was seen yet
}

// ErrWitness says that what this machine remembers cannot be read or written.
var ErrWitness = errors.New("cannot remember the ledger")

// fileName is the file of a server's newest checkpoint:
// checkpoint-<16 hex digits of the SHA-256 of identity and partition>.json.
func (l *Ledger) fileName() string {
	sum := sha256.Sum256([]byte(l.options.Identity + "\n" + string(l.space)))
	return "checkpoint-" + hex.EncodeToString(sum[:])[:16] + ".json"
}

// remember reads what this machine remembers; nothing is an empty memory.
func (l *Ledger) remember() (memory, error) {
	text, err := l.files.Read(l.fileName())
	if errors.Is(err, fs.ErrNotExist) {
		return memory{}, nil
	}
	var m memory
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil && m.Note != "" {
		m.filed, err = ParseCheckpoint(m.Note)
		m.seen = m.filed
	}
	m.accepted = m.Note == ""
	if err != nil {
		return m, fmt.Errorf("%w: %s cannot be used: %w; put back what was there, or remove the file to trust what the server has now", ErrWitness, l.files.Where(l.fileName()), err)
	}
	return m, nil
}

// keepEvery is how often a checkpoint that goes on from the last one is put
// into the file: each costs two syncs. A crash forgets no more.
const keepEvery = time.Second / 2

// keep remembers a checkpoint, unless another process remembers a newer one of
// the same origin.
func (l *Ledger) keep(ctx context.Context, c *Checkpoint, m memory) error {
	if m.filed != nil && m.filed.same(c) {
		return nil
	}
	goesOn := m.filed != nil && m.filed.Origin == c.Origin
	if goesOn && l.now().Sub(l.written) < keepEvery {
		return nil
	}
	return l.write(ctx, memory{Note: c.Note}, func(now memory) bool {
		return now.filed != nil && now.filed.Origin == c.Origin && now.filed.Size >= c.Size
	})
}

// write puts a memory into the file, unless what is there by then is better.
func (l *Ledger) write(ctx context.Context, m memory, better func(now memory) bool) error {
	name := l.fileName()
	fail := func(err error) error {
		return fmt.Errorf("%w: %s: %w; without it a rewritten ledger would go unnoticed: make the folder writable, or set XDG_DATA_HOME", ErrWitness, l.files.Where(name), err)
	}
	unlock, err := l.files.Lock(ctx, name)
	if err != nil {
		return fail(err)
	}
	defer unlock()
	now, err := l.remember()
	if err != nil {
		return err
	}
	if better(now) {
		return nil
	}
	m.Server, m.SeenAt = l.options.Identity, l.now().UTC().Format(time.RFC3339)
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = l.files.Write(name, append(text, '\n'))
	}
	if err != nil {
		return fail(err)
	}
	l.written = l.now()
	return nil
}
