package ui

import (
	"fmt"
	"testing"

	"github.com/infrafabric/ifpacket/views"
)

// lineageScreens are the screen of the evidence in each of its moods.
func lineageScreens(t testing.TB) map[string]func(w, h int) *console {
	bad := func() *console {
		c := open(t, richPicture())
		c.feed = badFeed()
		return c
	}
	selected := func(w, h, n int) *console {
		c := bad().size(w, h).tell(views.Go{Screen: "screen.lineage", Select: evidenceID(n)}).settle()
		if w < views.WideFrom {
			c.press("enter")
		}
		return c
	}
	return map[string]func(w, h int) *console{
		"healthy": func(w, h int) *console {
			return open(t, richPicture()).size(w, h).tell(views.Go{Screen: "screen.lineage"}).settle()
		},
		"edited":   func(w, h int) *console { return selected(w, h, 52) },
		"broken":   func(w, h int) *console { return selected(w, h, 44) },
		"missing":  func(w, h int) *console { return selected(w, h, 70) },
		"verified": func(w, h int) *console { return selected(w, h, 59) },
		"bad": func(w, h int) *console {
			return bad().size(w, h).tell(views.Go{Screen: "screen.lineage"}).settle()
		},
		"forked": func(w, h int) *console {
			c := open(t, richPicture())
			c.book = forkedLedger()
			return c.size(w, h).tell(views.Go{Screen: "screen.lineage"}).settle()
		},
	}
}

func TestTheEvidenceLooksAsItShould(t *testing.T) {
	for name, make := range lineageScreens(t) {
		for _, size := range sizes {
			c := make(size[0], size[1])
			golden(t, fmt.Sprintf("lineage-%s-%dx%d", name, size[0], size[1]), c.plain())
			exact(t, name, c.content(), size[0], size[1])
		}
	}
}
