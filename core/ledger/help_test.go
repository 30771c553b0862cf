package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	if os.Getenv(sealerAt) != "" {
		sealUntil()
	}
	store.QuietLibrary()
	goleak.VerifyTestMain(m)
}

var (
	ctx   = context.Background()
	fixed = time.UnixMilli(1764682518123)
)

// here is what all machines of a test call the server.
const here = "127.0.0.1:6379/0"

// machine is one computer: its folder, its keys, its ledger.
type machine struct {
	*Ledger
	t     testing.TB
	dir   string
	url   string
	keys  *keyring.Keyring
	raw   *redis.Client
	opts  store.Options
	about Options
}

func newMachine(t testing.TB, url string) *machine {
	t.Helper()
	m := &machine{t: t, dir: filepath.Join(t.TempDir(), "ifpacket"), url: url, raw: testredis.Connect(t, url), about: Options{Identity: here, Actor: "ann"}}
	return m.again()
}

// again is the same machine with a new process.
func (m *machine) again() *machine {
	m.t.Helper()
	s, err := store.Open(m.url, m.opts)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = s.Close() })
	next := *m
	next.keys = keyring.Open(s, keyring.Files(m.dir), here)
	next.Ledger = Open(s, next.keys, keyring.Files(m.dir), m.about)
	return &next
}

// withLogKey makes the machine's log key, and the ring where there is none.
func (m *machine) withLogKey() *machine {
	m.t.Helper()
	if _, made, err := m.keys.Ensure(ctx, keyring.NewKey{Role: keyring.Log, Name: "log"}); err != nil || !made.Trusted {
		m.t.Fatal(made, err)
	}
	return m
}

// record appends records as the scripts do, behind what is there.
func (m *machine) record(n int) {
	m.t.Helper()
	last := int64(0)
	if l := m.raw.XRevRangeN(ctx, keyspace.Main.Ledger(), "+", "-", 1).Val(); len(l) > 0 {
		r, err := parseRecord([]any{l[0].ID, []any{}})
		if err != nil {
			m.t.Fatal(err)
		}
		last = r.Position
	}
	m.put(last+1, n)
}

// put appends n records from a position on.
func (m *machine) put(from int64, n int) {
	m.t.Helper()
	for n > 0 {
		lot := min(n, 5000)
		_, err := m.raw.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range int64(lot) {
				p.XAdd(ctx, &redis.XAddArgs{Stream: keyspace.Main.Ledger(), ID: strconv.FormatInt(from+i, 10) + "-0", Values: fields(from + i)})
			}
			return nil
		})
		if err != nil {
			m.t.Fatal(err)
		}
		from, n = from+int64(lot), n-lot
	}
}

// fields are those of a usual record.
func fields(position int64) []string {
	return []string{
		"event", "dispatched", "tracking_id", fmt.Sprintf("%08x-0000-4000-8000-%012x", position, position), "key", "queue:q",
		"operation", "rpush", "packet_digest", fmt.Sprintf("%064x", position), "decision_id", fmt.Sprintf("%08x-1111-4000-8000-%012x", position, position),
		"actor", "w", "policy", "default@0", "expires_at", "1764686118000", "ts", "1764682518000",
	}
}

// seals seals and wants that to go well.
func (m *machine) seals() *State {
	m.t.Helper()
	s, err := m.Seal(ctx)
	if err != nil || s.Trouble != nil {
		m.t.Fatal(err, s)
	}
	if s.Sealed() != s.Position || s.Checkpoint == nil {
		m.t.Fatalf("sealed up to %d of %d", s.Sealed(), s.Position)
	}
	return s
}

// looks looks and wants that to be possible.
func (m *machine) looks() *State {
	m.t.Helper()
	s, err := m.Look(ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// refuses wants the ledger to be refused for a reason.
func (m *machine) refuses(kind error) {
	m.t.Helper()
	s := m.looks()
	if !errors.Is(s.Trouble, kind) || !errors.Is(s.Trouble, ErrRefused) {
		m.t.Fatalf("trouble %v, want %v", s.Trouble, kind)
	}
	if err := m.Allow(ctx); !errors.Is(err, ErrRefused) {
		m.t.Fatalf("a refused ledger allows dispatches: %v", err)
	}
	if _, err := m.Prove(ctx, 1); !errors.Is(err, ErrRefused) {
		m.t.Fatalf("a refused ledger proves: %v", err)
	}
}

// accepts wants the ledger to be in order.
func (m *machine) accepts() *State {
	m.t.Helper()
	s := m.looks()
	if s.Trouble != nil {
		m.t.Fatal(s.Trouble)
	}
	if err := m.Allow(ctx); err != nil {
		m.t.Fatal(err)
	}
	return s
}

// recordsOf reads records by their positions.
func recordsOf(t testing.TB, m *machine, positions ...int64) []Record {
	t.Helper()
	var list []Record
	for _, want := range positions {
		err := m.Read(ctx, want, func(r Record) bool {
			list = append(list, r)
			return false
		})
		if err != nil || len(list) == 0 || list[len(list)-1].Position != want {
			t.Fatal("no record ", want, err)
		}
	}
	return list
}

// keeps lets the machine remember what it has seen up to now.
func (m *machine) keeps() {
	m.t.Helper()
	m.written = time.Time{}
	m.looks()
}

// batch is the record of a batch, whose ids are bytes.
func (m *machine) batch(position int64) *redis.XAddArgs {
	ids := make([]byte, 0, 16*256)
	for i := range 256 {
		ids = append(ids, 0xff, byte(i), 0, '\n', 5, 6, 0x40, 8, 0x80, 10, 11, 12, 13, 14, 15, 16)
	}
	return &redis.XAddArgs{Stream: keyspace.Main.Ledger(), ID: strconv.FormatInt(position, 10) + "-0", Values: []string{
		"event", "dispatched", "ids", string(ids), "count", "256", "key", "queue:q", "operation", "rpush",
		"packet_digest", fmt.Sprintf("%064x", position), "decision_id", "b", "actor", "several", "policy", "default@0", "ts", "1764682518000",
	}}
}
