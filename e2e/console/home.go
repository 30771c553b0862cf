package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// environment is what the binary sees: this machine's programs and itself, and
// nothing of the settings of whoever runs the tests. Its files go below home.
func environment(home string, more []string) []string {
	env := []string{
		"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "LANG=C.UTF-8", "USER=operator",
		"TERM=xterm-256color", "COLORTERM=truecolor",
		"HOME=" + home,
		"XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
		"XDG_DATA_HOME=" + filepath.Join(home, "data"),
		"XDG_STATE_HOME=" + filepath.Join(home, "state"),
		"TMPDIR=" + os.TempDir(),
		"GORACE=atexit_sleep_ms=0 exitcode=0 log_path=race", // reports go to home, where it runs; noRaces reads them
	}
	return append(env, more...)
}

// noRaces fails the test when the race detector has found something.
func noRaces(t testing.TB, home string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(home, "race.*"))
	for _, name := range files {
		text, _ := os.ReadFile(name)
		for report := range strings.SplitSeq(string(text), "==================") {
			if strings.Contains(report, "WARNING: DATA RACE") && !known(report) {
				t.Errorf("the race detector says:%s", report)
			}
		}
	}
}

// known is the one race that is not ours: when it ends, Bubble Tea closes the
// reader of the keyboard, whose goroutine has ended a moment before, without a
// word between the two.
func known(report string) bool {
	accesses, _, _ := strings.Cut(report, "\nGoroutine ")
	return strings.Count(accesses, "cancelreader.(*epollCancelReader)") >= 2
}
