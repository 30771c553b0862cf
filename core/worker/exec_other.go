//go:build !unix

package worker

import (
	"context"
	"errors"
	"os/exec"
)

// shell is a command line. This system has no process groups: only the command
// itself can be ended.
func shell(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd", "/c", line)
	cmd.WaitDelay = killsAfter
	return cmd
}

func run(cmd *exec.Cmd) error {
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}
