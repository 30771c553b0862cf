//go:build unix

package worker

import (
	"context"
	"errors"
	"os/exec"
	"syscall"
)

// shell is a command line, in a process group of its own, which is told to end
// when ctx does.
func shell(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killsAfter
	return cmd
}

// run runs a command and leaves nothing of its group behind: who ignores the
// friendly word is killed, and so is what the command started and left.
func run(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, exec.ErrWaitDelay) { // it ended well, and something held its output open
		return nil
	}
	return err
}
