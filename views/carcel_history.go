package views

import (
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

func (s *sections) history() {
	c := s.c
	switch {
	case !c.told:
		return
	case c.lost != nil:
		s.section("History", widget.T(themes.Muted, engine.Sentence(c.lost)))
		return
	case len(c.history.Events) == 0 && c.history.Whole:
		s.section("History", widget.T(themes.Faint, "the ledger tells nothing of it"))
		return
	}
	name := "History"
	for _, ev := range c.history.Events {
		var l widget.Line
		if name != "" {
			s.lines = append(s.lines, widget.Line{})
		}
		l.Space(colLabel).Add(widget.B(themes.Fg, name)).To(colValue).Add(widget.T(themes.Muted, since(s.d.Now, ev.At))).Space(2)
		l.Add(widget.T(themes.Fg, ev.What)).To(max(colValue+19, l.Width()+1)).Add(widget.T(themes.Muted, ev.Actor))
		if ev.Run != "" {
			l.Add(widget.T(themes.Faint, "  run "+ev.Run))
		}
		place := "ledger " + widget.Commas(int(ev.Position))
		l.To(max(s.d.width-widget.Width(place)-1, l.Width()+2)).Add(widget.T(themes.Faint, place))
		s.lines, name = append(s.lines, l), ""
	}
	if !c.history.Whole {
		text := "not in the newest " + widget.Commas(c.history.Looked) + " records of the ledger; ifpacket trace looks further"
		if name != "" {
			s.section(name, widget.T(themes.Faint, text))
		} else {
			s.more(widget.T(themes.Faint, "older than the newest "+widget.Commas(c.history.Looked)+" records is not shown"))
		}
	}
}
