package e2e

import (
	"os"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
)

func TestMain(m *testing.M) {
	if where := os.Getenv(fallOver); where != "" {
		os.Exit(fallingConsole(where))
	}
	os.Exit(console.Main(m))
}
