package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/views"
)

// choir reads subjects by the console's own pictures, with memory that grows.
type choir struct{ c *console }

func (o choir) Readings(_ context.Context, on voices.Subject) ([len(voices.Voices)]voices.Reading, error) {
	snap := *o.c.snap
	snap.Server.UsedMemory, snap.Server.MaxMemory = 900<<20, 1<<30
	k := voices.Case{Subject: on, Now: noon, Snap: &snap, Ledger: o.c.book, Picture: o.c.feed, Policy: "default@3f2a", Life: 30 * 24 * time.Hour}
	for i := range 60 {
		k.Memory = append(k.Memory, voices.Memory{At: ago(time.Duration(60-i) * 5 * time.Second), Used: 840<<20 + int64(i)<<20})
	}
	for _, e := range snap.Carcel.Entries() {
		if e.SHA == on.ID {
			k.Held = &carcel.Held{Entry: *e, Complete: true, Decided: "d1"}
			k.Decision = &governance.Recorded{TrackingID: e.TrackingID, Status: e.Decision, Policy: "default@3f2a", DecidedAt: "2026-03-01T11:45:52Z", Quorum: governance.Quorum{Approvals: 2}}
		}
	}
	return voices.Read(k), nil
}

// voiced is a console whose voices have read the swarm.
func voiced(t testing.TB, width, height int, tweaks ...tweak) *console {
	c := open(t, richPicture(), tweaks...).size(width, height)
	c.shared.Voices = choir{c}
	return c.tell(views.Go{Screen: "screen.voices"}).settle()
}

func TestTheVoicesLookAsTheyShould(t *testing.T) {
	for _, size := range append(sizes, [2]int{140, 42}) {
		name := func(what string) string { return fmt.Sprintf("voices-%s-%dx%d", what, size[0], size[1]) }
		c := voiced(t, size[0], size[1])
		golden(t, name("swarm"), c.plain())
		c.press("tab", "tab", "down")
		golden(t, name("rory"), c.plain())
		c.press("4", "v").settle()
		golden(t, name("held"), c.plain())
	}
}

func TestVAsksTheVoicesAboutWhatIsSelected(t *testing.T) {
	c := voiced(t, 140, 42)
	for _, at := range []struct{ screen, name string }{{"2", "queue:clobbered"}, {"3", "agent opus_secretariat_5e21"}, {"4", "held packet"}, {"5", "packet "}} {
		c.press(at.screen, "home", "v").settle().sees("Voices  " + at.name)
	}
	c.press("s").settle().sees("Voices  the swarm")
	c.press("2", "v").settle().press("esc").sees("Queues", "clobbered")
}

func TestSigningFromTheVoicesAsksAndSignsNothingElse(t *testing.T) {
	c := voiced(t, 140, 42)
	for range 20 {
		if strings.Contains(c.plain(), "a sign for the oldest") {
			break
		}
		c.press("down")
	}
	c.sees("a sign for the oldest").press("a").sees("4 Carcel", "process.kill")
	if c.screens[c.active].id != "screen.carcel" {
		t.Fatal("it is not shown what would be signed")
	}
	c.press("space", "8").settle().press("a").sees("others are marked: nothing was done")
}

func TestReadOnlyTheVoicesOfferNoSignature(t *testing.T) {
	c := voiced(t, 140, 42, readOnly)
	for range 20 {
		if strings.Contains(c.plain(), "sign for the oldest") {
			break
		}
		c.press("down")
	}
	c.sees("sign for the oldest: read only").press("a").sees("read only")
	if c.screens[c.active].id != "screen.voices" {
		t.Error("it went to sign all the same")
	}
}
