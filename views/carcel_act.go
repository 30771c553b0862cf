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

// actTimeout bounds one act on one entry, which may have to be looked for in a
// long list.
const actTimeout = 20 * time.Second

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
	return append(c.several(chosen), nil, []widget.Span{widget.T(themes.Muted, what)})
}

// mostNamed is how many entries a dialog about several names.
const mostNamed = 5

// several names the first of many entries, those that wait before the others.
func (c *Carcel) several(chosen []*carcel.Entry) (out [][]widget.Span) {
	named := 0
	add := func(e *carcel.Entry) {
		if named++; named > mostNamed {
			return
		}
		l := statusLook(e.Decision)
		out = append(out, []widget.Span{widget.State(c.Theme, l.glyph), widget.T(themes.Fg, " "+widget.PadRight(widget.Cut(widget.Sanitize(known(e.Primitive)), 19), 20)),
			widget.T(themes.Muted, widget.PadRight(widget.Cut(widget.Sanitize(known(e.Vertical)), 19), 20)+known(e.Decision.Word()))})
	}
	for _, waits := range []bool{true, false} {
		for _, e := range chosen {
			if e.Waits() == waits {
				add(e)
			}
		}
	}
	if named > mostNamed {
		out = append(out, []widget.Span{widget.T(themes.Faint, "and "+widget.Commas(named-mostNamed)+" more")})
	}
	return out
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
	chosen := c.chosen()
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
	chosen := c.chosen()
	title := "Discard"
	if len(chosen) > 1 {
		title += " " + widget.Commas(len(chosen)) + " entries"
	}
	restore := "u"
	if b, ok := c.Keys.Get("carcel.restore"); ok && len(b.Keys) > 0 {
		restore = b.KeyLabel()
	}
	return send(Ask{Title: title, Verb: "discard", Count: len(chosen),
		Body: c.about(chosen, "The bin keeps "+plural(len(chosen), "it", "them")+" for seven days; "+restore+" brings "+plural(len(chosen), "it", "them")+" back."),
		Filled: func(func(string) string) tea.Cmd {
			who := c.who()
			return c.act("discarding", "discarded", chosen, func(context.Context) (deed, error) {
				return func(ctx context.Context, e *carcel.Entry) (carcel.Acted, error) {
					return c.Engine.Carcel().Discard(ctx, e.SHA, who, "")
				}, nil
			})
		}})
}
