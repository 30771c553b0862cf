package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
)

// tellRing says what must not go unseen about a keyring.
func (a *app) tellRing(ctx context.Context, keys *keyring.Keyring) error {
	ring, err := keys.Ring(ctx)
	if err != nil {
		return err
	}
	root, _ := ring.Root()
	switch {
	case ring.FirstSeen():
		a.tell("this keyring is seen for the first time and pinned; compare its root key " + root.KeyID + " with its holder")
	case ring.Lost():
		a.tell("the server has lost its keyring; this is the pinned copy; the holder of root key " + root.KeyID + " can put it back with: ifpacket keys restore")
	}
	return nil
}

// tell writes a line to stderr.
func (a *app) tell(line string) { fmt.Fprintf(a.err, "ifpacket: %s\n", printable(line)) }

// told passes on what the engine has to say while a command runs. The console
// owns the terminal; there the keyring's records in Activity tell it.
func (a *app) told(line string) {
	if !a.owned {
		a.tell(line)
	}
}

// printKeys writes an object a line, or a table.
func (a *app) printKeys(output string, list ...keyring.Listed) {
	if output == "json" {
		for _, l := range list {
			a.printJSON(l)
		}
		return
	}
	if len(list) == 0 {
		return
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "key\trole\tname\tperson\tstate\there\tsince\tspeaks for")
	for _, l := range list {
		here, since, scope := "", "", l.Actors
		if l.Local {
			here = "here"
		}
		if l.Fault != "" {
			here = "unusable"
		}
		if l.ValidFrom > 0 {
			since = fmt.Sprintf("#%d", l.ValidFrom)
		}
		if l.RevokedAt > 0 {
			since += fmt.Sprintf(" to #%d", l.RevokedAt)
		}
		if l.Role == keyring.Seal {
			scope = l.Origins
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.KeyID, l.Role, printable(l.Name), printable(l.Person), l.State, here, since, printable(strings.Join(scope, ", ")))
	}
	_ = w.Flush()
	for _, l := range list {
		if l.Fault != "" {
			a.tell(l.Fault)
		}
	}
}

// keysError gives an error about keys its exit code.
func keysError(err error) error {
	for _, known := range []struct {
		kind error
		code codeOnly
	}{
		{keyring.ErrForged, exitUnproven},
		{keyring.ErrOtherRoot, exitUnproven},
		{keyring.ErrRolledBack, exitUnproven},
		{keyring.ErrInvalid, exitInvalid},
		{keyring.ErrAmbiguous, exitInvalid},
		{keyring.ErrUnknownKey, exitNothing},
		{keyring.ErrNoRing, exitNothing},
	} {
		if errors.Is(err, known.kind) {
			return &codedError{err, known.code}
		}
	}
	return err
}

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code codeOnly
}

func (e *codedError) Unwrap() []error { return []error{e.error, e.code} }
