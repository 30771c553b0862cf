package carcel

import (
	"context"
	"strconv"
	"time"
)

const (
	historyLot  = 500    // records that are asked for at once
	historyMost = 20_000 // and looked through in all
)

// Event is one record of the ledger about a packet.
type Event struct {
	Position int64
	At       time.Time
	What     string // held, approved, released, …
	Actor    string
	Key      string
	Run      string // of the replay that did it
}

// History is what the ledger tells of one packet.
type History struct {
	Events []Event // newest first
	Looked int     // records looked through
	Whole  bool    // all of them; else older ones may tell more
}

// History looks for a packet in the newest 20,000 records of the ledger, in
// lots that do not hold up the server. It stops where the packet came into the
// carcel for the first time, as far as the entry tells.
func (c *Carcel) History(ctx context.Context, e *Entry) (History, error) {
	var h History
	if e.TrackingID == "" {
		h.Whole = true
		return h, nil
	}
	key, last, arrivals := c.space.Ledger(), "+", e.Replays+1
	for h.Looked < historyMost {
		lot, err := c.store.Commands().XRevRangeN(ctx, key, last, "-", historyLot).Result()
		if err != nil {
			return h, c.store.Explain("history", key, err)
		}
		for _, r := range lot {
			h.Looked++
			if id, _ := r.Values["tracking_id"].(string); id != e.TrackingID {
				continue
			}
			get := func(name string) string { s, _ := r.Values[name].(string); return s }
			ms, _ := strconv.ParseInt(get("ts"), 10, 64)
			event := Event{Position: ledgerPosition(r.ID), What: get("event"), Actor: get("actor"), Key: get("key"), Run: get("run")}
			if ms > 0 {
				event.At = time.UnixMilli(ms)
			}
			h.Events = append(h.Events, event)
			if event.What == "held" || event.What == "blocked" {
				if arrivals--; arrivals == 0 {
					h.Whole = true
					return h, nil
				}
			}
		}
		if len(lot) < historyLot {
			h.Whole = true
			return h, nil
		}
		last = "(" + lot[len(lot)-1].ID
	}
	return h, nil
}
