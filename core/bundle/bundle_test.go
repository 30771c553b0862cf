package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/packet"
)

func TestEvidenceOfEveryKindOfPacketIsCheckedWithoutTheProgram(t *testing.T) {
	h := open(t)
	plain, binary, taken := parcel("work"), parcel("work"), ""
	plain.SchemaVersion, binary.SchemaVersion = packet.Schema10, packet.Schema10
	queue := h.Queue()
	var batch []string
	for range 5 {
		p := parcel("work")
		batch = append(batch, p.TrackingID)
		h.must(queue.Add(ctx, p, dispatch.Destination{Key: "queue:b"}))
	}
	_, err := queue.Flush(ctx)
	h.must(err)
	taken = h.send(parcel("work"), dispatch.Destination{Key: "queue:c"})
	_, err = h.Collect(ctx, dispatch.Request{Key: "queue:c", Op: dispatch.LPop, Actor: "taker"})
	h.must(err)
	held := parcel("one")
	held.SchemaVersion = packet.Schema10
	for name, c := range map[string]struct {
		id string
		ok string // checks that must hold
	}{
		"sealed":      {h.send(parcel("work"), dispatch.Destination{Key: "queue:a"}), "keyring packet contents links checksum covered decision checkpoint logged report|seal 1"},
		"approved":    {h.approved(), "approvals covered logged report|seal 1|seal 2"},
		"in a batch":  {batch[3], "contents logged report|seal 1"},
		"unsealed":    {h.send(plain, dispatch.Destination{Key: "queue:a"}), "packet logged report"},
		"MessagePack": {h.send(binary, dispatch.Destination{Key: "queue:a", Format: packet.Msgpack}), "logged report"},
		"collected":   {taken, "decision checkpoint report"},
		"held":        {h.send(held, dispatch.Destination{Key: "queue:a"}), "packet decision checkpoint report"},
		"held sealed": {h.send(parcel("one"), dispatch.Destination{Key: "queue:a"}), "packet contents links logged report|seal 1"},
	} {
		t.Run(name, func(t *testing.T) {
			marks, out, code := h.bundle(c.id).check(t)
			if code != 0 || !strings.HasSuffix(out, "\nthe evidence holds\n") {
				t.Fatalf("exit code %d:\n%s", code, out)
			}
			words, seals, _ := strings.Cut(c.ok, "|")
			for _, check := range append(strings.Fields(words), strings.Split(seals, "|")...) {
				if check != "" && marks[check] != "ok" {
					t.Errorf("%s is %q:\n%s", check, marks[check], out)
				}
			}
		})
	}
}

func TestWhateverIsAlteredInABundleItsOwnCheckFails(t *testing.T) {
	h := open(t)
	id := h.approved()
	whole := h.bundle(id)
	if marks, out, code := whole.check(t); code != 0 {
		t.Fatal(marks, out)
	}
	first := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	flip := func(before string) func(string) string { // the character behind a text becomes another one
		return func(s string) string {
			at := strings.Index(s, before) + len(before)
			other := "A"
			if s[at:at+1] == "A" {
				other = "B"
			}
			return s[:at] + other + s[at+1:]
		}
	}
	for _, c := range []struct {
		file  string
		alter func(string) string
		fails string
	}{
		{"packet.json", first(`"source": "a"`, `"source": "b"`), "contents"},
		{"packet.json", first(`9007199254740993`, `9007199254740992`), "contents"},
		{"packet.json", first(`1.0`, `1`), "contents"},
		{"packet.json", first(`"ttl_seconds": 3600`, `"ttl_seconds": 3601`), "seal 1"},
		{"packet.json", first(`"origin": "tester`, `"origin": "taster`), "seal 2"},
		{"packet.json", first(`action:evaluate`, `action:elevate`), "links"},
		{"packet.json", first(`"trustworthy_signature": "`, `"trustworthy_signature": "0`), "checksum"},
		{"packet.json", first(`"upto": `, `"upto": 1`), "seal 1"},
		{"packet.json", flip(`"sig": "`), "seal 1"},
		{"packet.json", first(`"v": 1`, `"v": 1, "w": 1`), "seal 1"},
		{"packet.json", first(`{"origin"`, `{"ttl_seconds": 1, "origin"`), "bundle"},
		{"stored.bin", first(`"source": "a"`, `"source": "b"`), "packet"},
		{"decision.json", first(`"because"`, `"no reason"`), "decision"},
		{"decision.json", first(`test@1`, `test@2`), "decision"},
		{"decision.json", first(`it is right`, `it is wrong`), "approvals"},
		{"approvals.json", first(`"ann"`, `"bob"`), "approvals"},
		{"records.json", first(`queue:a`, `queue:b`), "report"},
		{"proofs.json", first(`queue:a`, `queue:b`), "record 4"},
		{"proofs.json", first(`"index": `, `"index": 1`), "record 4"},
		{"proofs.json", flip(`"path": [` + "\n" + `   "`), "record 4"},
		{"proofs.json", flip(`"leaf_hash": "`), "record 4"},
		{"proofs.json", first(`at 1`, `at 2`), "record 4"},
		{"checkpoint.txt", first("\nat ", "\nat 1"), "checkpoint"},
		{"checkpoint.txt", first("if.packet/ledger", "if.packet/lodger"), "checkpoint"},
		{"keyring.json", flip(`"signature":"`), "keyring"},
		{"keyring.json", first(`"name":"ann"`, `"name":"eve"`), "keyring"},
		{"keyring.json", first(`"role":"log"`, `"role":"seal"`), "checkpoint"},
		{"report.json", first(`"queue:a"`, `"queue:b"`), "report"},
		{"report.json", first(`"overall": "verified"`, `"overall": "tampered"`), "report"},
		{"manifest.json", first(id, packet.NewTrackingID()), "packet"},
		{"manifest.json", flip(`"report.json": "`), "manifest"},
	} {
		marks, out, code := whole.with(t, c.file, c.alter).check(t)
		if code != 1 || marks[c.fails] != "FAIL" || !strings.HasSuffix(out, "NOT PROVED\n") && c.fails != "bundle" {
			t.Errorf("%s altered: exit code %d, %s is %q:\n%s", c.file, code, c.fails, marks[c.fails], out)
		}
	}
	for name := range whole {
		if name == "check.py" || name == "evidence.py" {
			continue
		}
		less := files{}
		for n, text := range whole {
			if n != name {
				less[n] = text
			}
		}
		if marks, out, code := less.check(t); code != 1 || marks["manifest"] != "FAIL" {
			t.Errorf("without %s: exit code %d\n%s", name, code, out)
		}
	}
}

func TestAPacketThatWasEditedInRedisIsBundledAsItIsAndFails(t *testing.T) {
	h := open(t)
	id := h.send(parcel("work"), dispatch.Destination{Key: "queue:a"})
	whole := h.bundle(id)
	edited := whole.with(t, "packet.json", func(s string) string { return strings.Replace(s, `"source": "a"`, `"source": "b"`, 1) })
	edited = edited.with(t, "stored.bin", func(string) string { return edited["packet.json"] })
	marks, out, code := edited.check(t)
	if code != 1 || marks["contents"] != "FAIL" || marks["packet"] != "ok" || marks["report"] != "FAIL" {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestAForgedKeyringIsToldByItsRoot(t *testing.T) {
	h, other := open(t), open(t)
	id := h.send(parcel("work"), dispatch.Destination{Key: "queue:a"})
	whole := h.bundle(id)
	ring, err := h.Keyring().Ring(ctx)
	h.must(err)
	root, _ := ring.Root()
	if _, out, code := whole.check(t, "--root", root.KeyID); code != 0 {
		t.Error(out)
	}
	if marks, out, code := whole.check(t, "--root", strings.Repeat("0", keyring.KeyIDLength)); code != 1 || marks["keyring"] != "FAIL" {
		t.Error(out)
	}
	theirs, err := other.Keyring().Export(ctx)
	h.must(err)
	marks, out, code := whole.with(t, "keyring.json", func(string) string { return string(theirs) }).check(t)
	if code != 1 || marks["seal 1"] != "FAIL" || marks["checkpoint"] != "FAIL" {
		t.Error(out)
	}
}

func TestWithoutOpensslTheScriptSaysWhatWasNotChecked(t *testing.T) {
	h := open(t)
	dir := h.bundle(h.approved()).put(t)
	python, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	h.must(err)
	cmd := exec.Command(strings.TrimSpace(string(python)), filepath.Join(dir, "check.py"))
	cmd.Env = []string{"PATH=" + t.TempDir()}
	marks, out, code := run(t, cmd)
	if code != 1 || !strings.Contains(out, "openssl is missing on the PATH; the signature was not checked") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	for check, want := range map[string]string{
		"keyring": "?", "seal 1": "?", "seal 2": "?", "approvals": "?", "checkpoint": "?", "contents": "ok", "links": "ok", "decision": "ok", "logged": "ok", "report": "ok",
	} {
		if marks[check] != want {
			t.Errorf("%s is %q, not %q:\n%s", check, marks[check], want, out)
		}
	}
}

func TestALedgerThatIsNotSealedYetProvesNothingAndSaysSo(t *testing.T) {
	h := open(t)
	id := h.send(parcel("work"), dispatch.Destination{Key: "queue:a"})
	marks, out, code := h.unsealed(id).check(t)
	if code != 1 || marks["checkpoint"] != "?" || !strings.Contains(out, "ifpacket ledger checkpoint") || marks["seal 1"] != "ok" {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestTheReadmeNamesEveryFileAndEveryCheck(t *testing.T) {
	h := open(t)
	whole := h.bundle(h.approved())
	readme, err := os.ReadFile("inside/README.md")
	h.must(err)
	for name := range whole {
		if name != "README.md" && !strings.Contains(string(readme), name) {
			t.Errorf("README.md does not tell what %s is", name)
		}
	}
	marks, _, _ := whole.check(t)
	for check := range marks {
		word := strings.Fields(check)[0]
		if !slices.ContainsFunc(strings.Split(string(readme), "\n"), func(line string) bool { return strings.HasPrefix(line, "| "+word) }) {
			t.Errorf("README.md does not tell of the check %s", word)
		}
	}
}
