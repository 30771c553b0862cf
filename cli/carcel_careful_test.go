package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

func TestAReplayThatMayBeAMistakeDoesNothing(t *testing.T) {
	s := start(t)
	lenient := file(t, "name: lenient\nguardians: [{name: g, rules: [{name: r, when: \"false\", status: blocked}]}]\n")
	id := s.hold(t, tooMuch)
	// An edit that came out empty must not release what it was to replace.
	for _, nothing := range []string{"", "\n \n"} {
		s.carcel("replay", id, "--edit", file(t, nothing), "--policy", lenient).fails(t, 2, "nothing in it")
	}
	for _, with := range []string{"--resume", "--pause", "--cancel"} {
		s.carcel("replay", "--dry-run", with, "some-run").fails(t, 2, "--dry-run")
	}
	if n := s.LLen(context.Background(), "queue:q").Val(); n != 0 {
		t.Errorf("%d were released", n)
	}
}

func TestShowTellsThatAnEntryWasAltered(t *testing.T) {
	s := start(t)
	s.operators(t)
	id := s.hold(t, kill)
	list := keyspace.Main.DeadLetters()
	raw := s.LIndex(context.Background(), list, 0).Val()
	s.LSet(context.Background(), list, 0, strings.Replace(raw, `"pid": 1`, `"pid": 2`, 1))
	for _, output := range []string{"table", "json"} {
		if o := s.carcel("show", id, "-o", output).ends(t, 0); !strings.Contains(o.out, "the entry was altered") {
			t.Errorf("%s: %s", output, o.out)
		}
	}
}

func TestADenialDoesNotMakeTheTwoPersonRuleAOnePersonRule(t *testing.T) {
	s := start(t)
	s.operators(t)
	id := s.hold(t, kill)
	s.carcel("deny", id, "--as", "ann").ends(t, 0)
	s.carcel("appeal", id, "--why", "needed", "--as", "bob").ends(t, 0)
	s.carcel("approve", id, "--as", "bob").ends(t, 3)
	if o := s.carcel("approve", id, "--as", "ann").ends(t, 0).object(t); o["status"] != "approved" || o["required"] != 2.0 {
		t.Errorf("%v", o)
	}
}
