package store

import (
	"context"
	"embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/*.lua
var files embed.FS

// Script is one Lua file of scripts/. Each begins with a header that tells
// its KEYS, ARGV, what it returns and what is atomic.
type Script struct {
	name  string
	reads bool // it changes nothing, so that it may run in read-only mode
	lua   *redis.Script
}

// Name is the file's name without its ending.
func (s *Script) Name() string { return s.name }

// LoadScript reads scripts/<name>.lua behind scripts/prelude.lua, the helpers
// that all share, and those that only some do. It panics when there is no such
// file: the set is fixed when the program is built.
func LoadScript(name string, helpers ...string) *Script {
	text := mustRead("prelude")
	for _, helper := range helpers {
		text += mustRead(helper)
	}
	return &Script{name: name, lua: redis.NewScript(text + mustRead(name))}
}

// LoadReader is LoadScript for a script that changes nothing.
func LoadReader(name string, helpers ...string) *Script {
	s := LoadScript(name, helpers...)
	s.reads = true
	return s
}

func mustRead(name string) string {
	text, err := files.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(fmt.Sprintf("store: no script %s.lua", name))
	}
	return string(text)
}

// Run executes a script atomically in one round trip and returns what follows
// the status in its answer. The script is sent whole only when the server does
// not know it: the first time, and after a restart, a failover or SCRIPT
// FLUSH.
//
// A script answers {"OK", …}, or {"WRONGTYPE", key, expected, found}, which
// becomes an *Error of kind ErrWrongType; other statuses are returned as they
// are, for the caller to tell apart.
func (s *Store) Run(ctx context.Context, script *Script, keys []string, args ...any) (status string, rest []any, err error) {
	key := ""
	if len(keys) > 0 {
		key = keys[0]
	}
	if s.readOnly && !script.reads {
		return "", nil, s.errReadOnlyMode(script.name, key)
	}
	answer, err := script.lua.Run(ctx, s.client, keys, args...).Slice()
	if err != nil {
		return "", nil, s.explain(script.name, key, err)
	}
	return s.Answer(script.name, answer)
}

// Answer splits a script's answer as Run does, for scripts that ran inside a
// transaction.
func (s *Store) Answer(op string, answer []any) (status string, rest []any, err error) {
	if len(answer) == 0 {
		return "", nil, fmt.Errorf("%s: the script gave an empty answer", op)
	}
	status, _ = answer[0].(string)
	if status == "WRONGTYPE" && len(answer) == 4 {
		return status, nil, s.WrongType(op, text(answer[1]), text(answer[2]), text(answer[3]))
	}
	return status, answer[1:], nil
}

// Each reads an answer that holds one for each of several things, as Answer
// reads one. Where there are not as many as wanted all of them are errors.
func (s *Store) Each(op string, answers []any, wanted int) []Answer {
	out := make([]Answer, wanted)
	for i := range out {
		if len(answers) != wanted {
			out[i].Err = fmt.Errorf("%s: the script gave %d answers, not %d", op, len(answers), wanted)
			continue
		}
		switch a := answers[i].(type) {
		case []any:
			out[i].Status, out[i].Rest, out[i].Err = s.Answer(op, a)
		case error:
			out[i].Err = s.explain(op, "", a)
		default:
			out[i].Err = fmt.Errorf("%s: the script gave an answer that is none", op)
		}
	}
	return out
}

// RunMany executes a script once for each set of keys and arguments, all in
// one round trip (a pipeline: each run is atomic, the whole is not). Where the
// server does not know the script it is loaded and only the runs that did not
// happen are sent again.
func (s *Store) RunMany(ctx context.Context, script *Script, keys [][]string, args [][]any) ([]Answer, error) {
	if s.readOnly && !script.reads {
		return nil, s.errReadOnlyMode(script.name, "")
	}
	answers := make([]Answer, len(keys))
	todo := make([]int, len(keys))
	for i := range todo {
		todo[i] = i
	}
	for try := 0; len(todo) > 0 && try < 2; try++ {
		cmds := make([]*redis.Cmd, len(todo))
		all, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for n, i := range todo {
				cmds[n] = p.EvalSha(ctx, script.lua.Hash(), keys[i], args[i]...)
			}
			return nil
		})
		if err := notOfOne(all, err); err != nil {
			return nil, s.explain(script.name, "", err)
		}
		var unknown []int
		for n, i := range todo {
			reply, err := cmds[n].Slice()
			switch {
			case redis.HasErrorPrefix(err, "NOSCRIPT"):
				unknown = append(unknown, i)
				answers[i] = Answer{Err: s.explain(script.name, keys[i][0], err)}
			case err != nil:
				answers[i] = Answer{Err: s.explain(script.name, keys[i][0], err)}
			default:
				answers[i].Status, answers[i].Rest, answers[i].Err = s.Answer(script.name, reply)
			}
		}
		if todo = unknown; len(todo) > 0 {
			if err := script.lua.Load(ctx, s.client).Err(); err != nil {
				return nil, s.explain(script.name, "", err)
			}
		}
	}
	return answers, nil
}

// Answer is what one run of a script said.
type Answer struct {
	Status string
	Rest   []any
	Err    error
}

// Transaction sends commands as MULTI … EXEC in one round trip. Scripts in it
// go as EVAL, whole: an EVALSHA that the server does not know would fail
// after its neighbours have been applied. An error of a single command stays
// with that command.
func (s *Store) Transaction(ctx context.Context, op, key string, fill func(redis.Pipeliner)) error {
	if s.readOnly {
		return s.errReadOnlyMode(op, key)
	}
	cmds, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		fill(p)
		return nil
	})
	if err := notOfOne(cmds, err); err != nil {
		return s.explain(op, key, err)
	}
	// A command that was refused before EXEC undoes them all: the others say
	// EXECABORT, it says why.
	if !redis.HasErrorPrefix(err, "EXECABORT") {
		return nil
	}
	for _, cmd := range cmds {
		if !redis.HasErrorPrefix(cmd.Err(), "EXECABORT") {
			return s.explain(op, key, cmd.Err())
		}
	}
	return s.explain(op, key, err)
}

// Queue adds the script to a transaction; its answer is in the command.
func (s *Script) Queue(ctx context.Context, p redis.Pipeliner, keys []string, args ...any) *redis.Cmd {
	return s.lua.Eval(ctx, p, keys, args...)
}

// Text reads a string in a script's answer.
func Text(v any) string { return text(v) }

// Number reads an integer in a script's answer.
func Number(v any) int64 {
	n, _ := v.(int64)
	return n
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
