package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// governed is an engine whose council sits by a policy.
func governed(t *testing.T, url, policy string) *engine.Engine {
	t.Helper()
	p, err := governance.LoadPolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{URL: url, Council: governance.Fixed(p), Unsealed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func dispatched(t *testing.T, e *engine.Engine, key string, contents ...string) (ids []string) {
	t.Helper()
	for _, text := range contents {
		p := packet.New("worker_1", packet.MustValue(text))
		if _, err := e.Dispatch(t.Context(), p, dispatch.Destination{Key: key}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.TrackingID)
	}
	return ids
}

const (
	calm   = `{"primitive":"matrix.route","vertical":"lab","source":"a","destination":"b","password":"x"}`
	kill   = `{"primitive":"process.kill","pid":1,"reason":"stuck"}`
	noPID  = `{"primitive":"process.kill","vertical":"nuclear-power"}`
	cross  = `{"primitive":"matrix.route","vertical":"lab","target_vertical":"mill","source":"a","destination":"b"}`
	strays = `{"primitive":"lab.measure","vertical":"lab"}`
)

func TestDecisionsAreFoundThroughTheLedgerNewestFirst(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		e := governed(t, url, "default")
		ids := dispatched(t, e, "queue:a", calm, kill, noPID)
		dispatched(t, e, "", strays)
		q := e.Queue()
		for range 3 {
			if err := q.Add(t.Context(), packet.New("worker_1", packet.MustValue(calm)), dispatch.Destination{Key: "queue:a"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone := dispatched(t, e, "queue:a", kill, kill)
		client := testredis.Connect(t, url)
		client.Del(t.Context(), keyspace.Main.Decision(gone[0]))
		client.Set(t.Context(), keyspace.Main.Decision(gone[1]), "not a record", 0)

		past, err := e.Decisions(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if past.Skipped != (engine.Skipped{Batch: 3, Ended: 1, NoRoute: 1, Unreadable: 1}) || past.Short || past.Looked != 7 {
			t.Errorf("%+v", past)
		}
		if len(past.Cases) != 3 {
			t.Fatalf("%d cases", len(past.Cases))
		}
		for i, want := range []struct {
			id, rule string
			status   governance.Status
			masked   bool
		}{
			{ids[2], "technical/kill-fields", governance.Blocked, false},
			{ids[1], "contrarian/two-person", governance.CoSign, false},
			{ids[0], "", governance.Approved, true},
		} {
			c := past.Cases[i]
			if c.TrackingID != want.id || c.Rule != want.rule || c.Status != want.status || c.Masked != want.masked ||
				time.Since(c.At) > time.Minute || c.Action.Payload.Len() == 0 {
				t.Errorf("case %d is %+v", i, c)
			}
		}
		if past.Masked() != 1 {
			t.Errorf("%d are masked", past.Masked())
		}
		if past, err = e.Decisions(t.Context(), 2); err != nil || len(past.Cases) != 2 || past.Short {
			t.Errorf("the last 2: %+v, %v", past, err)
		}
	})
}

func TestDecisionsAreReadAcrossManyLots(t *testing.T) {
	url := testredis.Start(t).URL()
	e := governed(t, url, "s2")
	var contents []string
	for i := range 200 {
		contents = append(contents, fmt.Sprintf(`{"primitive":"process.kill","pid":%d,"reason":"r"}`, i))
	}
	ids := dispatched(t, e, "queue:a", contents...)
	past, err := e.Decisions(t.Context(), 150)
	if err != nil || len(past.Cases) != 150 {
		t.Fatalf("%d cases, %v", len(past.Cases), err)
	}
	for i, c := range past.Cases {
		if c.TrackingID != ids[199-i] {
			t.Fatalf("case %d is %s", i, c.TrackingID)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Decisions(ctx, 10); err == nil {
		t.Error("it goes on although nobody waits")
	}
}

func TestAnEmptyLedgerHasNoDecisions(t *testing.T) {
	e := governed(t, testredis.Start(t).URL(), "s2")
	if past, err := e.Decisions(t.Context(), 10); err != nil || len(past.Cases) != 0 || past.Skipped.Total() != 0 {
		t.Errorf("%+v, %v", past, err)
	}
	if f, err := e.RulesFired(t.Context()); err != nil || len(f.Rules) != 0 || f.Partial {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestRulesAreCountedByHourAndDay(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		e := governed(t, url, "default")
		dispatched(t, e, "queue:a", calm, kill, kill, noPID)
		dispatched(t, e, "", strays)
		client := testredis.Connect(t, url)
		cell := func(ago int64) string { return keyspace.Main.Fired(time.Now().Unix()/600 - ago) }
		client.HSet(t.Context(), cell(5), "civic/old", 4)
		client.HSet(t.Context(), cell(6), "civic/old", 3)
		client.HSet(t.Context(), cell(143), "civic/old", 2, "error", 1, "odd", "no number")
		client.HSet(t.Context(), cell(144), "civic/old", 1000)

		f, err := e.RulesFired(t.Context())
		if err != nil || f.Partial {
			t.Fatal(f, err)
		}
		old := f.Rule("civic", "old")
		if old.Day < 7 || old.Day > 9 || f.Rules[0].Name != "civic/old" { // a cell may have ended meanwhile
			t.Errorf("%+v", old)
		}
		if old.Day == 9 && (old.Hour != 4 || old.Hours[23] != 4 || old.Hours[22] != 3 || old.Hours[0] != 2) {
			t.Errorf("%+v", old)
		}
		two, fields, advice := f.Rule("contrarian", "two-person"), f.Rule("technical", "kill-fields"), f.Rule("ethical", "critical-vertical")
		if two.Hour != 3 || two.Day != 3 || fields.Day != 1 || advice.Day != 1 || advice.Share != 0 {
			t.Errorf("%+v, %+v, %+v", two, fields, advice)
		}
		if len(f.NoRoute) != 1 || f.NoRoute[0].Name != "lab.measure/lab" || f.NoRoute[0].Hour != 1 || f.Errors.Day > 1 {
			t.Errorf("%+v, %+v", f.NoRoute, f.Errors)
		}
		shares := f.NoRoute[0].Share + f.Errors.Share
		for _, r := range f.Rules {
			shares += r.Share
		}
		if shares < 0.999 || shares > 1.001 {
			t.Errorf("the shares are %v together", shares)
		}
		if d := f.At.Sub(f.HourSince); d < 50*time.Minute || d > time.Hour+time.Minute {
			t.Errorf("the hour is %v", d)
		}
		if d := f.At.Sub(f.DaySince); d < 24*time.Hour-10*time.Minute || d > 24*time.Hour+time.Minute {
			t.Errorf("the day is %v", d)
		}
	})
}

func TestACellFullOfNamesIsReadInPart(t *testing.T) {
	server := testredis.Start(t)
	e := governed(t, server.URL(), "s2")
	names := map[string]any{}
	for i := range 50_000 {
		names[fmt.Sprintf("no route/p%d/v", i)] = 1
	}
	server.Client().HSet(t.Context(), keyspace.Main.Fired(time.Now().Unix()/600), names)
	f, err := e.RulesFired(t.Context())
	if err != nil || !f.Partial || len(f.NoRoute) > 10_000 {
		t.Errorf("%d names, partial %v, %v", len(f.NoRoute), f.Partial, err)
	}
}

func TestWhatIfTellsWhatAnotherPolicyWouldHaveDecided(t *testing.T) {
	e := governed(t, testredis.Start(t).URL(), "default")
	dispatched(t, e, "queue:a", calm, kill, cross)
	s2, err := governance.LoadPolicy("s2")
	if err != nil {
		t.Fatal(err)
	}
	trial, err := e.WhatIf(t.Context(), s2, 100)
	if err != nil || trial.Policy != s2.Revision() || trial.Judged != 3 || trial.Same != 2 || len(trial.Flips.Flips) != 1 {
		t.Fatalf("%+v, %v", trial, err)
	}
	if f := trial.Flips.Flips[0]; f.From != governance.Review || f.To != governance.Approved || f.Case.Rule != "civic/cross-domain" {
		t.Errorf("%+v", f)
	}
}

func TestTuningProposesFromTheRecord(t *testing.T) {
	e := governed(t, testredis.Start(t).URL(), "s2")
	var contents []string
	for i := range 20 {
		contents = append(contents, fmt.Sprintf(`{"primitive":"context.share","entropy":%.2f}`, 0.5+float64(i)/100))
	}
	dispatched(t, e, "queue:a", contents...)
	tuning, err := e.Tune(t.Context(), "civic", "high-entropy", 100)
	if err != nil || len(tuning.Proposals) == 0 || len(tuning.Past.Cases) != 20 || tuning.Policy != e.Policy() {
		t.Fatalf("%+v, %v", tuning, err)
	}
	for _, p := range tuning.Proposals {
		if p.Threshold.Value != 0.6 || p.Now != 10 || p.Would >= p.Now {
			t.Errorf("%+v", p)
		}
	}
	if _, err := e.Tune(t.Context(), "civic", "nobody", 100); err == nil {
		t.Error("a rule that is not there is tuned")
	}
	if tuning, err := ungoverned(t, testredis.Start(t).URL()).Tune(t.Context(), "a", "b", 10); err != nil || tuning.Proposals != nil {
		t.Errorf("without a policy: %+v, %v", tuning, err)
	}
}

func TestTheSittingCouncilTellsWhatIsInForceAndWhatIsNot(t *testing.T) {
	url := testredis.Start(t).URL()
	if s := governed(t, url, "s2").Sitting(); s.Policy == nil || !s.Embedded || s.Trouble != nil || !strings.HasPrefix(s.Revision, "s2@") {
		t.Errorf("%+v", s)
	}
	if s := ungoverned(t, url).Sitting(); s.Policy != nil || s.Revision != "none" {
		t.Errorf("%+v", s)
	}
	text, err := governance.ShippedPolicy("s2")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(string(text))
	chamber, err := governance.OpenChamber(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = chamber.Close() }()
	e, err := engine.Open(engine.Config{URL: url, Council: chamber})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	changes := make(chan governance.Change, 9)
	defer e.OnPolicy(func(c governance.Change) { changes <- c })()
	before := e.Sitting()
	if before.Embedded || before.Policy.File() != file {
		t.Errorf("%+v", before)
	}
	put(strings.Replace(string(text), "entropy >= 0.8", "entropy >= oops", 1))
	if c := <-changes; c.Err == nil {
		t.Errorf("%+v", c)
	}
	if s := e.Sitting(); s.Trouble == nil || !strings.Contains(s.Trouble.Error(), file+":") || s.Revision != before.Revision {
		t.Errorf("%+v", s)
	}
	put(strings.Replace(string(text), "entropy >= 0.8", "entropy >= 0.9", 1))
	if c := <-changes; c.Err != nil || c.Now == before.Revision {
		t.Errorf("%+v", c)
	}
	if s := e.Sitting(); s.Trouble != nil || s.Revision == before.Revision {
		t.Errorf("%+v", s)
	}
}
