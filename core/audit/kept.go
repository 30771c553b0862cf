package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/infrafabric/ifpacket/internal/durable"
)

// mostKept is how many reports on a server a Shelf keeps; it has up to twice as
// many before it lets the older ones go.
const mostKept = 400

// Shelf keeps the briefs of reports on one server in a file of this machine,
// one a line, oldest first.
type Shelf struct{ path string }

// NewShelf is the shelf in a folder for a server, which is named by its
// address; one that keeps nothing where there is no folder.
func NewShelf(dir, server string) Shelf {
	if dir == "" {
		return Shelf{}
	}
	name := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' {
			return c
		}
		return '_'
	}, server)
	return Shelf{filepath.Join(dir, fmt.Sprintf("%.64s-%.8x.jsonl", name, sha256.Sum256([]byte(server))))}
}

// Path is where the shelf is; "" of one that keeps nothing.
func (s Shelf) Path() string { return s.path }

// Last is the newest report that was kept; nil where there is none. A line that
// cannot be read is passed over. Errors are those of the file.
func (s Shelf) Last() (*Brief, error) {
	lines, err := s.lines()
	for i := len(lines) - 1; i >= 0; i-- {
		var b Brief
		if json.Unmarshal(lines[i], &b) == nil && !b.MadeAt.IsZero() {
			return &b, nil
		}
	}
	return nil, err
}

// Keep adds a report. Several processes may at the same time.
func (s Shelf) Keep(b Brief) error {
	if s.path == "" {
		return nil
	}
	lines, err := s.lines()
	if err != nil {
		return err
	}
	line, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if len(lines) >= 2*mostKept {
		lines = append(lines[len(lines)-mostKept+1:], line)
		return durable.Write(s.path, func(w io.Writer) error {
			_, err := w.Write(append(bytes.Join(lines, []byte("\n")), '\n'))
			return err
		})
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// The line break before it ends what a crash may have left unfinished; empty
	// lines are passed over.
	_, err = file.Write(append(append([]byte("\n"), line...), '\n'))
	if err == nil {
		err = file.Sync()
	}
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s Shelf) lines() (out [][]byte, err error) {
	if s.path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) > 0 {
			out = append(out, line)
		}
	}
	return out, err
}
