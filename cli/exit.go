package cli

import (
	"errors"
	"fmt"

	"github.com/infrafabric/ifpacket/core/bridge"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/core/swarm"
)

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1 // Redis away, wrong type, refused by the server, I/O
	exitInvalid  = 2 // invalid input or usage
	exitHeld     = 3 // held or blocked: in the carcel
	exitUnproven = 4 // verification failed
	exitNothing  = 5 // not found, or nothing there
)

// severity orders the codes for batches and lists: the worst item decides.
var severity = map[int]int{exitDone: 0, exitNothing: 1, exitHeld: 2, exitInvalid: 3, exitUnproven: 4, exitFailed: 5}

func worse(a, b int) int {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// codeOnly ends a command with a code and no line on stderr, since all has
// been said.
type codeOnly int

func (c codeOnly) Error() string { return "" }

// endWith is nil for exitDone.
func endWith(code int) error {
	if code == exitDone {
		return nil
	}
	return codeOnly(code)
}

var errUsage = errors.New("usage")

// usage is an error of the command line itself.
func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

type usageError struct{ text string }

func (e *usageError) Error() string        { return e.text }
func (e *usageError) Is(target error) bool { return target == errUsage }

func exitCode(err error) int {
	var code codeOnly
	if errors.As(err, &code) {
		return int(code)
	}
	for _, invalid := range []error{
		errUsage, packet.ErrInvalid, packet.ErrNotPacket, store.ErrURL,
		dispatch.ErrDestination, dispatch.ErrCollect, dispatch.ErrConflict,
		keyring.ErrSeveralKeys,
		governance.ErrPolicy,
		swarm.ErrName, swarm.ErrTaskID, swarm.ErrParentLoop, swarm.ErrContextSize, swarm.ErrContextText,
		bridge.ErrInvalid,
	} {
		if errors.Is(err, invalid) {
			return exitInvalid
		}
	}
	if code, ok := carcelCode(err); ok {
		return code
	}
	switch {
	case errors.Is(err, ledger.ErrNoRecord), errors.Is(err, ledger.ErrNothing), errors.Is(err, lineage.ErrNotFound),
		errors.Is(err, swarm.ErrNoAgent), errors.Is(err, swarm.ErrUnknownTask), errors.Is(err, swarm.ErrNoContext):
		return exitNothing
	case errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, ledger.ErrRefused):
		return exitUnproven
	}
	var syntax *packet.SyntaxError
	var encode *packet.EncodeError
	if errors.As(err, &syntax) || errors.As(err, &encode) {
		return exitInvalid
	}
	return exitFailed
}
