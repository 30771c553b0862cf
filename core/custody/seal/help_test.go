package seal

import (
	"context"
	"flag"
	"strconv"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestMain(m *testing.M) {
	store.QuietLibrary()
	flag.Parse()
	m.Run()
}

var (
	ctx  = context.Background()
	noon = time.Date(2025, 12, 2, 14, 35, 20, 0, time.UTC)
)

// office is a keyring on a Redis of its own with one seal key.
type office struct {
	t    testing.TB
	url  string
	keys *keyring.Keyring
	by   keyring.Signer
}

func open(t testing.TB) *office {
	t.Helper()
	url := testredis.Start(t).URL()
	o := &office{t: t, url: url, keys: openKeys(t, url)}
	o.by = o.hire(keyring.NewKey{Role: keyring.Seal, Name: "router"})
	return o
}

// openKeys is the keyring of a machine that has seen none yet.
func openKeys(t testing.TB, url string) *keyring.Keyring {
	t.Helper()
	s, err := store.Open(url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return keyring.Open(s, keyring.InMemory(), url)
}

func (o *office) hire(n keyring.NewKey) keyring.Signer {
	o.t.Helper()
	signer, _, err := o.keys.Ensure(ctx, n)
	if err != nil {
		o.t.Fatal(err)
	}
	return signer
}

func (o *office) ring() *keyring.Ring {
	o.t.Helper()
	ring, err := o.keys.Ring(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	return ring
}

// stamped is a packet with the lineage that the dispatcher writes.
func stamped(t testing.TB, n int) packet.Packet {
	t.Helper()
	p := packet.New("haiku_worker", packet.MustValue(`{"primitive": "matrix.route", "entropy": 0.25, "n": `+strconv.Itoa(n)+`}`))
	p.DispatchedAt = "2025-12-02T14:35:18"
	if err := custody.Stamp(&p, custody.Stamping{At: noon, Policy: "default@1"}); err != nil {
		t.Fatal(err)
	}
	return p
}

// seal seals packets together, on their way to queue:q.
func (o *office) seal(by keyring.Signer, packets ...*packet.Packet) {
	o.t.Helper()
	drafts := make([]Draft, len(packets))
	for i, p := range packets {
		var err error
		if drafts[i], err = Prepare(p, by.Entry.KeyID, "queue:q", "rpush"); err != nil {
			o.t.Fatal(err)
		}
	}
	seals, err := Sign(by, noon, drafts)
	if err != nil {
		o.t.Fatal(err)
	}
	for i, p := range packets {
		Attach(p, seals[i])
	}
}

// read is a packet as its readers find it.
func read(t testing.TB, p packet.Packet) packet.Reading {
	t.Helper()
	r, err := packet.Read(packet.AppendJSON(nil, p))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
