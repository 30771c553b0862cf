package views

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// signer is the operator whose key signs here.
func (c *Carcel) signer(ctx context.Context) (keyring.Signer, error) {
	return c.Engine.Keyring().Signer(ctx, keyring.Operator, c.As)
}

// signMsg is the case that somebody wants to sign.
type signMsg struct{ heldCase }

// chosen are the entries that an act goes to. In the detail it is the one that
// is shown there, whatever is marked.
func (c *Carcel) chosen() []*carcel.Entry {
	if c.inside {
		if e := c.detail.entry(); e != nil {
			return []*carcel.Entry{e}
		}
		return nil
	}
	return c.held.chosen()
}

// marked is how many marked entries an act would go to.
func (c *Carcel) marked() int {
	if c.inside {
		return 0
	}
	return c.held.table.MarkCount()
}

// waiting are those of the chosen that wait for a person.
func (c *Carcel) waiting() (out []*carcel.Entry, cmd tea.Cmd) {
	chosen := c.chosen()
	for _, e := range chosen {
		if e.Waits() {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, send(Toast{themes.GlyphCalm, "none of the " + widget.Commas(len(chosen)) + " marked waits for a person"})
	}
	return out, nil
}

// sign asks before it signs: for one entry, what its case says will happen.
func (c *Carcel) sign() tea.Cmd {
	chosen, cmd := c.waiting()
	if cmd != nil {
		return cmd
	}
	if len(chosen) == 1 {
		if h := c.detail.cases.get(chosen[0].SHA); h != nil && h.err == nil {
			return c.askSign(h)
		}
		e, as, sha := c.Engine, c.As, chosen[0].SHA
		return func() tea.Msg {
			read, _ := readCase(e, as, sha).(caseMsg)
			return signMsg(read)
		}
	}
	last := 0
	for _, e := range chosen {
		if e.Given+1 >= needed(e) {
			last++
		}
	}
	body := [][]widget.Span{
		{widget.B(themes.Fg, widget.Commas(last)), widget.T(themes.Muted, plural(last, " goes to its key at once", " go to their keys at once"))},
		{widget.B(themes.Fg, widget.Commas(len(chosen)-last)), widget.T(themes.Muted, plural(len(chosen)-last, " waits", " wait")+" for another operator")},
	}
	return send(Ask{Title: "Sign " + widget.Commas(len(chosen)) + " packets", Verb: "sign", Body: body, Count: len(chosen), Filled: c.signAll(chosen)})
}

// askSign says what a signature will do, and asks.
func (c *Carcel) askSign(h *heldCase) tea.Cmd {
	switch {
	case h.err != nil:
		return send(Toast{themes.GlyphError, engine.Sentence(h.err)})
	case !h.you.may:
		return send(Toast{themes.GlyphCalm, "not signed: " + h.you.why})
	}
	k := &h.k
	n, of := len(k.Tally.Persons)+1, k.Tally.Needed
	count := "signs " + widget.Commas(n) + " of " + widget.Commas(of) + ": "
	will := []widget.Span{widget.State(c.Theme, themes.GlyphOpen), widget.T(themes.Fg, " "+count), widget.T(themes.Muted, "it waits for another operator")}
	if n >= of {
		will = []widget.Span{widget.State(c.Theme, themes.GlyphGiven), widget.T(themes.Fg, " "+count+"the packet goes to "), widget.B(themes.Fg, k.To.Key), widget.T(themes.Fg, " now")}
	}
	body := append(c.subject(&k.Held.Entry), will, []widget.Span{widget.T(themes.Faint, "as "+h.you.name+", key "+h.you.key)})
	e := k.Held.Entry
	return send(Ask{Title: "Sign", Verb: "sign", Body: body, Filled: c.signAll([]*carcel.Entry{&e})})
}

// subject is what a dialog about one entry begins with.
func (c *Carcel) subject(e *carcel.Entry) [][]widget.Span {
	out := [][]widget.Span{{widget.B(themes.Fg, known(e.Primitive)), widget.T(themes.Muted, "  "+known(e.Vertical)+"  from "+known(e.Origin))}}
	if e.Reason != "" {
		out = append(out, []widget.Span{widget.T(themes.Muted, e.Reason)})
	}
	return append(out, nil)
}

// signAll is what a confirmed signing does.
func (c *Carcel) signAll(chosen []*carcel.Entry) func(func(string) string) tea.Cmd {
	return func(func(string) string) tea.Cmd {
		return c.act("signing", "signed", chosen, func(ctx context.Context) (deed, error) {
			by, err := c.signer(ctx)
			return func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error) {
				return c.Engine.Carcel().Approve(ctx, e.SHA, by, "")
			}, err
		})
	}
}
