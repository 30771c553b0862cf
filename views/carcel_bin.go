package views

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// binMsg is what the bin holds.
type binMsg struct {
	list []carcel.Binned
	err  error
}

func (c *Carcel) openBin() tea.Cmd {
	e := c.Engine
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		list, err := e.Carcel().Bin(ctx)
		return binMsg{list, err}
	}
}

// pickBinned offers what was discarded; choosing one and enter brings it back.
func (c *Carcel) pickBinned(m binMsg) tea.Cmd {
	switch {
	case m.err != nil:
		return send(Toast{themes.GlyphError, engine.Sentence(m.err)})
	case len(m.list) == 0:
		return send(Toast{themes.GlyphCalm, "the bin is empty"})
	}
	choices := make([]widget.Choice, len(m.list))
	for i := range m.list {
		b := &m.list[i]
		choices[i] = widget.Choice{Title: known(b.Primitive) + "  " + known(b.Vertical), Detail: b.ID(), Key: "kept " + widget.AgeWhole(b.Ends.Sub(c.Now))}
	}
	who := c.who()
	return send(Pick{"Restore from the bin", choices, func(i int) tea.Cmd {
		e := m.list[i].Entry
		return c.act("restoring", "restored", []*carcel.Entry{&e}, func(context.Context) (deed, error) {
			return func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error) {
				return c.Engine.Carcel().Restore(ctx, e.SHA, who, "")
			}, nil
		})
	}})
}
