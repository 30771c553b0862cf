package views

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/voices"
	"github.com/infrafabric/ifpacket/core/watch"
)

// choir reads whatever is asked by the picture that the panes see.
type choir struct {
	s     *Shared
	asked []voices.Subject
	err   error
}

func (c *choir) Readings(_ context.Context, on voices.Subject) ([len(voices.Voices)]voices.Reading, error) {
	c.asked = append(c.asked, on)
	return voices.Read(voices.Case{Subject: on, Now: c.s.Now, Snap: c.s.Snap, Picture: new(lineage.Picture), Policy: "default@1"}), c.err
}

func troubled() *watch.Snapshot {
	q := queueOf("queue:council", 12408)
	q.State, q.Since = watch.Stuck, noon.Add(-time.Minute)
	snap := picture(q)
	snap.Agents = []watch.Agent{{ID: "haiku_9c01", State: watch.Silent, Beat: noon.Add(-12 * time.Minute)}}
	e := &carcel.Entry{SHA: strings.Repeat("a", 64), TrackingID: "550e8400-e29b-41d4-a716-446655440000", Decision: governance.CoSign, At: noon.Add(-time.Minute), Expires: noon.Add(time.Hour)}
	snap.Carcel = watch.Carcel{Length: 1, Table: carcel.NewTable(e)}
	return snap
}

// voicesOf is the screen with its first readings.
func voicesOf(t *testing.T, width, height int, config engine.Config) (*Voices, *choir) {
	t.Helper()
	s := stage(t, config)
	s.Snap = troubled()
	c := &choir{s: s}
	s.Voices = c
	v := NewVoices(s)
	v.SetSize(width, height)
	heard(t, v, v.Refresh())
	return v, c
}

func heard(t *testing.T, v *Voices, cmd tea.Cmd) {
	t.Helper()
	v.Update(told[readingsMsg](t, cmd))
}

func showsOn(t *testing.T, v *Voices, texts ...string) {
	t.Helper()
	screen := strings.Join(strings.Fields(plain(v.View(true))), " ")
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			t.Errorf("%q is not on the screen:\n%s", text, plain(v.View(true)))
		}
	}
}

func TestTheFourVoicesStandSideBySideOrBelowEachOther(t *testing.T) {
	for _, size := range [][2]int{{140, 35}, {110, 33}, {80, 20}} {
		v, _ := voicesOf(t, size[0], size[1], engine.Config{})
		showsOn(t, v, "Voices the swarm", "Sergio", "What actually happened?", "work is stopped", "queue:council", "Evidence Sergio", "a look into it")
		if got, want := strings.Count(plain(v.View(true)), "\n")+1, size[1]; got != want {
			t.Errorf("%v: %d lines", size, got)
		}
		if size[0] >= fourFrom {
			line := ""
			for l := range strings.SplitSeq(plain(v.View(true)), "\n") {
				if strings.Contains(l, "Sergio ") {
					line = l
					break
				}
			}
			if !strings.Contains(line, "Legal") || !strings.Contains(line, "Danny") {
				t.Errorf("the four are not side by side: %q", line)
			}
		}
	}
}

func TestEnterGoesToTheEvidenceAndADoesWhatIsOffered(t *testing.T) {
	v, _ := voicesOf(t, 140, 35, engine.Config{})
	cmd, _ := v.Do("list.open")
	if got := told[Go](t, cmd); got != (Go{"screen.queues", "queue:council"}) {
		t.Errorf("enter goes to %v", got)
	}
	if on := v.Subject(); on != (voices.Subject{Kind: voices.OfQueue, ID: "queue:council"}) {
		t.Errorf("v reads %v", on)
	}
	do(t, v, "list.down")
	cmd, _ = v.Do("voices.act")
	if got := told[Go](t, cmd); got != (Go{"screen.agents", "haiku_9c01"}) {
		t.Errorf("a goes to %v", got)
	}
	do(t, v, "list.down")
	showsOn(t, v, "a sign for the oldest")
	cmd, _ = v.Do("voices.act")
	if got := told[GoAndDo](t, cmd); got != (GoAndDo{Go{"screen.carcel", strings.Repeat("a", 64)}, "carcel.sign"}) {
		t.Errorf("a does %v", got)
	}
	cmd, _ = v.Do("list.open") // the list of those that wait, or the entry itself
	if pick := told[Pick](t, cmd); len(pick.Choices) != 2 || told[Go](t, pick.Chosen(1)).Screen != "screen.carcel" {
		t.Errorf("enter offers %+v", pick.Choices)
	}
}

func TestNothingIsSignedReadOnlyOrWhileRedisIsAway(t *testing.T) {
	v, _ := voicesOf(t, 140, 35, engine.Config{ReadOnly: true})
	do(t, v, "list.down", "list.down")
	if s := v.State("voices.act"); s.Enabled || s.Reason != "read only" {
		t.Errorf("read only: %+v", s)
	}
	v, _ = voicesOf(t, 140, 35, engine.Config{})
	do(t, v, "list.down", "list.down")
	v.Snap.Link.State = watch.Away
	if s := v.State("voices.act"); s.Enabled {
		t.Error("one can act while Redis is away")
	}
	showsOn(t, v, "sign for the oldest: acting is off while Redis is away", "12,408 wait")
}

func TestTheBarStaysOnItsFindingWhenFiguresMove(t *testing.T) {
	v, c := voicesOf(t, 140, 35, engine.Config{})
	do(t, v, "list.down")
	key := v.selected().Key()
	next := troubled()
	next.Queues = nil // then the agent is the first
	v.Snap, v.Now = next, noon.Add(readFresh)
	heard(t, v, v.Refresh())
	if got := v.selected().Key(); got != key || v.at[0] != 0 {
		t.Errorf("the bar went from %q to %q", key, got)
	}
	if v.Refresh() != nil || len(c.asked) != 2 {
		t.Error("it asks again at once")
	}
}

func TestAnOldAnswerIsNotTaken(t *testing.T) {
	v, _ := voicesOf(t, 140, 35, engine.Config{})
	v.Now = v.Now.Add(time.Minute)
	late := v.Refresh()
	v.Select("queue queue:council")
	heard(t, v, v.Refresh())
	v.Update(told[readingsMsg](t, late))
	showsOn(t, v, "Voices queue:council")
	if len(v.readings[0].Findings) != 1 {
		t.Errorf("the swarm's reading stands under a queue's name: %d findings", len(v.readings[0].Findings))
	}
	cmd, _ := v.Do("list.back")
	if got := told[Go](t, cmd); got != (Go{"screen.queues", "queue:council"}) || v.on != voices.Swarm {
		t.Errorf("esc goes to %v, and %s is read", got, v.on)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	v, c := voicesOf(t, 140, 35, engine.Config{})
	c.err = errors.New("no permission")
	v.Now = v.Now.Add(time.Minute)
	heard(t, v, v.Refresh())
	showsOn(t, v, "not read: no permission", "12,408 wait") // the last reading stays
}

func TestInTheStackTheBarGoesOnIntoTheNextVoice(t *testing.T) {
	v, _ := voicesOf(t, 80, 20, engine.Config{})
	n := 0
	for _, r := range v.readings {
		n += len(r.Findings)
	}
	for range n + 3 {
		do(t, v, "list.down")
	}
	if last := len(voices.Voices) - 1; v.voice != last || v.at[last] != len(v.readings[last].Findings)-1 {
		t.Errorf("it ends at voice %d, finding %d", v.voice, v.at[v.voice])
	}
	showsOn(t, v, "Danny")
	if !strings.Contains(plain(v.View(true)), "▌") {
		t.Error("the bar is out of sight")
	}
}

// TestAnyReadingIsDrawnExactly draws what an enemy has the voices say.
func TestAnyReadingIsDrawnExactly(t *testing.T) {
	s := plainStage(t)
	rapid.Check(t, func(t *rapid.T) {
		text := func() string { return hostile.Draw(t, "text") }
		v := NewVoices(s)
		v.on = voices.Subject{Kind: voices.OfQueue, ID: text()}
		w, h := rapid.IntRange(80, 210).Draw(t, "width"), rapid.IntRange(19, 60).Draw(t, "height")
		v.SetSize(w, h)
		var m readingsMsg
		for i, name := range voices.Voices {
			m.readings[i] = voices.Reading{Voice: name, Question: name.Question(), Verdict: text()}
			for range rapid.IntRange(0, 12).Draw(t, "findings") {
				severity := voices.Severity(rapid.IntRange(0, 4).Draw(t, "severity"))
				f, err := voices.NewFinding(severity, text()+"x", voices.Ref{Kind: voices.AtKey, Name: text() + "x", Said: text()}, voices.Ref{Kind: voices.AtAgent, Name: "y"})
				if err != nil {
					t.Fatal(err)
				}
				if rapid.Bool().Draw(t, "offers") {
					f = f.Offering(voices.Action{Act: voices.Command, Words: text(), Text: text()})
				}
				m.readings[i].Findings = append(m.readings[i].Findings, f)
			}
		}
		v.Update(m)
		for range 6 {
			v.Do(rapid.SampledFrom([]string{"list.down", "list.up", "list.end", "voices.next", "voices.previous", "list.pagedown"}).Draw(t, "key"))
			exact(t, "the voices", v.View(true), w, h)
			v.click(rapid.IntRange(0, w-1).Draw(t, "x"), rapid.IntRange(0, h-1).Draw(t, "y"))
		}
		exact(t, "the voices", v.View(false), w, h)
	})
}
