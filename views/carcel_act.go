package views

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// actTimeout bounds one act on one entry.
const actTimeout = 10 * time.Second

// deed does something to one entry.
type deed func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error)

// bulk is an act on several entries that is under way.
type bulk struct {
	doing string // "discarding"
	of    int
	done  atomic.Int64
}

// badge is how far it is.
func (b *bulk) badge(t *themes.Theme) []widget.Span {
	return []widget.Span{widget.State(t, themes.GlyphRunning), widget.T(themes.Fg, " "+b.doing+" "+widget.Commas(int(b.done.Load()))+" of "+widget.Commas(b.of))}
}

// actedMsg is the outcome of an act.
type actedMsg struct {
	past   string // "discarded"
	of     int
	done   int
	last   carcel.Acted
	failed error // the first that was refused
}

// who is the name under which acts are recorded that need no signature.
func (c *Carcel) who() string {
	if c.As != "" {
		return c.As
	}
	return engine.Actor()
}

// act does something to entries, one after the other; begin is asked first,
// once, for what to do.
func (c *Carcel) act(doing, past string, chosen []*carcel.Entry, begin func(context.Context) (deed, error)) tea.Cmd {
	b := &bulk{doing: doing, of: len(chosen)}
	if b.of > 1 {
		c.bulk = b
	}
	e, w := c.Engine, c.work
	return func() tea.Msg {
		out := actedMsg{past: past, of: b.of}
		w.do(func(ctx context.Context) {
			do, err := begin(ctx)
			if err != nil {
				out.failed = err
				return
			}
			for _, entry := range chosen {
				one, cancel := context.WithTimeout(ctx, actTimeout)
				acted, err := do(one, entry)
				cancel()
				if err == nil {
					out.last = acted
					out.done++
				} else if out.failed == nil {
					out.failed = err
				}
				b.done.Add(1)
				if ctx.Err() != nil {
					return
				}
			}
			if b.of > 1 {
				_, _ = e.Carcel().Compact(ctx) // the next one may do
			}
		})
		return out
	}
}

// acted tells the outcome. The list itself changes when the picture does.
func (c *Carcel) acted(m actedMsg) tea.Cmd {
	if m.of > 1 {
		c.bulk = nil
	}
	toast := Toast{themes.GlyphOK, m.past}
	switch {
	case m.failed != nil && m.done == 0:
		toast = Toast{themes.GlyphError, "nothing is " + m.past + ": " + engine.Sentence(m.failed)}
		if m.of == 1 {
			toast.Text = engine.Sentence(m.failed)
		}
	case m.failed != nil:
		toast = Toast{themes.GlyphError, m.past + " " + widget.Commas(m.done) + " of " + widget.Commas(m.of) + "; the first that was not: " + engine.Sentence(m.failed)}
	case m.of > 1:
		toast.Text += " " + widget.Commas(m.done)
	case m.last.Status == "released":
		toast.Text = "signed " + widget.Commas(m.last.Approvals) + " of " + widget.Commas(m.last.Required) + ": released to " + m.last.Key
	case m.last.Status == "approved":
		toast.Text = "signed " + widget.Commas(m.last.Approvals) + " of " + widget.Commas(m.last.Required) + ": it waits for another operator"
	case m.last.Status == "appealed":
		toast.Text = "appealed: another operator decides"
	}
	if m.failed == nil && m.of > 1 {
		c.held.table.ClearMarks()
	}
	return tea.Batch(send(toast), c.detail.again())
}

// signer is the operator whose key signs here.
func (c *Carcel) signer(ctx context.Context) (keyring.Signer, error) {
	return c.Engine.Keyring().Signer(ctx, keyring.Operator, c.As)
}

// signMsg is the case that somebody wants to sign.
type signMsg struct{ heldCase }

// waiting are those of the chosen that wait for a person.
func (c *Carcel) waiting() (out []*carcel.Entry, cmd tea.Cmd) {
	chosen := c.held.chosen()
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

// why is the field in which a person says why.
func why() []widget.Field { return []widget.Field{{ID: "why", Label: "why"}} }

// mustSay wants the field to be filled in.
func mustSay(value func(string) string) map[string]string {
	if strings.TrimSpace(value("why")) == "" {
		return map[string]string{"why": "a word for the record"}
	}
	return nil
}

// about is the body of a dialog about one entry or several.
func (c *Carcel) about(chosen []*carcel.Entry, what string) [][]widget.Span {
	if len(chosen) == 1 {
		return append(c.subject(chosen[0]), []widget.Span{widget.T(themes.Muted, what)})
	}
	return [][]widget.Span{{widget.B(themes.Fg, widget.Commas(len(chosen))), widget.T(themes.Muted, " marked entries")}, nil, {widget.T(themes.Muted, what)}}
}

func (c *Carcel) deny() tea.Cmd {
	chosen, cmd := c.waiting()
	if cmd != nil {
		return cmd
	}
	return send(Ask{
		Title: "Deny", Verb: "deny", Count: len(chosen), Fields: why(), Check: mustSay,
		Body: c.about(chosen, "One denial is enough: it stays in the carcel as blocked."),
		Filled: func(value func(string) string) tea.Cmd {
			why := strings.TrimSpace(value("why"))
			return c.act("denying", "denied", chosen, func(ctx context.Context) (deed, error) {
				by, err := c.signer(ctx)
				return func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error) {
					return c.Engine.Carcel().Deny(ctx, e.SHA, by, why)
				}, err
			})
		},
	})
}

func (c *Carcel) appeal() tea.Cmd {
	chosen := c.held.chosen()
	return send(Ask{
		Title: "Appeal", Verb: "appeal", Count: len(chosen), Fields: why(), Check: mustSay,
		Body: c.about(chosen, "Another operator than you decides then."),
		Filled: func(value func(string) string) tea.Cmd {
			why := strings.TrimSpace(value("why"))
			return c.act("appealing", "appealed", chosen, func(ctx context.Context) (deed, error) {
				by, err := c.signer(ctx)
				if err != nil && (c.As != "" || !errors.Is(err, keyring.ErrNoKey)) {
					return nil, err
				}
				name, signer := by.Entry.Person, &by
				if err != nil { // an appeal needs no signature
					name, signer = engine.Actor(), nil
				}
				return func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error) {
					return c.Engine.Carcel().Appeal(ctx, e.SHA, name, signer, why)
				}, nil
			})
		},
	})
}

func (c *Carcel) discard() tea.Cmd {
	chosen := c.held.chosen()
	title := "Discard"
	if len(chosen) > 1 {
		title += " " + widget.Commas(len(chosen)) + " entries"
	}
	restore := "u"
	if b, ok := c.Keys.Get("carcel.restore"); ok && len(b.Keys) > 0 {
		restore = b.KeyLabel()
	}
	return send(Ask{Title: title, Verb: "discard", Count: len(chosen),
		Body: c.about(chosen, "The bin keeps them for seven days; "+restore+" brings them back."),
		Filled: func(func(string) string) tea.Cmd {
			who := c.who()
			return c.act("discarding", "discarded", chosen, func(context.Context) (deed, error) {
				return func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error) {
					return c.Engine.Carcel().Discard(ctx, e.SHA, who, "")
				}, nil
			})
		}})
}

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
