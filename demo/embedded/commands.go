package embedded

import (
	"slices"
	"strconv"
	"strings"
)

// A spec is what has to be known of a command before it runs. Arity and key
// positions are those of COMMAND INFO: the arity counts the name, a negative
// one is a minimum; keys are arguments first to last, a negative last counting
// from the end, every step-th one.
type spec struct {
	arity             int
	first, last, step int
	read, write       bool
	noscript          bool
}

func (sp spec) accepts(args int) bool {
	if sp.arity < 0 {
		return args+1 >= -sp.arity
	}
	return args+1 == sp.arity
}

// keys lists the keys among the arguments, as far as their places are fixed.
func (sp spec) keys(args []string) []string {
	if sp.first == 0 || sp.first > len(args) {
		return nil
	}
	last := sp.last
	if last < 0 {
		last += len(args) + 1
	}
	if sp.first == last {
		return args[last-1 : last]
	}
	var keys []string
	for i := sp.first; i <= min(last, len(args)); i += sp.step {
		keys = append(keys, args[i-1])
	}
	return keys
}

// writes lists the keys that a command may change, those in places that its
// options decide included. Too many do no harm.
func (sp spec) writes(name string, args []string) []string {
	switch name {
	case "LMPOP", "ZMPOP":
		return counted(args, 0)
	case "BZMPOP":
		return counted(args, 1)
	case "XGROUP":
		if len(args) > 1 {
			return args[1:2]
		}
	case "XREADGROUP":
		i := slices.IndexFunc(args, func(a string) bool { return strings.EqualFold(a, "STREAMS") })
		if rest := args[i+1:]; i >= 0 {
			return rest[:len(rest)/2]
		}
	case "GEORADIUS", "GEORADIUSBYMEMBER":
		for i, a := range args[:len(args)-1] {
			if strings.EqualFold(a, "STORE") || strings.EqualFold(a, "STOREDIST") {
				return args[i+1 : i+2]
			}
		}
		return nil
	}
	return sp.keys(args)
}

// counted are the keys after their number, which stands at i.
func counted(args []string, i int) []string {
	if i >= len(args) {
		return nil
	}
	n, err := strconv.Atoi(args[i])
	if err != nil || n < 0 || n > len(args)-i-1 {
		return nil
	}
	return args[i+1 : i+1+n]
}

// specs has every command there is here, and nothing that Redis 7.0 has not.
var specs = func() map[string]spec {
	m := map[string]spec{}
	for line := range strings.Lines(commandTable) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		num := func(i int) int {
			n, err := strconv.Atoi(f[i])
			if err != nil {
				panic("commandTable: " + line)
			}
			return n
		}
		sp := spec{arity: num(1), first: num(2), last: num(3), step: num(4)}
		if len(f) > 5 {
			sp.read = strings.Contains(f[5], "r")
			sp.write = strings.Contains(f[5], "w")
			sp.noscript = strings.Contains(f[5], "n")
		}
		m[f[0]] = sp
	}
	return m
}()
