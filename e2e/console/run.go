package console

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Outcome is what a command without a terminal left behind.
type Outcome struct {
	Stdout, Stderr string
	Code           int
}

// Run runs ifpacket without a terminal and waits for its end.
func Run(t testing.TB, args ...string) Outcome {
	t.Helper()
	cmd, out, errOut := Command(t, args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Outcome{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
}

// Command prepares ifpacket to run without a terminal, for tests that feed it,
// or end it, themselves.
func Command(t testing.TB, args ...string) (cmd *exec.Cmd, out, errOut *bytes.Buffer) {
	t.Helper()
	home := t.TempDir()
	cmd = exec.Command(binary, args...)
	cmd.Env = environment(home, nil)
	cmd.Dir = home
	cmd.Stdin = strings.NewReader("")
	out, errOut = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = 10 * time.Second
	t.Cleanup(func() {
		if cmd.Process != nil && cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		noRaces(t, home)
	})
	return cmd, out, errOut
}
