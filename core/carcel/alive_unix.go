//go:build unix

package carcel

import (
	"errors"
	"syscall"
)

// alive reports whether a process of this machine is there.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
