package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
)

// output is stdout. It remembers the first write that failed, so that a
// command whose documents went nowhere does not end as if they had arrived.
type output struct {
	to  io.Writer
	err error
}

// Write writes, until a write fails.
func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.to.Write(p)
	o.err = err
	return n, err
}

// failed is the error of stdout for people, nil when all has been written.
func (o *output) failed() error {
	if o.err == nil {
		return nil
	}
	return fmt.Errorf("stdout: %w; not everything was printed", o.err)
}

// terminal reports whether stdout is one.
func (o *output) terminal() bool { return isTerminal(o.to) }

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// tableOrJSON is what a person wants at a terminal, and a program elsewhere.
func (a *app) tableOrJSON() string {
	if a.out.terminal() {
		return "table"
	}
	return "json"
}

// printJSON writes one object a line.
func (a *app) printJSON(v any) {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // what fails is the writing, which output remembers
}
