package lineage

import (
	"context"
	"fmt"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/packet"
)

// examine verifies the packet where it was found first, and takes its chain
// apart.
func (s *story) examine(ctx context.Context) {
	if len(s.finds) == 0 {
		s.lack(LackPacket)
		return
	}
	best := &s.finds[0]
	s.Found, s.Packet, s.Bytes, s.Stored = true, best.read.Packet, len(best.raw), best.raw
	if c := citationOf(&s.Packet); c != "" {
		s.Citation = c
	}
	f := Found{Reading: best.read, Where: &seal.Where{Key: best.Key, Held: best.Held || best.rank == rankExpired}}
	if !best.Held {
		f.Raw = []byte(best.raw)
	}
	s.Verdict = s.examiner.examineKnown(ctx, s.ring, f, s.known, s.Whole)
	seals, err := seal.Read(s.Packet)
	if err != nil {
		s.lack("its seals cannot be read: %v", err)
	}
	for _, one := range seals {
		sealed := Sealed{Seal: one}
		if e, there := s.ring.Find(one.KeyID); there {
			sealed.Name, sealed.Person = e.Name, e.Person
		}
		s.Seals = append(s.Seals, sealed)
	}
	s.chain(seals)
	s.edit(seals)
}

// chain takes the lineage apart.
func (s *story) chain(seals []seal.Seal) {
	var lineage []string
	v, _ := s.Packet.ChainOfCustody.Get("transparent_lineage")
	for _, m := range v.Members() {
		text, ok := m.Value.Text()
		if !ok {
			text = string(packet.AppendValueJSON(nil, m.Value))
		}
		lineage = append(lineage, text)
	}
	contents, _ := custody.ContentsSHA256(s.Packet.Contents)
	if len(seals) > 0 {
		contents = seals[len(seals)-1].ContentsSHA256
	}
	links := custody.CheckLinks(s.TrackingID, contents, lineage)
	for i, raw := range lineage {
		step := Step{Number: i + 1, Entry: custody.ParseEntry(raw), State: LinkOK}
		switch linked := step.Link != ""; {
		case links.Broken > 0 && step.Number > links.Broken:
			step.State = LinkAfter
		case !linked:
			step.State = LinkNone
		case step.Number == links.Broken:
			step.State = LinkBroken
		}
		for n := len(seals); n > 0; n-- {
			if step.Number <= seals[n-1].Upto {
				step.Sealed = n
			}
		}
		s.Chain = append(s.Chain, step)
	}
	s.Order = orderOf(&s.Packet, s.Chain)
}

// orderOf tells in which order a lineage stands: what its writer says, else
// what the times say, where they say it.
func orderOf(p *packet.Packet, chain []Step) string {
	v, _ := p.ChainOfCustody.Get("lineage_order")
	switch said, _ := v.Text(); said {
	case custody.OldestFirst:
		return "oldest first"
	case "newest-first":
		return "newest first"
	}
	rises, falls := false, false
	var last time.Time
	for _, step := range chain {
		if step.At.IsZero() {
			return "not known"
		}
		if !last.IsZero() {
			rises, falls = rises || step.At.After(last), falls || step.At.Before(last)
		}
		last = step.At
	}
	switch {
	case rises && !falls:
		return "oldest first"
	case falls && !rises:
		return "newest first"
	}
	return "not known"
}

// edit tells how the contents differ from those that were sealed, where those
// are still to be found: in the decision record, or in another copy.
func (s *story) edit(seals []seal.Seal) {
	if len(seals) == 0 {
		return
	}
	sealed := seals[len(seals)-1].ContentsSHA256
	present, _ := custody.ContentsSHA256(s.Packet.Contents)
	if present == sealed {
		return
	}
	s.Edit = &Edit{Sealed: sealed, Present: present}
	same := func(contents packet.Value) bool {
		digest, err := custody.ContentsSHA256(contents)
		return err == nil && digest == sealed
	}
	if s.Decision != nil {
		if action, there := s.Decision.Action(); there && same(action.Payload) {
			s.Edit.Known, s.Edit.Changes = "the decision record", carcel.Diff(action.Payload, s.Packet.Contents)
			return
		}
	}
	for _, f := range s.finds[1:] {
		if same(f.read.Packet.Contents) {
			s.Edit.Known, s.Edit.Changes = f.Key, carcel.Diff(f.read.Packet.Contents, s.Packet.Contents)
			return
		}
	}
	s.lack("the contents that were sealed are nowhere to be found, so that the edit cannot be shown")
}

// judgeFate tells where the packet is, or what became of it.
func (s *story) judgeFate(ctx context.Context) error {
	live := 0
	for _, f := range s.finds {
		if f.rank <= rankLive {
			live++
		}
	}
	known := len(s.Records) > 0
	switch {
	case live > 0 && !known && s.Whole:
		s.Fate, s.Why = Unlogged, fmt.Sprintf("it is in %s, and the ledger, read from its first record on, does not know it", s.Places[0].Key)
	case live > 0 && known && s.Whole && live > s.known.Out:
		s.Fate, s.Why = Copied, fmt.Sprintf("Redis has %d of it where packets travel, and by the ledger there should be %d: somebody sent it again", live, max(s.known.Out, 0))
	case live > 0:
		s.Fate, s.Why = Here, "it is in "+s.Places[0].Key
	case len(s.finds) > 0 && s.finds[0].rank == rankHeld:
		s.Fate, s.Why = Held, "it is held in the carcel"
	case len(s.finds) > 0 && s.finds[0].rank == rankBinned:
		s.Fate, s.Why = Binned, "it was discarded, and is in the carcel's bin"
	case len(s.finds) > 0:
		s.Fate, s.Why = Expired, "it was past its own time when it was taken, and is in "+s.Places[0].Key
	default:
		clock, err := s.Store.Commands().Time(ctx).Result()
		if err != nil {
			return s.Store.Explain("time", "", err)
		}
		s.Fate = s.fate(&s.known, s.sentHere, clock)
		s.Why = s.known.why(s.Fate)
	}
	return nil
}
