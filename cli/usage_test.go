package cli_test

import (
	"strings"
	"testing"
)

func TestWrongCommandLinesAreOneLineAndEndWith2(t *testing.T) {
	for line, words := range map[string][]string{
		"nonsense":                       {"nonsense", "--help"},
		"--nope":                         {"--nope"},
		"status --nope":                  {"--nope"},
		"status more":                    {"no arguments", "more"},
		"status -o yaml":                 {"-o yaml", "json, table, prometheus"},
		"watch -o prometheus":            {"-o prometheus"},
		"doctor -o xml":                  {"-o xml"},
		"dispatch --ttl":                 {"--ttl"},
		"collect --count x":              {"--count"},
		"--demo-seed -1 status":          {"--demo-seed"},
		"status --redis= --profile nope": {"nope"},
		"mcp more":                       {"no arguments", "more"},
		"mcp --agent=":                   {"--agent"},
		"mcp -o table":                   {"-o table"},
	} {
		run(strings.Fields(line)...).fails(t, 2, words...)
	}
}

func TestHelpAndVersionAreDocumentsOnStdout(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"dispatch", "--help"}, {"--version"}, {"completion", "bash"}} {
		o := run(args...).ends(t, 0).says(t, 0)
		if o.out == "" {
			t.Errorf("%q prints nothing", args)
		}
	}
	root := run("--help").out
	for _, command := range []string{"dispatch", "collect", "status", "watch", "doctor", "mcp", "--demo", "--read-only"} {
		if !strings.Contains(root, command) {
			t.Errorf("the help does not tell of %s", command)
		}
	}
}

func TestTheConsoleNeedsATerminal(t *testing.T) {
	run().fails(t, 2, "needs a terminal", "ifpacket status")
	run("--demo").fails(t, 2, "needs a terminal")
}
