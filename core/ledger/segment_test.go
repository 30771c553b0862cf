package ledger

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

// shelf is an archive in memory.
type shelf map[string]*bytes.Buffer

func (s shelf) keep(name string, fill func(io.Writer) error) error {
	var b bytes.Buffer
	err := fill(&b)
	if err == nil {
		s[name] = &b
	}
	return err
}

func TestALedgerIsTrimmedBehindItsExportsAndStaysProvable(t *testing.T) {
	testredis.Each(t, func(t *testing.T, url string) {
		m := newMachine(t, url).withLogKey()
		m.record(700)
		m.seals()
		early := newMachine(t, url)
		early.accepts()
		early.keeps()
		m.record(1300)
		m.raw.XAdd(ctx, m.batch(2002))
		m.seals()
		files := shelf{}
		for _, upto := range []int64{900, 1500} {
			if _, err := m.Trim(ctx, upto, files.keep); err != nil {
				t.Fatal(err)
			}
		}
		if n := m.raw.XLen(ctx, keyspace.Main.Ledger()).Val(); n != 502 || len(files) != 2 {
			t.Fatalf("%d records, %d files", n, len(files))
		}
		ring, err := m.keys.Ring(ctx)
		if err != nil {
			t.Fatal(err)
		}
		next := int64(1)
		for range files {
			for name, file := range files {
				if !strings.HasPrefix(name, "main-") {
					t.Fatal(name)
				}
				s, err := ReadSegment(bytes.NewReader(file.Bytes()), ring, nil)
				if err != nil {
					t.Fatal(name, err)
				}
				if s.From == next {
					next = s.To + 1
				}
			}
		}
		if next != 1501 {
			t.Fatalf("the files reach to %d", next)
		}
		// The witness that saw 701 records checks what is 2002 long now.
		if s := early.again().accepts(); s.Checkpoint.Size != 2002 || s.First != 1501 {
			t.Fatalf("%+v", s)
		}
		if p, err := m.Prove(ctx, 1700); err != nil || p.Check() != nil {
			t.Fatal(err)
		}
		if _, err := m.Prove(ctx, 100); !errors.Is(err, ErrNoRecord) {
			t.Fatal(err)
		}
		a, err := m.Audit(ctx, nil)
		if err != nil || len(a.Findings) > 0 || a.Trimmed != 1500 || a.Hashed != 502 {
			t.Fatal(a, err)
		}
		// All can go but the last.
		m.record(1)
		m.seals()
		if _, err := m.Trim(ctx, 9999, files.keep); err != nil {
			t.Fatal(err)
		}
		if n := m.raw.XLen(ctx, keyspace.Main.Ledger()).Val(); n != 1 {
			t.Fatalf("%d records", n)
		}
		m.again().accepts()
	})
}

func TestNothingIsTrimmedThatTheArchiveDoesNotHave(t *testing.T) {
	m := newMachine(t, testredis.Start(t).URL()).withLogKey()
	m.record(10)
	if _, err := m.Trim(ctx, 5, shelf{}.keep); !errors.Is(err, ErrNothingSealed) {
		t.Fatal(err)
	}
	m.seals()
	full := errors.New("no space left")
	_, err := m.Trim(ctx, 5, func(_ string, fill func(io.Writer) error) error {
		return fill(writerFunc(func([]byte) (int, error) { return 0, full }))
	})
	if n := m.raw.XLen(ctx, keyspace.Main.Ledger()).Val(); !errors.Is(err, full) || n != 11 {
		t.Fatal(err, n)
	}
	m.record(5)
	if _, err := m.Trim(ctx, 14, shelf{}.keep); !errors.Is(err, ErrNothingSealed) {
		t.Fatal("records behind the checkpoint went: ", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestASegmentThatWasAlteredIsRefused(t *testing.T) {
	m := newMachine(t, testredis.Start(t).URL()).withLogKey()
	m.record(20)
	m.raw.XAdd(ctx, m.batch(22))
	m.seals()
	var file bytes.Buffer
	if _, err := m.Export(ctx, 0, &file); err != nil {
		t.Fatal(err)
	}
	ring, err := m.keys.Ring(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text, seen := file.String(), 0
	if _, err := ReadSegment(strings.NewReader(text), ring, func(Record) { seen++ }); err != nil || seen != 22 {
		t.Fatal(seen, err)
	}
	lines := strings.SplitAfter(text, "\n")
	for what, altered := range map[string]string{
		"a field":          strings.Replace(text, `"w"`, `"x"`, 1),
		"a missing record": strings.Join(append(append([]string{}, lines[:5]...), lines[6:]...), ""),
		"two exchanged":    lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""),
		"no end":           strings.Join(lines[:len(lines)-2], ""),
		"another begin":    strings.Replace(text, `"from":1`, `"from":2`, 1),
		"a shorter claim":  strings.Replace(text, `"to":22`, `"to":21`, 1),
		"a checkpoint":     strings.Replace(text, `\n22\n`, `\n23\n`, 1),
		"one more record":  text + lines[1],
		"nothing":          "",
		"something else":   `{"hello": 1}`,
	} {
		if altered == text {
			t.Fatalf("%s: nothing was altered", what)
		}
		if _, err := ReadSegment(strings.NewReader(altered), ring, nil); !errors.Is(err, ErrSegment) && !errors.Is(err, ErrUnsigned) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Others seal and trim while this one reads: what is missing then was not
// taken away.
func TestTrimmingMeanwhileIsNoDamage(t *testing.T) {
	log, _ := watched(t)
	log.keeps()
	done := make(chan error, 1)
	busy := log.again()
	go func() {
		for range 60 {
			busy.record(40)
			s, err := busy.Seal(ctx)
			if err == nil && s.Trouble == nil {
				_, err = busy.Trim(ctx, s.Position-20, shelf{}.keep)
			}
			if err := errors.Join(err, s.Trouble); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		m := newMachine(t, log.url)
		if err := m.Allow(ctx); err != nil {
			t.Fatal("it is refused: ", err)
		}
		if a, err := m.Audit(ctx, nil); err != nil || len(a.Findings) > 0 {
			t.Fatal("an audit finds: ", a, err)
		}
		if _, err := m.Export(ctx, 0, io.Discard); errors.Is(err, ErrDamaged) {
			t.Fatal("an export finds: ", err)
		}
		if s, err := log.again().Seal(ctx); err != nil || s.Trouble != nil {
			t.Fatal("a sealer finds: ", s.Trouble, err)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}
