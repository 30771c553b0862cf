package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/e2e/console"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// A run of ten thousand is killed three times in the middle, and carried on.
// Not parallel: it wants the machine for itself.
func TestAReplayThatIsKilledAndResumedReleasesEachPacketOnce(t *testing.T) {
	const total = 10_000
	ctx := context.Background()
	server := testredis.Start(t)
	client := server.Client()
	want := make(map[string]bool, total)
	entries := make([]any, 0, 1000)
	for i := range total {
		id := packet.NewTrackingID()
		want[id] = true
		entries = append(entries, fmt.Sprintf(
			`{"tracking_id": %q, "reason": "no route for matrix.route/lab", "decision": "error", "timestamp": "2025-12-02T14:35:18", "contents": {"primitive": "matrix.route", "vertical": "lab", "source": "a", "destination": "b", "n": %d}, "origin": "py_worker"}`, id, i))
		if len(entries) == cap(entries) {
			if err := client.RPush(ctx, "carcel:dead_letters", entries...).Err(); err != nil {
				t.Fatal(err)
			}
			entries = entries[:0]
		}
	}
	run := func(until int64, args ...string) (out string) {
		cmd, stdout, stderr := console.Command(t, append([]string{"--redis", server.URL(), "-o", "json", "carcel", "replay"}, args...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		testredis.Eventually(t, fmt.Sprintf("%d are released", until), func() bool {
			select {
			case <-ended:
				return true
			default:
				return client.LLen(ctx, "queue:mended").Val() >= until
			}
		})
		if until < total {
			_ = cmd.Process.Kill()
		}
		<-ended
		if until == total && cmd.ProcessState.ExitCode() != 0 {
			t.Fatalf("exit %d: %s", cmd.ProcessState.ExitCode(), stderr)
		}
		return stdout.String()
	}
	run(1_500, "--reason", "no route", "--to", "queue:mended", "--rate", "0", "--yes", fmt.Sprint(total))
	var runs []struct {
		Run      string `json:"run"`
		Released int    `json:"released"`
		State    string `json:"state"`
	}
	listed := console.Run(t, "--redis", server.URL(), "-o", "json", "carcel", "runs")
	if err := json.Unmarshal([]byte(listed.Stdout), &runs); err != nil || len(runs) != 1 {
		t.Fatalf("runs: %s %v", listed.Stdout, err)
	}
	if n := client.LLen(ctx, "queue:mended").Val(); n >= total || runs[0].Released != int(n) || runs[0].State != "running" {
		t.Fatalf("killed at %d of %d, the run says %+v", n, total, runs[0])
	}
	run(4_000, "--resume", runs[0].Run)
	run(7_500, "--resume", runs[0].Run)
	done := run(total, "--resume", runs[0].Run)
	if !strings.Contains(done, `"state":"done"`) || !strings.Contains(done, fmt.Sprintf(`"released":%d`, total)) || !strings.Contains(done, `"skipped":0`) {
		t.Errorf("the run ended as %s", done)
	}
	for _, raw := range client.LRange(ctx, "queue:mended", 0, -1).Val() {
		p, err := packet.Decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if !want[p.TrackingID] {
			t.Fatalf("%s was released twice, or never held", p.TrackingID)
		}
		delete(want, p.TrackingID)
	}
	if len(want) != 0 {
		t.Errorf("%d packets were never released", len(want))
	}
	if n := client.LLen(ctx, "carcel:dead_letters").Val(); n != 0 {
		t.Errorf("%d slots are left in the carcel", n)
	}
}
