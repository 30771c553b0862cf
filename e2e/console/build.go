package console

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// module is what is built and driven.
const module = "github.com/infrafabric/ifpacket"

var binary string

// Main is for TestMain: it builds the binary once, runs the tests, and returns
// their exit code. The binary has the race detector when the tests have it.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ifpacket-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "ifpacket")
	args := []string{"build", "-ldflags", "-s -w", "-o", binary}
	if raced {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, module)...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
