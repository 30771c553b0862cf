package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func (s server) audit(args ...string) outcome {
	return run(append([]string{"audit", "--redis", s.url}, args...)...)
}

// steady replaces what differs from run to run.
func steady(text string) string {
	for _, r := range [][2]string{
		{`\d{4}-\d\d-\d\d[ T][0-9:.]+Z`, "TIME"}, {`127\.0\.0\.1:\d+`, "SERVER"}, {`[0-9a-f]{64}`, "HASH"}, {`[0-9a-f]{16}`, "KEY"},
		{`@[0-9a-f]{12}`, "@REV"}, {`\S+@\S*[a-z]\S*`, "NAME"}, {`by root\b`, "by NAME"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

func TestAnAuditCountsEverythingAndJudgesByIt(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	onMachine(t, t.TempDir())
	s.audit().ends(t, 5)
	for range 3 {
		s.sent(t)
	}
	s.dispatch("--key", "queue:plain", "--schema", "1.0", "--contents", `{"primitive": "matrix.route", "source": "a", "destination": "b"}`).ends(t, 0)
	s.dispatch("--key", "queue:a", "--contents", `{"primitive": "process.kill", "pid": 7, "reason": "stuck"}`).ends(t, 3)
	s.dispatch("--key", "queue:a", "--contents", `{"primitive": "process.kill", "pid": 7}`).ends(t, 3)
	s.dispatch("--batch", file(t, "{\"contents\": {\"n\": 4}}\n{\"contents\": {\"n\": 5}}\n"), "--key", "queue:b").ends(t, 0)
	s.collect("--key", "queue:a", "--op", "lpop").ends(t, 0)
	s.erase(s.sent(t), "--why", "asked to").ends(t, 0)
	if o := s.audit().ends(t, 4).object(t); o["status"] != "NOT COMPLIANT" { // nothing is sealed
		t.Errorf("%v", o)
	}
	s.ledger("checkpoint").ends(t, 0)
	golden, err := os.ReadFile("testdata/audit.txt")
	got := steady(s.audit("-o", "table").ends(t, 0).out)
	if os.Getenv("UPDATE") != "" {
		err = os.WriteFile("testdata/audit.txt", []byte(got), 0o600)
	} else if got != string(golden) {
		t.Errorf("the report is\n%s\nnot\n%s", got, golden)
	}
	if err != nil {
		t.Error(err)
	}
	page := filepath.Join(t.TempDir(), "report.html")
	o := s.audit("--since", "1h", "--html", page, "--sample", "2").ends(t, 0).object(t)
	if seals, _ := o["seals"].(map[string]any); seals["sampled"] != true || seals["checked"] != float64(2) || seals["bad_high"].(float64) < 0.5 {
		t.Errorf("%v", o["seals"])
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "COMPLIANT") || !strings.Contains(string(text), "a random sample of 2 of 7") {
		t.Errorf("%v, %s", err, text)
	}
	// What left the carcel is counted still, and what others put there.
	held := s.carcel("list", "--reason", "two-person").ends(t, 0).out
	id := regexp.MustCompile(`"tracking_id":"([^"]+)"`).FindStringSubmatch(held)[1]
	s.carcel("discard", id, "--why", "a test", "--yes", "1").ends(t, 0)
	s.RPush(ctx, "carcel:dead_letters", `{"tracking_id": "x", "reason": "foreign", "decision": "blocked", "timestamp": "`+time.Now().UTC().Format(time.RFC3339)+`", "contents": {}}`)
	reasons := s.audit("--since", "1h").object(t)["carcel_by_reason"].(map[string]any)
	if want := map[string]any{"Two-person rule required for process.kill": 1.0, "process.kill needs pid and reason": 1.0, "foreign": 1.0}; !reflect.DeepEqual(reasons, want) {
		t.Errorf("into the carcel went %v, want %v", reasons, want)
	}
	s.Del(ctx, "guardian:decision:"+id)
	if reasons := s.audit("--since", "1h").object(t)["carcel_by_reason"].(map[string]any); reasons["not told any more: the decision record has ended"] != 1.0 {
		t.Errorf("of an ended decision it says %v", reasons)
	}
	s.RPop(ctx, "carcel:dead_letters")
	if o := s.audit("--until", "2020-01-01").ends(t, 0).object(t); o["records"] != float64(0) || o["decided"] != float64(0) {
		t.Errorf("%v", o)
	}
	raw := s.LIndex(ctx, "queue:a", 0).Val()
	s.LSet(ctx, "queue:a", 0, strings.Replace(raw, `"source": "a"`, `"source": "x"`, 1))
	if o := s.audit("-o", "table").ends(t, 4); !strings.Contains(o.out, "packets that were tampered with: 1") {
		t.Errorf("%s", o.out)
	}
	s.LSet(ctx, "queue:a", 0, raw)
	s.audit().ends(t, 0)
	s.Del(ctx, "queue:plain")
	if o := s.audit("-o", "table").ends(t, 4); !strings.Contains(o.out, "packets that are missing") {
		t.Errorf("%s", o.out)
	}
	s.XDel(ctx, "ttt:ledger:main", "4-0")
	if o := s.audit("-o", "table").ends(t, 4); !strings.Contains(o.out, "✕ the ledger: ") {
		t.Errorf("%s", o.out)
	}
	s.audit("--since", "yesterday").fails(t, 2, "--since")
	s.audit("--since", "2026-02-01", "--until", "2026-01-01").fails(t, 2, "not before")
	s.audit("--sample", "0").fails(t, 2, "--sample")
	s.audit("--html", t.TempDir()).fails(t, 1, "nothing was written")
}
