package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

// segmentType is the _type of a segment's first line.
const segmentType = "if.packet/segment/v1"

// Segment tells of a file of records. The file is NDJSON: a head, a record a
// line, and an end.
//
//	{"_type": "if.packet/segment/v1", "server", "origin", "base", "from", "to",
//	 "exported_at", "before": […]}
//	{"position": 7, "fields": [["event", "dispatched"], …, ["ids", {"base64": "…"}]]}
//	{"root", "consistency": […], "checkpoint"}
//
// Hashes are base64. Before are the roots of the complete subtrees of the
// leaves before the first record, the largest first; root is that of the tree
// up to the last one; consistency is the RFC 6962 proof that the tree of the
// checkpoint begins with it. With the log key of the keyring, the file proves
// its records to whoever has neither Redis nor this program.
type Segment struct {
	Server     string      `json:"server"`
	Origin     string      `json:"origin"`
	Base       int64       `json:"base"`
	From       int64       `json:"from"`
	To         int64       `json:"to"`
	ExportedAt time.Time   `json:"exported_at"`
	Checkpoint *Checkpoint `json:"-"`
}

// ErrSegment says that a file is no segment, or not the one that was exported.
var ErrSegment = errors.New("not a segment of a ledger")

type segmentHead struct {
	Type string `json:"_type"`
	Segment
	Before [][]byte `json:"before"`
}

type segmentEnd struct {
	Root        []byte   `json:"root"`
	Consistency [][]byte `json:"consistency"`
	Checkpoint  string   `json:"checkpoint"`
}

// ReadSegment reads a segment and checks it: each record is hashed again, the
// tree they make is the one that the end tells of, and the checkpoint, signed
// by a log key of the ring, goes on from it. Each record is handed over when
// each is not nil. Errors match ErrSegment or ErrUnsigned.
func ReadSegment(from io.Reader, ring *keyring.Ring, each func(Record)) (*Segment, error) {
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrSegment}, args...)...)
	}
	lines := json.NewDecoder(bufio.NewReaderSize(from, 1<<16))
	var head segmentHead
	if err := lines.Decode(&head); err != nil || head.Type != segmentType {
		return nil, fault("it does not begin as one")
	}
	s := head.Segment
	e := &edge{size: s.From - 1 - s.Base}
	if e.size < 0 || len(head.Before) != len(edgeIndexes(e.size)) || s.To < s.From {
		return nil, fault("its head contradicts itself")
	}
	var err error
	if e.roots, err = hashesOf(head.Before); err != nil {
		return nil, fault("%v", err)
	}
	for next := s.From; next <= s.To; next++ {
		var r Record
		if err := lines.Decode(&r); err != nil {
			return nil, fault("record %d: %v", next, err)
		}
		if r.Position != next {
			return nil, fault("record %d is in the place of %d", r.Position, next)
		}
		e.append(r.Leaf())
		if each != nil {
			each(r)
		}
	}
	var end segmentEnd
	if err := lines.Decode(&end); err != nil {
		return nil, fault("its end is missing: %v", err)
	}
	if root := e.root(); string(end.Root) != string(root[:]) {
		return nil, fault("its records are not those that were exported")
	}
	if s.Checkpoint, err = OpenCheckpoint(end.Checkpoint, ring); err != nil {
		return nil, err
	}
	if lines.More() {
		return nil, fault("something stands behind its end")
	}
	proof, err := hashesOf(end.Consistency)
	if err != nil {
		return nil, fault("%v", err)
	}
	c := s.Checkpoint
	if c.Origin != s.Origin || c.Base != s.Base || tlog.CheckTree(proof, c.Size, tlog.Hash(c.Root), e.size, tlog.Hash(e.root())) != nil {
		return nil, fault("its checkpoint is of another ledger")
	}
	return &s, nil
}

func hashesOf(list [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(list))
	for i, raw := range list {
		if len(raw) != len(hashes[i]) {
			return nil, fmt.Errorf("hash %d has %d bytes", i+1, len(raw))
		}
		copy(hashes[i][:], raw)
	}
	return hashes, nil
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	list := make([][]byte, len(hashes))
	for i := range hashes {
		list[i] = hashes[i][:]
	}
	return list
}
