package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keys runs keys on the server.
func (s server) keys(args ...string) outcome {
	return run(append([]string{"keys", "--redis", s.url}, args...)...)
}

// onMachine makes what follows run with another data directory.
func onMachine(t *testing.T, dir string) {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", dir)
}

func keyID(t *testing.T, o outcome) string {
	t.Helper()
	id, _ := o.object(t)["key_id"].(string)
	if len(id) != 16 {
		t.Fatalf("no key id in %s", o.out)
	}
	return id
}

// listed are the keys of keys list by name.
func listed(t *testing.T, o outcome) map[string]map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(o.out), &list); err != nil {
		t.Fatalf("%v: %s", err, o.out)
	}
	byName := map[string]map[string]any{}
	for _, key := range list {
		byName[key["name"].(string)] = key
	}
	return byName
}

func TestKeysAreMadeTrustedAndRevoked(t *testing.T) {
	s := start(t)
	first, second := t.TempDir(), t.TempDir()
	onMachine(t, first)
	if o := s.keys("list").ends(t, 0).says(t, 0); o.out != "[]\n" {
		t.Errorf("an empty list is %q", o.out)
	}
	s.keys("export").fails(t, 5, "keys new")
	ann := s.keys("new", "--role", "operator", "--name", "ann-laptop", "--person", "ann", "--actor", "ann", "--actor", "ann@web").ends(t, 0).says(t, 1, "made root key", first)
	if o := ann.object(t); o["state"] != "trusted" || o["local"] != true || o["person"] != "ann" || len(o["actors"].([]any)) != 2 {
		t.Errorf("made %s", ann.out)
	}
	files, _ := filepath.Glob(filepath.Join(first, "ifpacket", "keys", "*.json"))
	if len(files) != 2 {
		t.Errorf("key files: %v", files)
	}

	onMachine(t, second)
	bob := keyID(t, s.keys("new", "--role", "seal", "--name", "bob", "--origin", "bob-*").ends(t, 0).says(t, 2, "first time", "keys trust"))
	s.keys("trust", bob).fails(t, 1, "root key", "not on this machine")
	s.keys("revoke", keyID(t, ann)).fails(t, 1, "not on this machine")
	if l := listed(t, s.keys("list").ends(t, 0)); l["bob"]["state"] != "requested" || l["bob"]["local"] != true || l["ann-laptop"]["local"] != false {
		t.Errorf("%v", l)
	}

	onMachine(t, first)
	if o := s.keys("trust", strings.ToUpper(bob[:4])+":"+bob[4:8]+"…").ends(t, 0).says(t, 0).object(t); o["state"] != "trusted" || o["origins"].([]any)[0] != "bob-*" {
		t.Errorf("trusted %v", o)
	}
	if o := s.keys("revoke", bob).ends(t, 0).says(t, 0).object(t); o["state"] != "revoked" {
		t.Errorf("revoked %v", o)
	}
	if l := listed(t, s.keys("list").ends(t, 0)); l["bob"]["state"] != "revoked" || l["bob"]["local"] != false || l["root"]["role"] != "root" {
		t.Errorf("%v", l)
	}
	table := s.keys("list", "-o", "table").ends(t, 0).says(t, 0).out
	if !strings.Contains(table, bob+"  seal") || strings.Count(table, "\n") != 4 {
		t.Errorf("as a table:\n%s", table)
	}
	if o := s.keys("export").ends(t, 0).object(t); o["version"] != 3.0 || o["signature"] == "" {
		t.Errorf("exported %v", o)
	}
}

func TestKeysThatCannotBeAreRefused(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	for args, word := range map[string]string{
		"":                       "keys needs one of",
		"rename":                 "rename",
		"new":                    "--role",
		"new --role operator":    "--name",
		"new --role root":        "known are seal, operator, log",
		"new --role x":           "known are",
		"new --role log --name=": "--name is empty",
		"new --role operator --name a --origin *": "only seal keys have origins",
		"trust":              "one key id",
		"trust 1234 5678":    "one key id",
		"trust xyz":          "not a key id",
		"trust 12":           "not a key id",
		"trust ../../etc":    "not a key id",
		"export -o table":    "-o table",
		"list -o yaml":       "-o yaml",
		"list --read-only=x": "read-only",
		"new --role log a":   "no arguments",
	} {
		s.keys(strings.Fields(args)...).fails(t, 2, word)
	}
	for _, name := range []string{"a\nb", "\x1b[31m", " a", "\u202ea", strings.Repeat("a", 129), "\xff"} {
		s.keys("new", "--role", "operator", "--name", name).fails(t, 2, "name")
	}
	s.keys("new", "--role", "operator", "--name", "a", "--read-only").fails(t, 1, "read only")
	if n := s.DBSize(context.Background()).Val(); n != 0 {
		t.Errorf("%d keys were written", n)
	}
	s.keys("new", "--role", "operator", "--name", "../../a").ends(t, 0)
	s.keys("new", "--role", "operator", "--name", "../../a").fails(t, 1, "is here and trusted")
	s.keys("trust", "0123456789abcdef").fails(t, 5, "0123456789abcdef")
	s.keys("revoke", "0123").fails(t, 5, "0123")
}

func TestAForgedKeyringEndsWith4(t *testing.T) {
	s := start(t)
	dir := t.TempDir()
	onMachine(t, dir)
	s.keys("new", "--role", "operator", "--name", "ann").ends(t, 0)
	whole := s.Get(context.Background(), "ttt:keyring").Val()
	s.Set(context.Background(), "ttt:keyring", strings.Replace(whole, `"ann"`, `"bob"`, 1), 0)
	for _, args := range [][]string{{"list"}, {"export"}, {"trust", "0123456789abcdef"}, {"new", "--role", "seal", "--name", "x"}} {
		s.keys(args...).fails(t, 4, "refused", "keys restore")
	}
	s.keys("restore").ends(t, 0).says(t, 1, "version 2")
	s.keys("list").ends(t, 0)
	s.Del(context.Background(), "ttt:keyring")
	s.keys("list").ends(t, 0).says(t, 1, "lost", "keys restore")
	if err := os.RemoveAll(filepath.Join(dir, "ifpacket")); err != nil {
		t.Fatal(err)
	}
	s.keys("restore").fails(t, 5, "no keyring")
}

func TestTheDemoKeepsItsKeysInMemory(t *testing.T) {
	dir := t.TempDir()
	onMachine(t, dir)
	run("keys", "new", "--demo", "--role", "operator", "--name", "ann").ends(t, 0)
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("the demo wrote %v, %v", list, err)
	}
}
