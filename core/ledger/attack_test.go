package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// backup is what a server held at some time.
type backup struct {
	records    []Record
	checkpoint string
	tiles      map[string]string
}

func (m *machine) backUp() backup {
	m.t.Helper()
	b := backup{checkpoint: m.raw.Get(ctx, keyspace.Main.Checkpoint()).Val(), tiles: m.raw.HGetAll(ctx, keyspace.Main.Tiles()).Val()}
	if err := m.Read(ctx, 1, func(r Record) bool { b.records = append(b.records, r); return true }); err != nil {
		m.t.Fatal(err)
	}
	return b
}

// restore makes the server hold that again, and nothing later.
func (m *machine) restore(b backup) {
	m.t.Helper()
	m.raw.Del(ctx, keyspace.Main.Ledger(), keyspace.Main.Checkpoint(), keyspace.Main.Tiles())
	for _, r := range b.records {
		args := []any{"XADD", keyspace.Main.Ledger(), fmt.Sprintf("%d-0", r.Position)}
		for _, f := range r.Fields {
			args = append(args, f.Name, f.Value)
		}
		if err := m.raw.Do(ctx, args...).Err(); err != nil {
			m.t.Fatal(err)
		}
	}
	if b.checkpoint != "" {
		m.raw.Set(ctx, keyspace.Main.Checkpoint(), b.checkpoint, 0)
	}
	for field, tile := range b.tiles {
		m.raw.HSet(ctx, keyspace.Main.Tiles(), field, tile)
	}
}

// watched is a sealed ledger of 401 records, a log key's machine, and a
// witness that has seen it.
func watched(t *testing.T) (log, witness *machine) {
	t.Helper()
	url := testredis.Start(t).URL()
	log = newMachine(t, url).withLogKey()
	log.record(400)
	log.seals()
	witness = newMachine(t, url)
	witness.accepts()
	return log, witness
}

func TestAServerThatIsPutBackIsRefusedByWhoSawMore(t *testing.T) {
	log, witness := watched(t)
	old := log.backUp()
	log.record(100)
	log.seals()
	log.keeps()
	witness.accepts()
	witness.keeps()
	log.restore(old)
	for _, m := range []*machine{log, log.again(), witness.again()} {
		m.refuses(ErrShrunk)
	}
	log.record(100) // and goes on from there, as if nothing had been
	log.again().refuses(ErrShrunk)
	newMachine(t, log.url).accepts() // whoever never saw it cannot tell
}

func TestARewrittenRecordIsNoticed(t *testing.T) {
	log, witness := watched(t)
	forged := log.backUp()
	forged.records[390].Fields[6].Value = "somebody else"
	log.restore(forged)
	t.Run("by a witness, when it is among the newest", func(t *testing.T) { witness.again().refuses(ErrForked) })
	forged.records[390].Fields[6].Value = "w"
	forged.records[10].Fields[6].Value = "somebody else"
	log.restore(forged)
	t.Run("by an audit, wherever it is", func(t *testing.T) {
		a, err := witness.again().Audit(ctx, nil)
		if err != nil || len(a.Findings) != 1 || !strings.Contains(a.Findings[0], "altered after it was sealed") {
			t.Fatal(a, err)
		}
	})
	t.Run("by whoever asks for its proof", func(t *testing.T) {
		w := witness.again()
		if _, err := w.Prove(ctx, 11); !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		each, err := w.Included(ctx, recordsOf(t, w, 10, 11, 12))
		if err != nil || each[0] != nil || !errors.Is(each[1], ErrDamaged) || each[2] != nil {
			t.Fatal(each, err)
		}
	})
}

func TestARecordThatIsTakenOutIsNoticed(t *testing.T) {
	log, witness := watched(t)
	log.raw.XDel(ctx, keyspace.Main.Ledger(), "399-0")
	witness.again().refuses(ErrDamaged)
	log, witness = watched(t)
	log.raw.XDel(ctx, keyspace.Main.Ledger(), "100-0")
	a, err := witness.again().Audit(ctx, nil)
	if err != nil || len(a.Findings) == 0 {
		t.Fatal(a, err)
	}
	log, witness = watched(t)
	log.raw.XDel(ctx, keyspace.Main.Ledger(), "401-0")
	witness.again().refuses(ErrShrunk)
}

func TestAForkedLedgerIsRefusedHoweverWellItIsSigned(t *testing.T) {
	log, witness := watched(t)
	seen := log.State().Checkpoint
	// Whoever stole the log key rewrites a record and signs again.
	forged := log.backUp()
	forged.records[200].Fields[6].Value = "somebody else"
	forged.checkpoint, forged.tiles = "", nil
	thief := log.again()
	if err := os.Remove(filepath.Join(thief.dir, thief.fileName())); err != nil {
		t.Fatal(err)
	}
	log.restore(forged)
	log.again().accepts() // no memory, no suspicion
	thief = log.again()
	thief.record(50)
	c := *seen
	by, err := thief.signer(ctx, 451)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := thief.rehash(ctx, 0, 451)
	if err != nil {
		t.Fatal(err)
	}
	c.Size = 451
	c.Root, _ = tree.Root(451)
	if err := c.sign(by); err != nil {
		t.Fatal(err)
	}
	tiles, _ := tileFields(tree, 0, 451)
	if err := thief.publish(ctx, "", c.Note, tiles); err != nil {
		t.Fatal(err)
	}
	newMachine(t, log.url).accepts()
	witness.again().refuses(ErrForked)
}

func TestACheckpointThatNobodyTrustedSignedIsRefused(t *testing.T) {
	log, witness := watched(t)
	other := newMachine(t, testredis.Start(t).URL()).withLogKey()
	other.record(700)
	other.seals()
	for what, note := range map[string]string{
		"a stranger's": other.State().Checkpoint.Note,
		"no note":      "hello",
		"an altered":   strings.Replace(log.State().Checkpoint.Note, "\n401\n", "\n402\n", 1),
		"an unsigned":  log.State().Checkpoint.text(),
	} {
		log.raw.Set(ctx, keyspace.Main.Checkpoint(), note, 0)
		witness = witness.again()
		if s := witness.looks(); !errors.Is(s.Trouble, ErrUnsigned) {
			t.Errorf("%s checkpoint: %v", what, s.Trouble)
		}
	}
}

func TestARevokedLogKeySignsNothingMore(t *testing.T) {
	log, _ := watched(t)
	key := log.State().Checkpoint.KeyID
	if _, err := log.keys.Revoke(ctx, key); err != nil {
		t.Fatal(err)
	}
	log.accepts() // what it signed before counts
	log.record(3)
	if _, err := log.Seal(ctx); !errors.Is(err, ErrNoLogKey) {
		t.Fatal(err)
	}
	if _, _, err := log.keys.Ensure(ctx, keyring.NewKey{Role: keyring.Log, Name: "next"}); err != nil {
		t.Fatal(err)
	}
	log.seals()
	log.again().accepts()
}

func TestAcceptingBeginsANewOriginAndRecordsTheBreak(t *testing.T) {
	log, witness := watched(t)
	log.raw.FlushDB(ctx)
	log = log.again()
	log.refuses(ErrShrunk)
	log.record(5) // others go on
	log.refuses(ErrShrunk)
	done, err := log.Accept(ctx, "restored from nothing")
	if err != nil || done.Position != 6 || !errors.Is(done.Trouble, ErrShrunk) || done.State.Trouble != nil {
		t.Fatal(done, err)
	}
	broken := recordsOf(t, log, 6)[0]
	if broken.Event() != Break || broken.Get("why") != "restored from nothing" || broken.Get("actor") != "ann" || broken.Get("seen_size") != "401" || broken.Digest() == nil {
		t.Fatalf("%+v", broken)
	}
	if _, err := log.Accept(ctx, "again"); !errors.Is(err, ErrNothing) {
		t.Fatal(err)
	}
	if err := log.keys.Restore(ctx); err != nil { // the ring was lost as well
		t.Fatal(err)
	}
	s := log.seals()
	if s.Checkpoint.Origin == done.Trouble.Error() || s.Checkpoint.Size != s.Position {
		t.Fatalf("%+v", s)
	}
	log.again().accepts()
	// The witness decides for itself.
	witness = witness.again()
	witness.refuses(ErrForked)
	taken, err := witness.Accept(ctx, "ann told me")
	if err != nil || taken.Position != 0 || taken.State.Checkpoint == nil || taken.State.Checkpoint.Origin != s.Checkpoint.Origin {
		t.Fatal(taken, err)
	}
	witness.again().accepts()
}

// The ring outlives its ledger: its keys are valid from positions that do not
// exist any more.
func TestALedgerThatWasDeletedAloneIsAcceptedWithItsKeys(t *testing.T) {
	log, _ := watched(t)
	log.raw.Del(ctx, keyspace.Main.Ledger())
	log = log.again()
	log.refuses(ErrShrunk)
	if _, err := log.Accept(ctx, "deleted by mistake"); err != nil {
		t.Fatal(err)
	}
	log.accepts()
	if _, err := log.keys.Revoke(ctx, "0123456789abcdef"); err == nil {
		t.Fatal("a key that nobody knows was revoked")
	}
	if err := log.keys.Restore(ctx); err != nil {
		t.Fatal(err)
	}
	log.seals()
	log.again().accepts()
}

func TestAnEphemeralServerBeginsAnewByItself(t *testing.T) {
	server := testredis.Start(t)
	log := newMachine(t, server.URL()).withLogKey()
	log.about.Ephemeral = true
	log = log.again()
	log.record(10)
	log.seals()
	server.Kill()
	server.Up()
	s := log.accepts()
	if s.Position != 1 || recordsOf(t, log, 1)[0].Event() != Break {
		t.Fatalf("%+v", s)
	}
	// Only a loss is expected: a server that was put back is not.
	if err := log.keys.Restore(ctx); err != nil {
		t.Fatal(err)
	}
	log.seals()
	old := log.backUp()
	log.record(20)
	log.seals()
	log.keeps()
	log.restore(old)
	log.again().refuses(ErrShrunk)
}

func TestALedgerWithoutItsBeginIsRefusedByWhoNeverSawIt(t *testing.T) {
	m := newMachine(t, testredis.Start(t).URL())
	m.put(100, 5)
	m.refuses(ErrDamaged)
	m = m.again()
	if _, err := m.Accept(ctx, "its begin was trimmed long ago"); err != nil {
		t.Fatal(err)
	}
	m.accepts()
	m = m.again().withLogKey()
	s := m.seals()
	if s.Checkpoint.Base != 99 || s.Checkpoint.Size != 7 {
		t.Fatalf("%+v", s.Checkpoint)
	}
	p, err := m.Prove(ctx, 101)
	if err != nil || p.Index != 1 {
		t.Fatal(p, err)
	}
	if a, err := m.again().Audit(ctx, nil); err != nil || len(a.Findings) > 0 || a.Hashed != 7 {
		t.Fatal(a, err)
	}
}

func TestAKeyOfAnotherTypeIsNoLedger(t *testing.T) {
	m := newMachine(t, testredis.Start(t).URL())
	m.raw.Set(ctx, keyspace.Main.Ledger(), "x", 0)
	m.refuses(ErrDamaged)
}

func TestRecordsThatNoScriptWritesAreDamage(t *testing.T) {
	log, witness := watched(t)
	log.raw.Do(ctx, "XADD", keyspace.Main.Ledger(), "402-7", "event", "dispatched")
	witness.again().refuses(ErrDamaged)
	log, _ = watched(t)
	log.raw.Do(ctx, "XADD", keyspace.Main.Ledger(), "500-0", "event", "dispatched") // a gap
	log.again().refuses(ErrDamaged)
}

func TestAReadOnlyMachineLooksAndRemembersAndWritesNothing(t *testing.T) {
	log, _ := watched(t)
	w := newMachine(t, log.url)
	w.opts = store.Options{ReadOnly: true}
	w = w.again()
	w.accepts()
	if _, err := os.Stat(filepath.Join(w.dir, w.fileName())); err != nil {
		t.Fatal(err)
	}
	before := log.backUp()
	log.raw.FlushDB(ctx)
	w.about.Ephemeral = true
	w = w.again()
	w.refuses(ErrShrunk)
	if _, err := w.Accept(ctx, "x"); !errors.Is(err, store.ErrReadOnly) {
		t.Fatal(err)
	}
	if n := log.raw.DBSize(ctx).Val(); n != 0 {
		t.Fatal(n, " keys")
	}
	_ = before
}
