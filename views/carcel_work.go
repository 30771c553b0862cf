package views

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// workers is what this console does on its own behalf beside the screen: it
// ends with the console.
type workers struct {
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup
}

func newWorkers() *workers {
	w := &workers{}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// do runs something that the end of the console ends, in the caller's
// goroutine.
func (w *workers) do(what func(context.Context)) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.busy.Add(1)
	w.mu.Unlock()
	defer w.busy.Done()
	what(w.ctx)
}

// closeWithin is how long the end of the console waits for a replay to be
// paused.
const closeWithin = 3 * time.Second

func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.busy.Wait()
	}()
	select {
	case <-done:
	case <-time.After(closeWithin):
	}
}

// begunMsg is a run that was written; workedMsg one that this console has
// stopped working on.
type (
	begunMsg struct {
		run carcel.Run
		err error
	}
	workedMsg struct {
		id  string
		run carcel.Run
		err error
	}
)

// begin writes a run for what was confirmed.
func (c *Carcel) begin(plan carcel.Plan) tea.Cmd {
	e := c.Engine
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), planTimeout)
		defer cancel()
		run, err := e.Carcel().Begin(ctx, plan)
		return begunMsg{run, err}
	}
}

// begun carries on the run that was written.
func (c *Carcel) begun(m begunMsg) tea.Cmd {
	if m.err != nil {
		return send(Toast{themes.GlyphError, "nothing was replayed: " + engine.Sentence(m.err)})
	}
	c.edit, c.draft = nil, nil
	c.held.table.ClearMarks()
	c.runs.put(m.run)
	c.split.list.Refresh()
	return c.carryOn(m.run.ID)
}

// carryOn works on a run until it is over or stands.
func (c *Carcel) carryOn(id string) tea.Cmd {
	e, w := c.Engine, c.work
	c.runs.started(id)
	return tea.Batch(c.runs.later(), func() tea.Msg {
		out := workedMsg{id: id}
		w.do(func(ctx context.Context) { out.run, out.err = e.Carcel().Work(ctx, id, nil) })
		return out
	})
}

// worked tells how a run ended here.
func (c *Carcel) worked(m workedMsg) tea.Cmd {
	again := tea.Batch(c.runs.now(), c.detail.again())
	r := m.run
	stays := r.Held + r.Skipped + r.Invalid
	text := "run " + m.id + ": " + widget.Commas(r.Released) + " released"
	if stays > 0 {
		text += ", " + widget.Commas(stays) + " stayed"
	}
	switch {
	case m.err != nil:
		return tea.Batch(again, send(Toast{themes.GlyphError, "run " + m.id + ": " + engine.Sentence(m.err)}))
	case r.State == carcel.RunPaused:
		return tea.Batch(again, send(Toast{themes.GlyphLate, "run " + m.id + " is paused: " + first(r.Why, "interrupted")}))
	case r.State == carcel.RunCancelled:
		return tea.Batch(again, send(Toast{themes.GlyphCalm, text + "; it is cancelled"}))
	case r.ID == "":
		return again
	}
	return tea.Batch(again, send(Toast{themes.GlyphOK, text}))
}

// pauseOrResume stops the run in sight at once, or asks to carry it on.
func (c *Carcel) pauseOrResume() tea.Cmd {
	r := c.runs.shown()
	if r == nil {
		return nil
	}
	if r.State == carcel.RunRunning && !r.Idle {
		return c.setRun(r.ID, "paused", func(ctx context.Context, id, by string) error { return c.Engine.Carcel().Pause(ctx, id, by) })
	}
	id := r.ID
	body := [][]widget.Span{
		{widget.T(themes.Fg, "run "+id), widget.T(themes.Muted, "  "+specText(r.Spec))},
		{widget.B(themes.Fg, widget.Commas(r.Left())), widget.T(themes.Muted, " of "+widget.Commas(r.Total)+" are left to be tried")},
	}
	if why := standsWhy(r); why != "" {
		body = append(body, []widget.Span{widget.T(themes.Muted, "it stands: "+why)})
	}
	return send(Ask{Title: "Carry on a replay", Verb: "carry on", Body: body, Count: r.Left(),
		Filled: func(func(string) string) tea.Cmd { return c.carryOn(id) }})
}

func (c *Carcel) cancelRun() tea.Cmd {
	r := c.runs.shown()
	if r == nil {
		return nil
	}
	id := r.ID
	return send(Ask{Title: "Cancel a replay", Verb: "cancel it", Body: [][]widget.Span{
		{widget.T(themes.Fg, "run "+id), widget.T(themes.Muted, "  "+specText(r.Spec))},
		{widget.B(themes.Fg, widget.Commas(r.Released)), widget.T(themes.Muted, " stay released, "+widget.Commas(r.Left())+" stay in the carcel")},
	}, Filled: func(func(string) string) tea.Cmd {
		return c.setRun(id, "cancelled", func(ctx context.Context, id, by string) error { return c.Engine.Carcel().Cancel(ctx, id, by) })
	}})
}

func (c *Carcel) setRun(id, what string, do func(ctx context.Context, id, by string) error) tea.Cmd {
	by := "by " + c.who()
	return tea.Batch(func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		if err := do(ctx, id, by); err != nil {
			return Toast{themes.GlyphError, engine.Sentence(err)}
		}
		return Toast{themes.GlyphOK, "run " + id + " is " + what}
	}, c.runs.later())
}
