package ledger

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/infrafabric/ifpacket/internal/testredis"
)

// million is the size of a ledger that has seen some days.
const million = 1_000_000

func recordAt(position int64) Record {
	names := fields(position)
	r := Record{Position: position}
	for i := 0; i < len(names); i += 2 {
		r.Fields = append(r.Fields, Field{names[i], names[i+1]})
	}
	return r
}

func BenchmarkLeaf(b *testing.B) {
	r := recordAt(7)
	b.ReportAllocs()
	for b.Loop() {
		_ = r.Leaf()
	}
}

// BenchmarkTree is the tree of a million records: how long one more takes, and
// how much memory all of it.
func BenchmarkTreeAppend(b *testing.B) {
	leaf := recordAt(7).Leaf()
	t := &Tree{}
	for b.Loop() {
		t.Append(leaf)
	}
}

func BenchmarkProveInAMillion(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	t := bigTree(million)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
	root, _ := t.Root(million)
	n := int64(0)
	for b.Loop() {
		n = (n + 7919) % million
		if _, err := t.Prove(n, million); err != nil {
			b.Fatal(err)
		}
	}
	path, _ := t.Prove(n, million)
	if err := CheckInclusion(bigLeaf(n), n, million, path, root); err != nil {
		b.Fatal(err)
	}
}

func bigLeaf(i int64) Hash {
	return Hash{byte(i), byte(i >> 8), byte(i >> 16), byte(i >> 24)}
}

func bigTree(n int64) *Tree {
	t := &Tree{}
	for i := range n {
		t.Append(bigLeaf(i))
	}
	return t
}

// BenchmarkAuditOfASegment reads a file of records, hashes them again and
// checks the tree.
func BenchmarkAuditOfASegment(b *testing.B) {
	m := newMachine(b, testredis.Start(b).URL()).withLogKey()
	m.record(50_000)
	m.seals()
	var file bytes.Buffer
	if _, err := m.Export(ctx, 0, &file); err != nil {
		b.Fatal(err)
	}
	ring, _ := m.keys.Ring(ctx)
	for b.Loop() {
		if _, err := ReadSegment(bytes.NewReader(file.Bytes()), ring, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(50_001*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// The big ledger is filled once for the benchmarks on it.
func filled(b *testing.B, n int) *machine {
	b.Helper()
	m := newMachine(b, testredis.Start(b).URL()).withLogKey()
	m.record(n - 1)
	return m
}

func BenchmarkAuditOfAServer(b *testing.B) {
	const n = 300_000
	m := filled(b, n)
	m.seals()
	for b.Loop() {
		a, err := m.Audit(ctx, nil)
		if err != nil || len(a.Findings) > 0 || a.Hashed != n {
			b.Fatal(a, err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkHashAgain is an audit's own work, without reading the records.
func BenchmarkHashAgain(b *testing.B) {
	list := make([]Record, 1024)
	for i := range list {
		list[i] = recordAt(int64(i + 1))
	}
	e := &edge{}
	for b.Loop() {
		e.append(list[e.size%1024].Leaf())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkSealABacklog(b *testing.B) {
	for _, n := range []int{1, 1000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := filled(b, 10_000)
			m.seals()
			for b.Loop() {
				b.StopTimer()
				m.record(n)
				b.StartTimer()
				m.seals()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkProveFromTiles(b *testing.B) {
	m := filled(b, 100_000)
	m.seals()
	n := int64(0)
	for b.Loop() {
		n = (n + 7919) % 100_000
		if _, err := m.Prove(ctx, n+1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIncluded256(b *testing.B) {
	m := filled(b, 100_000)
	m.seals()
	var list []Record
	_ = m.Read(ctx, 90_001, func(r Record) bool { list = append(list, r); return len(list) < 256 })
	for b.Loop() {
		if each, err := m.Included(ctx, list); err != nil || each[0] != nil || each[255] != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	m := filled(b, 100_000)
	m.seals()
	for b.Loop() {
		if s, err := m.Look(ctx); err != nil || s.Trouble != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenCheckpoint(b *testing.B) {
	m := filled(b, 10)
	c := m.seals().Checkpoint
	ring, _ := m.keys.Ring(ctx)
	for b.Loop() {
		if _, err := OpenCheckpoint(c.Note, ring); err != nil {
			b.Fatal(err)
		}
	}
}
