package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

// originPrefix begins every origin; behind it stand the partition and 16 hex
// digits that tell this ledger from the one before a break.
const originPrefix = "if.packet/ledger/"

// Checkpoint is a signed statement on the ledger: so many records, with this
// root.
type Checkpoint struct {
	Origin string // "if.packet/ledger/<partition>/<16 hex digits>"; a new one after a break
	Base   int64  // records before the tree's first: 0, but after a break in a ledger that had been trimmed
	Size   int64  // leaves; the last one is the record of position Base+Size
	Root   Hash
	At     time.Time // when it was signed, by the signer's clock
	KeyID  string    // of the log key that signed; "" before it is verified
	Name   string    // of that key
	Note   string    // the signed note, whole; "" before it is signed
}

// Last is the position of the last record that the checkpoint covers.
func (c *Checkpoint) Last() int64 { return c.Base + c.Size }

// text is what is signed: a checkpoint by C2SP tlog-checkpoint, with the time
// and, where it is not 0, the base as extension lines:
//
//	origin 0x0A
//	size 0x0A              decimal
//	root 0x0A              base64
//	"at " milliseconds 0x0A
//	"base " records 0x0A
func (c *Checkpoint) text() string {
	text := fmt.Sprintf("%s\n%d\n%s\nat %d\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]), c.At.UnixMilli())
	if c.Base > 0 {
		text += fmt.Sprintf("base %d\n", c.Base)
	}
	return text
}

// parseText reads what text writes, and nothing else.
func parseText(text string) (*Checkpoint, error) {
	fault := errors.New("it is no checkpoint of this program")
	lines := strings.Split(text, "\n")
	if len(lines) != 5 && len(lines) != 6 {
		return nil, fault
	}
	c := &Checkpoint{Origin: lines[0]}
	number := func(line, name string) (n int64) {
		digits, ok := strings.CutPrefix(line, name)
		n, err := strconv.ParseInt(digits, 10, 64)
		if !ok || err != nil || n < 0 || n > 1<<52 {
			c.Origin = "" // which makes the texts differ
		}
		return n
	}
	c.Size = number(lines[1], "")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return nil, fault
	}
	copy(c.Root[:], root)
	c.At = time.UnixMilli(number(lines[3], "at "))
	if len(lines) == 6 {
		c.Base = number(lines[4], "base ")
	}
	if !strings.HasPrefix(c.Origin, originPrefix) || c.text() != text {
		return nil, fault
	}
	return c, nil
}

// verifier checks signatures by a log key on checkpoints of an origin; it is
// called by the origin's name, as C2SP wants it.
func verifier(origin string, public ed25519.PublicKey) (note.Verifier, error) {
	key, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(key)
}

// VerifierKey is the log key of a checkpoint's origin as other tools take it:
// "origin+hash+key", see golang.org/x/mod/sumdb/note.
func VerifierKey(origin string, public ed25519.PublicKey) (string, error) {
	return note.NewEd25519VerifierKey(origin, public)
}

type signer struct {
	note.Verifier
	by keyring.Signer
}

func (s signer) Sign(msg []byte) ([]byte, error) { return s.by.Sign(msg), nil }

// sign makes the note of a checkpoint.
func (c *Checkpoint) sign(by keyring.Signer) error {
	v, err := verifier(c.Origin, by.Entry.PublicKey)
	if err != nil {
		return fmt.Errorf("signing a checkpoint: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer{v, by})
	if err != nil {
		return fmt.Errorf("signing a checkpoint: %w", err)
	}
	c.Note, c.KeyID, c.Name = string(signed), by.Entry.KeyID, by.Entry.Name
	return nil
}

// maxNote is the largest note that is read; prelude.lua has it too.
const maxNote = 16 << 10

// ParseCheckpoint reads a checkpoint's note without asking who signed it: for
// what this machine has verified before.
func ParseCheckpoint(signed string) (*Checkpoint, error) {
	if len(signed) > maxNote {
		return nil, errors.New("it is larger than any checkpoint")
	}
	_, err := note.Open([]byte(signed), note.VerifierList())
	unverified := new(note.UnverifiedNoteError)
	if !errors.As(err, &unverified) {
		return nil, errors.New("it is no signed note")
	}
	c, err := parseText(unverified.Note.Text)
	if err == nil {
		c.Note = signed
	}
	return c, err
}

// OpenCheckpoint reads and verifies a checkpoint's note: one of the log keys
// of the ring must have signed it, and have been valid at the last record that
// it covers. Errors match ErrUnsigned.
func OpenCheckpoint(signed string, ring *keyring.Ring) (*Checkpoint, error) {
	c, err := ParseCheckpoint(signed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsigned, err)
	}
	why := errors.New("none of the keyring's log keys has signed it")
	for _, e := range ring.Entries() {
		if e.Role != keyring.Log {
			continue
		}
		v, err := verifier(c.Origin, e.PublicKey)
		if err != nil {
			continue
		}
		n, err := note.Open([]byte(signed), note.VerifierList(v))
		if err != nil {
			continue
		}
		if err := e.ValidAt(c.Last()); err != nil {
			why = err
			continue
		}
		if opened, err := parseText(n.Text); err == nil {
			opened.Note, opened.KeyID, opened.Name = signed, e.KeyID, e.Name
			return opened, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrUnsigned, why)
}

// same reports whether two checkpoints say the same.
func (c *Checkpoint) same(o *Checkpoint) bool {
	return c.Origin == o.Origin && c.Base == o.Base && c.Size == o.Size && bytes.Equal(c.Root[:], o.Root[:])
}
