package seal

import (
	"fmt"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/packet"
)

// BenchmarkSeal prepares and seals stamped packets; the time is a packet's.
func BenchmarkSeal(b *testing.B) {
	o := open(b)
	for _, size := range []int{1, 64, 256, 1024} {
		b.Run(fmt.Sprint("batch of ", size), func(b *testing.B) {
			packets := make([]packet.Packet, size)
			for i := range packets {
				packets[i] = stamped(b, i)
			}
			drafts := make([]Draft, size)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += size {
				for i := range packets {
					var err error
					if drafts[i], err = Prepare(&packets[i], o.by.Entry.KeyID, "queue:q", "rpush"); err != nil {
						b.Fatal(err)
					}
				}
				seals, err := Sign(o.by, noon, drafts)
				if err != nil {
					b.Fatal(err)
				}
				for i := range packets {
					p := packets[i]
					Attach(&p, seals[i])
				}
			}
		})
	}
}

// BenchmarkVerify verifies a packet out of a batch of 256, the first time and
// once the root of its batch is known.
func BenchmarkVerify(b *testing.B) {
	o := open(b)
	packets := make([]packet.Packet, 256)
	list := make([]*packet.Packet, len(packets))
	for i := range packets {
		packets[i] = stamped(b, i)
		list[i] = &packets[i]
	}
	o.seal(o.by, list...)
	r := read(b, packets[77])
	c := Context{Ring: o.ring(), Where: &Where{Key: "queue:q"}}
	run := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if v := Verify(r, c); v.Overall != Verified {
				b.Fatal(v)
			}
		}
	}
	b.Run("first", run)
	c.Cache = new(Cache)
	b.Run("root cached", run)
	b.Run("canonical contents", func(b *testing.B) {
		for b.Loop() {
			if _, err := custody.ContentsSHA256(r.Packet.Contents); err != nil {
				b.Fatal(err)
			}
		}
	})
}
