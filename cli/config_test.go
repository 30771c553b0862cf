package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAConfigurationWithAFaultIsRefusedWithItsPlace(t *testing.T) {
	for text, words := range map[string][]string{
		"profile: [\n":                           {"[1:10]"},
		"profile: a\nprofilez: {}\n":             {"[2:1]", "profilez"},
		"profiles:\n  a:\n    redis: [1]\n":      {"[3:"},
		"profiles:\n  a: {read_only: perhaps}\n": {"[2:"},
		"theme: nope\n":                          {`"nope" is unknown`, "dark"},
		"keys: {no.such.binding: [x]}\n":         {"no.such.binding"},
		"keys: {help: [q]}\n":                    {`"q"`, "quit", "help"},
		"keys: {compose.send: [ctrl+s]}\n":       {"compose.send", "ctrl+s"},
	} {
		path := file(t, text)
		run("status", "--config", path).fails(t, 2, append(words, path)...)
	}
	run("status", "--config", "/nowhere/config.yaml").fails(t, 2, "/nowhere/config.yaml", "no such file")
}

func TestProfilesSayWhichRedisIsMeant(t *testing.T) {
	s := start(t)
	path := file(t, "profile: first\nprofiles:\n  first: {redis: "+s.url+"}\n  looking: {redis: "+s.url+", read_only: true}\n  empty: {}\n  away: {redis: "+nobody(t)+"}\n")
	send := func(args ...string) outcome {
		return run(append([]string{"dispatch", "--key", "queue:a", "--contents", `{"n": 1}`, "--config", path}, args...)...)
	}
	send().ends(t, 0)
	send("--profile", "first").ends(t, 0)
	send("--profile", "looking").fails(t, 1, "read-only")
	send("--profile", "away").fails(t, 1, "does not answer")
	send("--profile", "away", "--redis", s.url).ends(t, 0)
	send("--profile", "empty").fails(t, 2, `"empty" names no redis`)
	send("--profile", "nope").fails(t, 2, `no profile "nope"`, "away, empty, first, looking")
	run("status", "--config", file(t, ""), "--profile", "nope").fails(t, 2, "the configuration has none")
	if s.length("queue:a") != 3 {
		t.Errorf("%d packets landed", s.length("queue:a"))
	}
}

func TestTheEnvironmentNamesRedisUnlessAProfileIsAskedFor(t *testing.T) {
	s := start(t)
	t.Setenv("IFPACKET_REDIS", s.url)
	run("status").ends(t, 0)
	run("status", "--redis", nobody(t)).fails(t, 1)
	path := file(t, "profiles:\n  away: {redis: "+nobody(t)+"}\n")
	run("status", "--config", path).ends(t, 0)
	run("status", "--config", path, "--profile", "away").fails(t, 1)
}

func TestTheUsualConfigurationIsRead(t *testing.T) {
	s := start(t)
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	if err := os.MkdirAll(filepath.Join(home, "ifpacket"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "profile: usual\nprofiles: {usual: {redis: \"" + s.url + "\"}}\n"
	if err := os.WriteFile(filepath.Join(home, "ifpacket", "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run("dispatch", "--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	if s.length("queue:a") != 1 {
		t.Error("the packet went elsewhere")
	}
}

func TestUnixSocketsAndDatabasesWork(t *testing.T) {
	s := start(t)
	run("dispatch", "--redis", strings.TrimSuffix(s.url, "0")+"3", "--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	if s.length("queue:a") != 0 {
		t.Error("the packet went to database 0")
	}
	socket := s.ConfigGet(context.Background(), "unixsocket").Val()["unixsocket"]
	run("dispatch", "--redis", "unix://"+socket+"?db=0", "--key", "queue:a", "--contents", `{"n": 1}`).ends(t, 0)
	if s.length("queue:a") != 1 {
		t.Error("nothing came through the socket")
	}
}
