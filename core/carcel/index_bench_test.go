package carcel_test

import (
	"testing"

	"github.com/infrafabric/ifpacket/internal/testredis"
)

// BenchmarkReadAll reads 100,000 entries of 600 bytes from nothing.
func BenchmarkReadAll(b *testing.B) {
	server := testredis.Start(b)
	_, c := indexOn(b, server.URL())
	fill(b, c, 0, 100_000)
	for b.Loop() {
		x, _ := indexOn(b, server.URL())
		if err := x.ReadAll(bg); err != nil || len(x.Table().Entries) != 100_000 {
			b.Fatal(err)
		}
	}
}

// BenchmarkAgain reads 100,000 entries that are known.
func BenchmarkAgain(b *testing.B) {
	server := testredis.Start(b)
	x, c := indexOn(b, server.URL())
	fill(b, c, 0, 100_000)
	for b.Loop() {
		if err := x.ReadAll(bg); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppended refreshes after one entry was appended to 100,000.
func BenchmarkAppended(b *testing.B) {
	server := testredis.Start(b)
	x, c := indexOn(b, server.URL())
	fill(b, c, 0, 100_000)
	refresh(b, x)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		c.RPush(bg, list, entryText(200_000+i))
		b.StartTimer()
		refresh(b, x)
	}
}

// BenchmarkSettled refreshes after one entry among 100,000 was released.
func BenchmarkSettled(b *testing.B) {
	server := testredis.Start(b)
	x, c := indexOn(b, server.URL())
	fill(b, c, 0, 100_000)
	refresh(b, x)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		settle(c, 30_000+i, "released", "")
		b.StartTimer()
		refresh(b, x)
	}
}
