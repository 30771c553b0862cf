// Command ifpacket is the operations console of IF.PACKET: a terminal
// interface to a governed message transport on Redis, and a command for
// everything that it can do.
package main

import (
	"os"

	"github.com/infrafabric/ifpacket/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
