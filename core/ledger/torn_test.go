package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// What makes the records no unbroken row: then no tree can have them, and
// without a way out nothing would ever be sealed again.
var tears = map[string]func(m *machine){
	"one behind the checkpoint is gone": func(m *machine) { m.record(5); m.raw.XDel(ctx, keyspace.Main.Ledger(), "404-0") },
	"the newest is gone":                func(m *machine) { m.record(5); m.raw.XDel(ctx, keyspace.Main.Ledger(), "406-0") },
	"the newest was gone, and another came": func(m *machine) {
		m.record(5)
		m.raw.XDel(ctx, keyspace.Main.Ledger(), "406-0")
		m.put(407, 1)
	},
	"one in the middle is gone":  func(m *machine) { m.raw.XDel(ctx, keyspace.Main.Ledger(), "100-0") },
	"a position was passed over": func(m *machine) { m.put(500, 1) },
	"a position is beyond all":   func(m *machine) { m.add("9223372036854775807-0") },
	"the next is beyond all":     func(m *machine) { m.raw.Do(ctx, "XSETID", keyspace.Main.Ledger(), "9223372036854775807-0") },
	"no script gives such an id": func(m *machine) { m.add("402-7") },
	"it is no stream":            func(m *machine) { m.raw.Set(ctx, keyspace.Main.Ledger(), "x", 0) },
}

// add puts a record under any id.
func (m *machine) add(id string) {
	m.t.Helper()
	if err := m.raw.Do(ctx, "XADD", keyspace.Main.Ledger(), id, "event", "dispatched").Err(); err != nil {
		m.t.Fatal(err)
	}
}

func TestATornLedgerIsRefusedAndAcceptingPutsItAside(t *testing.T) {
	for what, tear := range tears {
		t.Run(what, func(t *testing.T) {
			log, witness := watched(t)
			tear(log)
			log, witness = log.again(), witness.again()
			witness.refuses(ErrDamaged)
			log.refuses(ErrDamaged)
			if s, err := log.Seal(ctx); err != nil || s.Trouble == nil {
				t.Fatal(s, err)
			}
			done, err := log.Accept(ctx, "somebody tore it")
			if err != nil || done.State.Trouble != nil {
				t.Fatal(done, err)
			}
			if log.raw.Exists(ctx, done.Aside).Val() != 1 || recordsOf(t, log, done.Position)[0].Get("aside") != done.Aside {
				t.Fatalf("what was there is not kept: %+v", done)
			}
			if done.Position < 402 || done.State.First != done.Position {
				t.Fatalf("the new origin begins with %d, and the break is %d", done.State.First, done.Position)
			}
			log.record(300)
			s := log.seals()
			if a, err := log.Audit(ctx, nil); err != nil || len(a.Findings) > 0 || a.Hashed != 301 {
				t.Fatal(a, err)
			}
			if _, err := log.Prove(ctx, s.Position); err != nil {
				t.Fatal(err)
			}
			log.again().accepts()
			newMachine(t, log.url).accepts()
			if _, err := witness.Accept(ctx, "ann told me"); err != nil {
				t.Fatal(err)
			}
			witness.again().accepts()
			if _, err := log.Trim(ctx, s.Position-10, shelf{}.keep); err != nil {
				t.Fatal(err)
			}
			log.again().accepts()
		})
	}
}

func TestAnIdInAnothersPlaceIsRefusedOnceItShouldBeSealed(t *testing.T) {
	log, _ := watched(t)
	log.add("402-7")
	log.put(403, 5) // as many as there should be
	log = log.again()
	for range 2 {
		if s, err := log.Seal(ctx); err != nil || !errors.Is(s.Trouble, ErrDamaged) {
			t.Fatal(s, err)
		}
		log.refuses(ErrDamaged)
	}
	if done, err := log.Accept(ctx, "a stranger's record"); err != nil || done.State.Trouble != nil {
		t.Fatal(done, err)
	}
	log.seals()
	log.again().accepts()
}

func TestARecordThatWasAlteredLongAgoHasAWayOut(t *testing.T) {
	log, _ := watched(t)
	forged := log.backUp()
	forged.records[10].Fields[6].Value = "somebody else"
	log.restore(forged)
	log = log.again()
	log.accepts() // one of the oldest: only an audit finds it
	done, err := log.Accept(ctx, "an audit found it")
	if err != nil || done.Aside == "" || !strings.Contains(done.Trouble.Error(), "altered after it was sealed") {
		t.Fatal(done, err)
	}
	log.seals()
	if a, err := log.again().Audit(ctx, nil); err != nil || len(a.Findings) > 0 {
		t.Fatal(a, err)
	}
}

func TestRecordsThatNobodySealedAreMissedWhenTheBeginIsCutOff(t *testing.T) {
	log, _ := watched(t)
	log.record(5)
	log.raw.XTrimMinID(ctx, keyspace.Main.Ledger(), "405-0")
	log.again().refuses(ErrShrunk)
}

func TestACheckpointOrTilesOfAnotherTypeAreMended(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		log := newMachine(t, url).withLogKey()
		log.record(600)
		log.seals()
		log.raw.Set(ctx, keyspace.Main.Tiles(), "x", 0)
		log = log.again()
		log.accepts()
		log.seals()
		if s := log.again().accepts(); s.repair {
			t.Fatal("the tiles were not made again")
		}
		log.raw.Del(ctx, keyspace.Main.Checkpoint())
		log.raw.LPush(ctx, keyspace.Main.Checkpoint(), "x")
		log = log.again()
		log.refuses(ErrDamaged)
		if done, err := log.Accept(ctx, "a list"); err != nil || done.Aside != "" || done.State.Trouble != nil {
			t.Fatal(done, err)
		}
		log.seals()
		log.raw.XDel(ctx, keyspace.Main.Ledger(), "300-0")
		log = log.again()
		log.refuses(ErrDamaged)
		if done, err := log.Accept(ctx, "a hole"); err != nil || done.Aside == "" {
			t.Fatal(done, err)
		}
		log.seals()
	})
}

func TestACheckpointOfAnySizeIsRefusedAndAcceptedAway(t *testing.T) {
	log, _ := watched(t)
	log.raw.SetRange(ctx, keyspace.Main.Checkpoint(), 3<<20, "x")
	log = log.again()
	log.refuses(ErrUnsigned)
	if n := len(log.State().note); n > maxNote+1 {
		t.Fatalf("%d bytes of it are read at each look", n)
	}
	if done, err := log.Accept(ctx, "somebody's"); err != nil || done.State.Trouble != nil {
		t.Fatal(done, err)
	}
	log.seals()
	log.again().accepts()
}

// The tiles of old records are read by nobody but who asks for a proof.
func TestAProofDoesNotNeedTilesThatSomebodyAltered(t *testing.T) {
	log, _ := watched(t)
	log.record(2000)
	log.seals()
	log = log.again()
	log.seals()
	log.raw.HSet(ctx, keyspace.Main.Tiles(), "0/0", strings.Repeat("x", 8192))
	if _, err := log.Prove(ctx, 5); err != nil {
		t.Fatal(err)
	}
	if each, err := log.Included(ctx, recordsOf(t, log, 5, 6)); err != nil || each[0] != nil || each[1] != nil {
		t.Fatal(each, err)
	}
	log.seals()
	if got := log.raw.HGet(ctx, keyspace.Main.Tiles(), "0/0").Val(); got[0] == 'x' && got[1] == 'x' {
		t.Fatal("the tile was not made again")
	}
}

func TestAnAuditTellsOfTilesThatCannotBeMadeAgain(t *testing.T) {
	log, _ := watched(t)
	log.record(2000)
	log.seals()
	if _, err := log.Trim(ctx, 1000, shelf{}.keep); err != nil {
		t.Fatal(err)
	}
	log.raw.HSet(ctx, keyspace.Main.Tiles(), "0/0", strings.Repeat("x", 8192))
	a, err := log.again().Audit(ctx, nil)
	if err != nil || len(a.Findings) != 1 || !strings.Contains(a.Findings[0], "trimmed") {
		t.Fatal(a, err)
	}
}

// Damaged tiles and a record that is gone make a trouble; then the checkpoint
// goes as well, while the same process looks on.
func TestOneHarmAfterAnotherIsRefusedEachTime(t *testing.T) {
	log, _ := watched(t)
	log.record(300)
	log.seals()
	log = log.again()
	forged := log.backUp()
	forged.records[300].Fields[6].Value = "somebody else"
	log.restore(forged)
	log.raw.Del(ctx, keyspace.Main.Tiles())
	log.refuses(ErrForked)
	log.raw.Del(ctx, keyspace.Main.Checkpoint())
	log.refuses(ErrForked)
	log.raw.Del(ctx, keyspace.Main.Ledger())
	log.refuses(ErrShrunk)
}

func TestWhatWasAcceptedIsWatchedBeforeItsFirstCheckpoint(t *testing.T) {
	_, witness := watched(t) // which has no log key
	witness.raw.FlushDB(ctx)
	witness = witness.again()
	if _, err := witness.Accept(ctx, "flushed"); err != nil {
		t.Fatal(err)
	}
	witness.record(5)
	witness.again().accepts()
	b := witness.backUp()
	witness.raw.Del(ctx, keyspace.Main.Ledger())
	witness.again().refuses(ErrShrunk)
	witness.restore(b)
	witness.again().accepts()
	witness.raw.XTrimMinID(ctx, keyspace.Main.Ledger(), "4-0")
	witness.again().refuses(ErrShrunk)
}

func TestAnotherTreeOfTheSameSizeIsAFork(t *testing.T) {
	log, witness := watched(t)
	forged := log.backUp()
	forged.records[10].Fields[6].Value, forged.checkpoint, forged.tiles = "somebody else", "", nil
	log.restore(forged)
	if err := os.Remove(filepath.Join(log.dir, log.fileName())); err != nil {
		t.Fatal(err)
	}
	c := *witness.State().Checkpoint
	thief := log.again()
	tree, err := thief.rehash(ctx, 0, c.Size)
	if err != nil {
		t.Fatal(err)
	}
	by, err := thief.signer(ctx, c.Size)
	if err != nil {
		t.Fatal(err)
	}
	c.Root, _ = tree.Root(c.Size)
	if err := c.sign(by); err != nil {
		t.Fatal(err)
	}
	tiles, _ := tileFields(tree, 0, c.Size)
	if err := thief.publish(ctx, "", c.Note, tiles); err != nil {
		t.Fatal(err)
	}
	newMachine(t, log.url).accepts()
	for range 2 {
		witness.refuses(ErrForked) // the process that saw the other one
	}
	witness.again().refuses(ErrForked)
	// A base that was not there before is a fork too, however it is signed.
	c.Base, c.Size = 1, c.Size-1
	c.Root, _ = tree.Root(c.Size)
	if err := c.sign(by); err != nil {
		t.Fatal(err)
	}
	log.raw.Set(ctx, keyspace.Main.Checkpoint(), c.Note, redis.KeepTTL)
	for _, m := range []*machine{witness.again(), newMachine(t, log.url)} {
		if s := m.looks(); s.Trouble == nil {
			t.Fatal("a forged base is taken")
		}
	}
}

func TestTheCheckpointOfAnotherPartitionIsNone(t *testing.T) {
	log, witness := watched(t)
	c := *log.State().Checkpoint
	by, err := log.signer(ctx, c.Last())
	if err != nil {
		t.Fatal(err)
	}
	c.Origin = strings.Replace(c.Origin, "/main/", "/energy/", 1)
	if err := c.sign(by); err != nil {
		t.Fatal(err)
	}
	log.raw.Set(ctx, keyspace.Main.Checkpoint(), c.Note, 0)
	newMachine(t, log.url).refuses(ErrUnsigned)
	witness = witness.again()
	witness.refuses(ErrUnsigned)
	if done, err := witness.Accept(ctx, "x"); err != nil || done.Position == 0 {
		t.Fatal("it was taken for a new origin: ", done, err)
	}
}
