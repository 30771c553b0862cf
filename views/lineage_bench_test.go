package views

import (
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/lineage"
)

// fullFeed are pictures as the feed makes them one after the other, as large
// as they get: each is the one before, and one packet more.
func fullFeed(n int) (out []*lineage.Picture) {
	all := make([]lineage.Row, lineage.MaxRows+n)
	for i := range all {
		all[i] = arrival(i+1, seal.Verified)
		if i%400 == 7 {
			all[i] = arrival(i+1, seal.Tampered)
		}
	}
	census := lineage.Census{At: noon, From: 1, Fates: map[lineage.Fate]int{lineage.Here: 1204, lineage.Missing: 200}}
	for i := range 200 {
		census.Suspects = append(census.Suspects, lineage.Row{TrackingID: arrival(90_000+i, "").TrackingID, Key: "queue:gone", Fate: lineage.Missing})
	}
	for i := range n {
		out = append(out, &lineage.Picture{Version: uint64(i + 1), Rows: all[i : i+lineage.MaxRows], Census: census})
	}
	return out
}

func fullScreen(b *testing.B) (*Lineage, []*lineage.Picture) {
	pictures := fullFeed(2)
	l, _ := evidenceScreen(b, 200, 53)
	l.Lineage = pictures[1]
	l.Refresh()
	return l, pictures
}

func BenchmarkLineageFrame(b *testing.B) {
	l, _ := fullScreen(b)
	b.ReportAllocs()
	for b.Loop() {
		l.View(true)
	}
}

// BenchmarkLineageWake is a wake-up without news of the feed.
func BenchmarkLineageWake(b *testing.B) {
	l, _ := fullScreen(b)
	b.ReportAllocs()
	for b.Loop() {
		l.Refresh()
	}
}

// BenchmarkLineagePicture is one packet more, and the frame that shows it.
func BenchmarkLineagePicture(b *testing.B) {
	for name, moved := range map[string]bool{"at the top": false, "selected": true} {
		b.Run(name, func(b *testing.B) {
			l, pictures := fullScreen(b)
			if moved {
				do(b, l, "list.end", "list.up", "list.up")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				l.Lineage = pictures[i%2]
				l.Refresh()
				l.View(true)
			}
		})
	}
}

func BenchmarkLineageFilterKey(b *testing.B) {
	l, _ := fullScreen(b)
	for b.Loop() {
		l.packets.query.SetValue("tampered prim.4")
		l.packets.refilter()
	}
}
