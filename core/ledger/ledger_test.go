package ledger

import (
	"errors"
	"testing"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestALedgerIsSealedAndItsRecordsProved(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		m := newMachine(t, url)
		if s := m.accepts(); s.Position != 0 || s.Checkpoint != nil {
			t.Fatalf("an empty server has %+v", s)
		}
		m.withLogKey() // one record: the key's
		for _, n := range []int{0, 1, 2, 254, 1, 700} {
			m.record(n)
			s := m.seals()
			for _, position := range []int64{1, s.Position/2 + 1, s.Position} {
				p, err := m.Prove(ctx, position)
				if err != nil {
					t.Fatalf("record %d of %d: %v", position, s.Position, err)
				}
				if p.Record.Position != position || p.Check() != nil {
					t.Fatalf("proof %+v", p)
				}
				p.Record.Fields[0].Value += "?"
				if p.Check() == nil {
					t.Fatal("a proof holds for an altered record")
				}
			}
		}
		if s := m.seals(); s.Position != 959 || s.Checkpoint.Size != 959 {
			t.Fatalf("%+v", s)
		}
		m.record(1)
		if _, err := m.Prove(ctx, 960); !errors.Is(err, ErrNotSealed) {
			t.Fatal(err)
		}
	})
}

func TestTheSealerAndAWitnessElsewhereAgree(t *testing.T) {
	url := testredis.Start(t).URL()
	m := newMachine(t, url).withLogKey()
	m.record(300)
	m.seals()
	w := newMachine(t, url)
	if s := w.accepts(); s.Checkpoint == nil || s.Checkpoint.Size != 301 {
		t.Fatalf("%+v", s)
	}
	if _, err := w.Seal(ctx); err != nil {
		t.Fatal("all is sealed: ", err)
	}
	m.record(5000)
	if _, err := w.Seal(ctx); !errors.Is(err, ErrNoLogKey) {
		t.Fatal(err)
	}
	m.seals()
	w = w.again()
	s := w.accepts()
	if s.Checkpoint.Size != 5301 || s.Seen.Size != 5301 {
		t.Fatalf("%+v", s)
	}
	each, err := w.Included(ctx, recordsOf(t, w, 1, 400, 5301))
	if err != nil || each[0] != nil || each[1] != nil || each[2] != nil {
		t.Fatal(each, err)
	}
}

func TestManySealersMakeOneTree(t *testing.T) {
	url := testredis.Start(t).URL()
	a := newMachine(t, url).withLogKey()
	b := a.again() // another console of the same machine
	done := make(chan error, 2)
	for _, m := range []*machine{a, b} {
		go func() {
			for range 40 {
				if s, err := m.Seal(ctx); err != nil || s.Trouble != nil {
					done <- errors.Join(err, s.Trouble)
					return
				}
			}
			done <- nil
		}()
	}
	for range 30 {
		a.record(37)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	a.seals()
	b.accepts()
	audit, err := a.Audit(ctx, nil)
	if err != nil || len(audit.Findings) > 0 {
		t.Fatal(audit, err)
	}
}

func TestTilesThatSomebodyTookAwayAreMadeAgain(t *testing.T) {
	url := testredis.Start(t).URL()
	m := newMachine(t, url).withLogKey()
	m.record(600)
	m.seals()
	for what, harm := range map[string]func(){
		"all tiles": func() { m.raw.Del(ctx, keyspace.Main.Tiles()) },
		"one tile":  func() { m.raw.HDel(ctx, keyspace.Main.Tiles(), "0/2") },
		"a hash":    func() { m.raw.HSet(ctx, keyspace.Main.Tiles(), "0/2", string(make([]byte, 8192))) },
		"checkpoint and tiles": func() {
			m.raw.Del(ctx, keyspace.Main.Tiles(), keyspace.Main.Checkpoint())
		},
	} {
		harm()
		m = m.again()
		if s := m.accepts(); !s.repair {
			t.Fatalf("%s: not noticed", what)
		}
		m.seals()
		if s := m.again().accepts(); s.repair {
			t.Fatalf("%s: not mended", what)
		}
		if _, err := m.Prove(ctx, 600); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		m.record(1)
		m.seals()
	}
}
