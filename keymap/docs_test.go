package keymap

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/keys.md")

func TestTheCheatSheetIsWhatTheKeymapSays(t *testing.T) {
	const file = "../docs/keys.md"
	want := Markdown(Default())
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadFile(file)
	if err != nil || string(found) != want {
		t.Errorf("docs/keys.md is not up to date (%v): go test ./keymap -update", err)
	}
}
