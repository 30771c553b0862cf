package e2e

import (
	"os"
	"testing"

	"github.com/infrafabric/ifpacket/e2e/console"
)

func TestMain(m *testing.M) { os.Exit(console.Main(m)) }
