package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/themes"
)

// Version is set when a release is built.
var Version = "dev"

// app is what all commands share: the streams and the global flags.
type app struct {
	in     io.Reader
	out    *output
	err    io.Writer
	owned  bool // the console owns the terminal: nothing may be written to it
	global globals
}

type globals struct {
	redis    string
	profile  string
	config   string
	theme    string
	output   string
	policy   string
	as       string
	metrics  string
	stats    string
	readOnly bool
	demo     bool
	seed     uint64
}

// Main runs the command line and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	store.QuietLibrary()
	a := &app{in: in, out: &output{to: out}, err: errOut}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup wants it ignored
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	err := fang.Execute(ctx, root,
		fang.WithVersion(Version),
		fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {}),
	)
	var code codeOnly
	if failed := a.out.failed(); failed != nil && (err == nil || errors.As(err, &code)) {
		err = failed
	}
	if err == nil {
		return exitDone
	}
	if line := errorLine(err); line != "" {
		fmt.Fprintln(errOut, "ifpacket: "+line)
	}
	return exitCode(err)
}

// errorLine is an error as one line of printable text: it may quote what others
// wrote into Redis. What is only an exit code has none.
func errorLine(err error) string {
	return printable(strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " "))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "ifpacket",
		Short: "The operations console of IF.PACKET",
		Long:  "ifpacket shows a swarm of agents on Redis live and dispatches governed packets.\nWithout a command it opens the console; with --demo on a swarm of its own.",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.console(cmd.Context()) },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if t := a.global.theme; t != "" && !slices.Contains(themes.Names(), t) {
				return usage("--theme: %q is unknown; known are %s", t, strings.Join(themes.Names(), ", "))
			}
			return nil
		},
		Example: `ifpacket --demo
ifpacket --redis redis://127.0.0.1:6379/0
ifpacket dispatch --key queue:council --contents '{"primitive": "matrix.route"}'`,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.global.redis, "redis", "", "where Redis is: redis://, rediss://, unix://, redis+sentinel://, redis+cluster:// (default $IFPACKET_REDIS, the profile, or redis://127.0.0.1:6379/0)")
	flags.StringVar(&a.global.profile, "profile", "", "profile of the configuration to use")
	flags.StringVar(&a.global.config, "config", "", "configuration file (default $XDG_CONFIG_HOME/ifpacket/config.yaml)")
	flags.StringVar(&a.global.theme, "theme", "", "theme of the console")
	flags.StringVarP(&a.global.output, "output", "o", "", "format: json or table (status: prometheus too)")
	flags.StringVar(&a.global.policy, "policy", "", "the council's policy: default, s2, or a file (default: the profile's, or default)")
	flags.StringVar(&a.global.as, "as", "", "which local operator key signs: its name or person")
	flags.StringVar(&a.global.metrics, "metrics", "", "serve Prometheus metrics at /metrics while the command runs: a port (on the loopback) or host:port")
	flags.BoolVar(&a.global.readOnly, "read-only", false, "write nothing to Redis")
	flags.BoolVar(&a.global.demo, "demo", false, "run on an embedded Redis with a simulated swarm")
	flags.Uint64Var(&a.global.seed, "demo-seed", 1, "seed of the simulated swarm: the same seed, the same run")
	root.Flags().StringVar(&a.global.stats, "stats", "", "add what the console itself costs to this file, a JSON line a second")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage("%v; see %s --help", err, cmd.CommandPath()) })
	root.AddCommand(a.dispatchCommand(), a.collectCommand(), a.statusCommand(), a.watchCommand(), a.doctorCommand(),
		a.carcelCommand(), a.policyCommand(), a.keysCommand(), a.agentCommand(), a.taskCommand(), a.messageCommand(), a.contextCommand(), a.workerCommand(),
		a.verifyCommand(), a.traceCommand(), a.voicesCommand(), a.eraseCommand(), a.auditCommand(), a.ledgerCommand(), a.mcpCommand(), a.benchCommand())
	return root
}

// noArgs refuses what stands behind a command that takes nothing.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return usage("there is no command %q; see %s --help", args[0], cmd.CommandPath())
	}
	return usage("%s takes no arguments, found %q", cmd.CommandPath(), args[0])
}
