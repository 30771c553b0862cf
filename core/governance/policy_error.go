package governance

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// ErrPolicy is matched by every error that says a policy's text is bad.
var ErrPolicy = errors.New("bad policy")

// PolicyError says what is wrong with a policy, and where. It matches
// ErrPolicy.
type PolicyError struct {
	File         string
	Line, Column int    // counted from 1; 0 when the fault has no place
	Rule         string // "guardian/rule" when the fault lies in one
	What         string // what is wrong, and what to do
}

// Error is one line: FILE:LINE:COLUMN: what, and what to do.
func (e *PolicyError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, max(e.Column, 1))
	}
	b.WriteString(": ")
	if e.Rule != "" {
		b.WriteString("rule " + e.Rule + ": ")
	}
	b.WriteString(e.What)
	return oneLine(b.String())
}

// Is reports whether target is ErrPolicy.
func (e *PolicyError) Is(target error) bool { return target == ErrPolicy }

// oneLine keeps what a file holds from breaking the line or the terminal.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '�'
		}
		return r
	}, s)
}

// maxFaults is how many faults of one file are told at once.
const maxFaults = 20

// faults collects what is wrong with one file.
type policyFaults struct {
	file string
	list []error
}

func (f *policyFaults) add(at place, format string, args ...any) {
	f.addTo("", at, format, args...)
}

func (f *policyFaults) addTo(rule string, at place, format string, args ...any) {
	if len(f.list) < maxFaults {
		f.list = append(f.list, &PolicyError{File: f.file, Line: at.line, Column: at.column, Rule: rule, What: fmt.Sprintf(format, args...)})
	}
}

func (f *policyFaults) found() bool { return len(f.list) > 0 }

// err joins the faults, each on a line of its own, in the order found.
func (f *policyFaults) err() error { return errors.Join(f.list...) }
