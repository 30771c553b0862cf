package carcel_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
)

func TestStatsCountWhatEntriesHaveInCommon(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	s := carcel.NewTable(
		&carcel.Entry{Reason: "entropy 0.74 > 0.5", Origin: "a", Decision: governance.Review, At: now.Add(-time.Minute), Size: 10},
		&carcel.Entry{Reason: "entropy 0.81 > 0.5", Origin: "a", Decision: governance.Review, At: now.Add(-2 * time.Hour), Size: 10},
		&carcel.Entry{Reason: "two persons, 1,840 of them", Guardian: "safety", Rule: "two-person", Origin: "b", Decision: governance.CoSign, At: now.Add(-48 * time.Hour), Replays: 1},
		&carcel.Entry{Vertical: "lab", Decision: governance.Blocked},
	).Stats(now)
	switch {
	case s.Total != 4 || s.Waiting != 3 || s.Bytes != 20 || s.Replays != 1 || s.Undated != 1:
		t.Errorf("%+v", s)
	case s.Reasons[0] != (carcel.Count{Name: "entropy # > #", N: 2}) || len(s.Reasons) != 3 || s.Reasons[2].Name != "safety/two-person":
		t.Errorf("reasons %v", s.Reasons)
	case s.Origins[0] != (carcel.Count{Name: "a", N: 2}) || s.Decisions[0].Name != string(governance.Review):
		t.Errorf("origins %v, decisions %v", s.Origins, s.Decisions)
	case s.Last24[23].N != 1 || s.Last24[21].N != 1 || s.Last24[23].From.Hour() != 12:
		t.Errorf("last 24 hours %v", s.Last24)
	case s.ByHour[12] != 2 || s.ByHour[10] != 1:
		t.Errorf("by hour %v", s.ByHour)
	case !s.Since.Equal(now.Add(-48*time.Hour)) || !s.Newest.Equal(now.Add(-time.Minute)):
		t.Errorf("since %v, newest %v", s.Since, s.Newest)
	}
	doc, err := json.Marshal(s)
	if err != nil || !strings.Contains(string(doc), `"reasons":[{"name":"entropy # \u003e #","count":2}`) || !strings.Contains(string(doc), `"waiting_since":"2026-02-27T12:30:00Z"`) {
		t.Errorf("%v: %s", err, doc)
	}
	if empty := carcel.StatsOf(nil, now); empty.Reasons == nil || empty.Oldest != nil {
		t.Errorf("nothing makes %+v", empty)
	}
}

func TestSelectTakesTheOldestThatPass(t *testing.T) {
	table := carcel.NewTable(
		&carcel.Entry{TrackingID: "c", Origin: "x"}, &carcel.Entry{TrackingID: "b", Origin: "y"}, &carcel.Entry{TrackingID: "a", Origin: "x"})
	got := ""
	for _, e := range table.Select(carcel.Filter{Origin: "X", Limit: 5}, time.Now()) {
		got += e.TrackingID
	}
	for _, e := range table.Select(carcel.Filter{Limit: 1}, time.Now()) {
		got += e.TrackingID
	}
	if got != "aca" {
		t.Errorf("selected are %s", got)
	}
	if _, at, ok := table.Find("b"); !ok || at != 1 {
		t.Errorf("b stands at %d", at)
	}
}
