package cli_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
)

// reader is what the Python side does with a packet: its dataclass takes
// exactly these keys, and what it writes back must be what it read.
const reader = `
import json, sys
keys = ["origin", "contents", "schema_version", "ttl_seconds", "tracking_id", "dispatched_at", "chain_of_custody"]
for line in sys.stdin.buffer.read().split(b"\0"):
    text = line.decode("ascii")
    packet = json.loads(text)
    assert list(packet) == keys, list(packet)
    assert json.dumps(packet, default=str) == text, "not as Python writes it: " + text
    print(packet["contents"].get("n"))
`

// writer writes packets as the Python side does.
const writer = `
import json, sys, uuid, datetime
from dataclasses import dataclass, asdict, field
from typing import Any
@dataclass
class Packet:
    origin: str
    contents: dict
    schema_version: str = "1.0"
    ttl_seconds: int = 3600
    tracking_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    dispatched_at: str = field(default_factory=lambda: datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat())
    chain_of_custody: Any = None
chain = {"traceable_id": "t", "transparent_lineage": ["source:h|timestamp:2025-12-02T14:35:18Z"], "trustworthy_signature": "s"}
for p in [
    Packet("plain", {"n": 0}),
    Packet("ünïcode 日本語 🎉", {"n": 1, "ß": "\u2028 \x7f \" \\ /", "": None}),
    Packet("numbers", {"n": 2, "big": 2**64 + 1, "f": [0.1, 1e100, 1e-7, 1.0, -0.0, 123456789.123456789, 1e16, 1e22], "neg": -5}),
    Packet("nested", {"n": 3, "deep": [[[{"a": [True, False, None, {}, []]}]]]}),
    Packet("sealed", {"n": 4}, "1.1", 86400, chain_of_custody=chain),
]:
    print(json.dumps(asdict(p), default=str))
`

func python(t *testing.T, script, stdin string) string {
	t.Helper()
	cmd := exec.Command("python3", "-c", script)
	cmd.Stdin = strings.NewReader(stdin)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, errOut.String())
	}
	return string(out)
}

func TestPythonReadsWhatDispatchWrote(t *testing.T) {
	s := start(t)
	for _, contents := range []string{
		`{"n": 0}`,
		`{"n": 1, "ünï": "日本語 🎉 \u2028 \u007f \" \\ /", "": null}`,
		`{"n": 2, "big": 18446744073709551617, "f": [0.1, 1e+100, 1e-07, 1.0, -0.0, 1e+16], "neg": -5}`,
		`{"n": 3, "deep": [[[{"a": [true, false, null, {}, []]}]]]}`,
	} {
		s.dispatch("--key", "queue:py", "--origin", "lena 日本", "--contents", contents).ends(t, 0)
		s.dispatch("--key", "queue:py", "--schema", "1.0", "--contents", contents).ends(t, 0)
	}
	s.dispatch("--batch", file(t, "{\"contents\": {\"n\": 4}}\n{\"contents\": {\"n\": 5}}\n"), "--key", "queue:py").ends(t, 0)
	stored := s.LRange(context.Background(), "queue:py", 0, -1).Val()
	if got := python(t, reader, strings.Join(stored, "\x00")); strings.Join(strings.Fields(got), " ") != "0 0 1 1 2 2 3 3 4 5" {
		t.Errorf("Python read %q", got)
	}
}

func TestCollectReadsWhatPythonWrote(t *testing.T) {
	s := start(t)
	written := python(t, writer, "")
	for line := range strings.Lines(written) {
		s.RPush(context.Background(), "queue:py", strings.TrimSuffix(line, "\n"))
	}
	for _, op := range [][]string{{"--op", "lrange"}, {"--op", "lpop", "--count", "9"}} {
		if o := s.collect(append([]string{"--key", "queue:py"}, op...)...).ends(t, 0).says(t, 0); o.out != written {
			t.Errorf("collect %s prints\n%s\nPython wrote\n%s", op[1], o.out, written)
		}
	}
}
