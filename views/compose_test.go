package views

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/watch"
)

// strict is a council that holds what kills, and blocks what purges.
type strict struct{ governance.Unanimous }

func (strict) Revision() string { return "strict@1" }
func (strict) Judge(_ context.Context, a governance.Action) (governance.Verdict, error) {
	switch a.Primitive {
	case "process.kill":
		return governance.Verdict{Status: governance.CoSign, Reason: "two persons", Required: []string{"two signatures"},
			Findings: []governance.Finding{{Guardian: "contrarian", Status: governance.CoSign, Reason: "it kills"}, {Guardian: "ethical", Status: governance.Approved, Reason: "noted", Advisory: true}}}, nil
	case "packet.purge":
		return governance.Verdict{Status: governance.Blocked, Reason: "never"}, nil
	}
	return governance.Verdict{Status: governance.Approved, Reason: "fine"}, nil
}

func composer(t testing.TB, dir string) *Compose {
	s := stage(t, engine.Config{Council: governance.Fixed(strict{})})
	s.Snap = picture(queueOf("queue:council", 12_408))
	c := NewCompose(s, dir)
	c.SetSize(160, 45)
	c.fill(draft{Origin: "ops@east", Key: "queue:council", Schema: "1.1", TTL: "3600", Format: "json", Contents: `{"primitive":"matrix.route"}`})
	return c
}

// set puts a text into a field, "contents" being the editor.
func (c *Compose) set(id, text string) {
	if id == "contents" {
		c.editor.SetValue(text)
	} else {
		c.form.Field(id).Input.SetValue(text)
	}
	c.edited()
}

func TestTemplatesFillTheContentsAndAreValid(t *testing.T) {
	c := composer(t, "")
	cmd, _ := c.Do("compose.template")
	pick := told[Pick](t, cmd)
	if len(pick.Choices) != len(templates) {
		t.Fatalf("%d templates are offered", len(pick.Choices))
	}
	for i, choice := range pick.Choices {
		pick.Chosen(i)
		if c.editor.Value() != templates[i].text || !c.verdict.ready() || primitiveOf(c.editor.Value()) != choice.Title {
			t.Errorf("%s: %v", choice.Title, c.verdict.faults)
		}
	}
	if !c.dirty {
		t.Error("a template is not saved")
	}
}

func TestSendingAsksAndTellsWhatWillBecome(t *testing.T) {
	c := composer(t, "")
	cmd, _ := c.Do("compose.send")
	ask := told[Ask](t, cmd)
	if len(ask.Body) != 1 || ask.Yes == nil || ask.Verb != "send" {
		t.Errorf("%+v", ask)
	}
	c.set("contents", `{"primitive":"process.kill"}`)
	cmd, _ = c.Do("compose.send")
	if ask := told[Ask](t, cmd); len(ask.Body) != 2 || !strings.Contains(ask.Body[1][1].Text, "it will be held") {
		t.Errorf("%+v", ask.Body)
	}
	c.set("ttl", "0")
	cmd, _ = c.Do("compose.send")
	if toast := told[Toast](t, cmd); !strings.HasPrefix(toast.Text, "not sent: ttl_seconds") {
		t.Errorf("%q", toast.Text)
	}
	c.set("ttl", "60")
	c.set("key", "")
	cmd, _ = c.Do("compose.send")
	if ask := told[Ask](t, cmd); !strings.Contains(ask.Body[0][1].Text, "no key is named, and no route fits") {
		t.Errorf("%+v", ask.Body)
	}
}

func TestWhatIsAskedAboutIsWhatIsSent(t *testing.T) {
	c := composer(t, "")
	cmd, _ := c.Do("compose.send")
	yes := told[Ask](t, cmd).Yes
	c.set("contents", `{"primitive":"packet.purge"}`) // typed after the dialog opened
	m := told[sentMsg](t, yes)
	if m.err == nil || !strings.Contains(m.draft.Contents, "matrix.route") {
		t.Errorf("sent was %+v, %v", m.draft, m.err)
	}
}

func TestOutcomesBecomeHistoryAndToasts(t *testing.T) {
	c := composer(t, "")
	if toast := told[Toast](t, c.Update(sentMsg{err: errors.New("Redis is full")})); toast.Text != "Redis is full" || len(c.desk.History) != 0 {
		t.Errorf("%+v, history %d", toast, len(c.desk.History))
	}
	held := dispatch.Receipt{TrackingID: "t", Status: dispatch.InCarcel, Decision: governance.CoSign, Reason: "two persons", Key: "queue:council"}
	if toast := told[Toast](t, c.Update(sentMsg{receipt: held, draft: c.draft()})); toast.Text != "held in the carcel: two persons" {
		t.Errorf("%+v", toast)
	}
	for range maxHistory + 5 {
		sent := dispatch.Receipt{TrackingID: "t", Status: dispatch.Dispatched, Decision: governance.Approved, Key: "queue:council"}
		if toast := told[Toast](t, c.Update(sentMsg{receipt: sent, draft: c.draft()})); toast.Text != "dispatched to queue:council" {
			t.Errorf("%+v", toast)
		}
	}
	if len(c.desk.History) != maxHistory || c.desk.History[0].Decision != "approved" {
		t.Errorf("%d in the history", len(c.desk.History))
	}
	c.set("key", "queue:other")
	cmd, _ := c.Do("compose.open")
	told[Pick](t, cmd).Chosen(0)
	if c.form.Value("key") != "queue:council" || !c.dirty {
		t.Error("a packet from the history does not fill the fields")
	}
	cmd, _ = composer(t, "").Do("compose.open")
	if toast := told[Toast](t, cmd); !strings.Contains(toast.Text, "nothing was sent") {
		t.Errorf("%+v", toast)
	}
}

func TestNothingIsSentUnlessRedisAnswers(t *testing.T) {
	c := composer(t, "")
	for state, off := range map[watch.LinkState]bool{watch.Live: false, watch.Polling: false, watch.Away: true, watch.Connecting: true} {
		c.Snap.Link.State = state
		if c.State("compose.send").Enabled == off {
			t.Errorf("while %s sending is %v", state, c.State("compose.send"))
		}
	}
	s := stage(t, engine.Config{ReadOnly: true})
	if r := NewCompose(s, ""); r.State("compose.send").Reason != "read only" {
		t.Errorf("%+v", r.State("compose.send"))
	}
}

func TestFieldsAreWalkedInARing(t *testing.T) {
	c := composer(t, "")
	at := func() string {
		switch {
		case c.away:
			return "nowhere"
		case c.inText:
			return "contents"
		}
		return c.form.Current().ID
	}
	for _, want := range strings.Fields("origin key operation schema ttl format contents origin") {
		if at() != want {
			t.Fatalf("the focus is on %s, not on %s", at(), want)
		}
		do(t, c, "compose.next")
	}
	do(t, c, "compose.previous", "compose.previous")
	if at() != "contents" {
		t.Errorf("backwards over the first is %s", at())
	}
	do(t, c, "compose.leave")
	if at() != "nowhere" || c.Typing() || c.State("compose.leave").Enabled {
		t.Error("esc does not leave")
	}
	before := c.draft()
	typed(c, "q")
	if c.Update(tea.PasteMsg{Content: "x"}); c.draft() != before {
		t.Error("what was left is typed into")
	}
	do(t, c, "compose.next")
	if at() != "contents" {
		t.Errorf("tab comes back to %s", at())
	}
	do(t, c, "compose.next")
	typed(c, "!")
	c.Update(key(tea.KeyDown))
	c.Update(key(tea.KeyEnter))
	c.Update(key(tea.KeyUp))
	if c.form.Value("origin") != "ops@east!" || at() != "key" {
		t.Errorf("typed is %q, and the focus is on %s", c.form.Value("origin"), at())
	}
}

func TestIndentingKeepsNumbersAndRefusesWhatIsNoJSON(t *testing.T) {
	c := composer(t, "")
	c.set("contents", `{"n":9007199254740993,"f":1.0}`)
	do(t, c, "compose.format")
	if got := c.editor.Value(); got != "{\n  \"n\": 9007199254740993,\n  \"f\": 1.0\n}" {
		t.Errorf("%s", got)
	}
	c.set("contents", `{"n":`)
	cmd, _ := c.Do("compose.format")
	if toast := told[Toast](t, cmd); !strings.HasPrefix(toast.Text, "not indented: ") || c.editor.Value() != `{"n":` {
		t.Errorf("%+v", toast)
	}
}

func TestAKeyFromElsewhereBecomesTheDestination(t *testing.T) {
	c := composer(t, "")
	c.set("operation", "lpush")
	c.Select("queue:drones")
	if c.form.Value("key") != "queue:drones" || c.form.Value("operation") != "" {
		t.Errorf("%+v", c.draft())
	}
	c.Select("")
	if c.form.Value("key") != "queue:drones" {
		t.Error("no key clears the destination")
	}
}

func TestJudgingAsksNoServerAndIsQuick(t *testing.T) {
	c := composer(t, "")
	c.set("contents", `{"primitive":"matrix.route","list":[`+strings.Repeat("1,", 5000)+`1]}`)
	best := time.Hour
	for range 20 {
		begin := time.Now()
		c.judge()
		best = min(best, time.Since(begin))
	}
	if best > 100*time.Millisecond {
		t.Errorf("judging 10 kB takes %v at each key", best)
	}
	if c.verdict.preview.JSON < 10_000 || c.verdict.packet.SchemaVersion != packet.Schema11 {
		t.Errorf("%+v", c.verdict.preview.JSON)
	}
}
