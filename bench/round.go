package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

// round is one server on which all rows are measured once.
type round struct {
	server  *Server // nil: one in use
	name    string
	store   *store.Store
	raw     redis.Cmdable
	plain   *engine.Engine // seals nothing
	sealed  *engine.Engine
	span    time.Duration
	measure *measure

	key, tasks string // of the bench alone
	contents   packet.Value
	value      []byte // a packet as it stands in a queue
	payload    int    // its bytes
}

func newRound(o Options) (r *round, err error) {
	r = &round{span: o.Span, name: "private"}
	url := o.Here
	if url == "" {
		if r.server, err = StartServer(); err != nil {
			return nil, err
		}
		url = r.server.URL()
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.store, err = store.Open(url, store.Options{Name: "ifpacket-bench"}); err != nil {
		return nil, err
	}
	if err = r.store.Ping(context.Background()); err != nil {
		return nil, err
	}
	if r.server == nil {
		r.name = r.store.Target().String()
	}
	r.raw = r.store.Commands()
	if r.plain, err = engine.Open(engine.Config{URL: url, Unsealed: true}); err != nil {
		return nil, err
	}
	if r.sealed, err = engine.Open(engine.Config{URL: url}); err != nil {
		return nil, err
	}
	var own [4]byte
	_, _ = rand.Read(own[:])
	r.key, r.tasks = "queue:bench-"+hex.EncodeToString(own[:]), "bench-"+hex.EncodeToString(own[:])
	r.contents = packet.MustValue(`{"primitive": "matrix.route", "source": "a", "destination": "b"}`)
	r.value = packet.AppendJSON(nil, r.packet(packet.Schema10))
	r.payload = len(r.value)
	return r, nil
}

// packet is a new one of some 250 bytes.
func (r *round) packet(schema string) packet.Packet {
	p := packet.New("bench", r.contents)
	p.SchemaVersion = schema
	return p
}

// empty takes away what the last row left.
func (r *round) empty() { r.raw.Unlink(context.Background(), r.key) }

func (r *round) close() {
	if r.store != nil && r.key != "" {
		r.empty()
	}
	for _, e := range []*engine.Engine{r.plain, r.sealed} {
		if e != nil {
			_ = e.Close()
		}
	}
	if r.store != nil {
		_ = r.store.Close()
	}
	if r.server != nil {
		r.server.Close()
	}
}
