package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// environment is what the binary sees: this machine's paths, and nothing of
// the settings of whoever runs the tests. Files of its own go below home.
func environment(home string, more []string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "USER=operator",
		"TERM=xterm-256color", "COLORTERM=truecolor",
		"HOME=" + home,
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"XDG_DATA_HOME=" + filepath.Join(home, "data"),
		"XDG_STATE_HOME=" + filepath.Join(home, "state"),
		"TMPDIR=" + os.TempDir(),
		"GORACE=atexit_sleep_ms=0 log_path=race", // in home, where it runs
	}
	return append(env, more...)
}

// noRaces fails the test when the race detector has found something.
func noRaces(t testing.TB, home string) {
	t.Helper()
	reports, _ := filepath.Glob(filepath.Join(home, "race.*"))
	for _, name := range reports {
		text, _ := os.ReadFile(name)
		t.Errorf("the race detector says:\n%s", strings.TrimSpace(string(text)))
	}
}
