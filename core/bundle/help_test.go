package bundle_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/bundle"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var ctx = context.Background()

// rules hold the primitive "one" until a person approves.
type rules struct{ governance.Unanimous }

func (r *rules) InForce() governance.Rules { return r }
func (r *rules) Revision() string          { return "test@1" }

func (r *rules) Judge(_ context.Context, a governance.Action) (governance.Verdict, error) {
	if a.Primitive != "one" {
		return governance.Verdict{Status: governance.Approved, Reason: "fine"}, nil
	}
	v := governance.Verdict{Status: governance.Review, Reason: "because", Quorum: governance.QuorumOf(governance.Review)}
	v.Findings = []governance.Finding{{Guardian: "tester", Rule: "one", Status: governance.Review}}
	return v, nil
}

// house is an engine on a Redis of its own, with an operator and a log key.
type house struct {
	*engine.Engine
	t   *testing.T
	ann keyring.Signer
}

func open(t *testing.T) *house {
	t.Helper()
	e, err := engine.Open(engine.Config{URL: testredis.Start(t).URL(), Council: &rules{}, Name: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	h := &house{Engine: e, t: t}
	_, err = e.Keyring().New(ctx, keyring.NewKey{Role: keyring.Operator, Name: "ann"})
	h.must(err)
	h.ann, err = e.Keyring().Signer(ctx, keyring.Operator, "ann")
	h.must(err)
	_, _, err = e.Keyring().Ensure(ctx, keyring.NewKey{Role: keyring.Log, Name: "log"})
	h.must(err)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// parcel is a packet whose contents need care: text of all kinds, and numbers
// that a careless reader alters.
func parcel(primitive string) packet.Packet {
	return packet.New("tester 日本", packet.MustValue(fmt.Sprintf(
		`{"primitive": %q, "ünï": "🎉 \u2028 \u007f \" \\ /", "big": 9007199254740993, "f": [1.0, 1e-7, 1E+22, -0.0], "source": "a"}`, primitive)))
}

func (h *house) send(p packet.Packet, to dispatch.Destination) string {
	h.t.Helper()
	_, err := h.Dispatch(ctx, p, to)
	h.must(err)
	return p.TrackingID
}

func (h *house) approved() string {
	h.t.Helper()
	id := h.send(parcel("one"), dispatch.Destination{Key: "queue:a"})
	_, err := h.Carcel().Approve(ctx, id, h.ann, "it is right")
	h.must(err)
	return id
}

// bundle seals the ledger and gives the files of a packet's bundle.
func (h *house) bundle(id string) files {
	h.t.Helper()
	_, err := h.SealLedger(ctx)
	h.must(err)
	return h.unsealed(id)
}

func (h *house) unsealed(id string) files {
	h.t.Helper()
	e, err := h.Bundle(ctx, id)
	h.must(err)
	var out bytes.Buffer
	h.must(bundle.Write(&out, e))
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	h.must(err)
	list := files{}
	for _, f := range z.File {
		from, err := f.Open()
		h.must(err)
		text, err := io.ReadAll(from)
		h.must(err)
		list[f.Name] = string(text)
	}
	return list
}

// files are a bundle's files by their names.
type files map[string]string

// with is the bundle with one file altered, by somebody who makes the manifest
// anew.
func (f files) with(t *testing.T, name string, alter func(string) string) files {
	t.Helper()
	out := files{}
	for n, text := range f {
		out[n] = text
	}
	if out[name] = alter(f[name]); out[name] == f[name] {
		t.Fatalf("%s was not altered:\n%s", name, f[name])
	}
	if name == "manifest.json" {
		return out
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(f["manifest.json"]), &m); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(out[name]))
	m["sha256"].(map[string]any)[name] = hex.EncodeToString(sum[:])
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out["manifest.json"] = string(text)
	return out
}

// put makes a folder of the files.
func (f files) put(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check runs the bundle's own script on it, and gives the mark of each check.
func (f files) check(t *testing.T, args ...string) (marks map[string]string, out string, code int) {
	t.Helper()
	return run(t, exec.Command("python3", append([]string{filepath.Join(f.put(t), "check.py")}, args...)...))
}

func run(t *testing.T, cmd *exec.Cmd) (marks map[string]string, out string, code int) {
	t.Helper()
	text, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	marks, out = map[string]string{}, string(text)
	for line := range strings.Lines(out) {
		if len(line) > 20 && strings.Contains("ok   FAIL ?    -    ", line[:5]) {
			marks[strings.TrimSpace(line[6:18])] = strings.TrimSpace(line[:5])
		}
	}
	return marks, out, cmd.ProcessState.ExitCode()
}
