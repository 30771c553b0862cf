package views

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/keymap"
)

// Council is the screen of the rules in force and how often each fired, with
// what is known of the selected one, or what another policy would change.
type Council struct {
	split
	rules  *RuleList
	side   *councilSide
	cancel func() // no more news of the policy's file
}

// NewCouncil makes the screen.
func NewCouncil(s *Shared) *Council {
	c := &Council{rules: NewRuleList(s)}
	c.side = newCouncilSide(s, c.rules)
	c.split = split{Shared: s, list: c.rules, side: c.side, share: 58}
	c.cancel = s.Engine.OnPolicy(c.changed)
	return c
}

// changed takes news of the policy's file, from a goroutine of the council's
// own: when the rules changed, and a line for the activity.
func (c *Council) changed(change governance.Change) {
	what, detail := "policy refused", ""
	if change.Err == nil {
		now := time.Now()
		c.rules.since.Store(&now)
		what, detail = "policy in force", change.Now+", before it "+change.Before
	} else {
		detail, _, _ = strings.Cut(change.Err.Error(), "\n")
		detail = strings.TrimPrefix(detail, change.File+":") // which stands before it
	}
	c.Engine.Watcher().Note(what, change.File, detail)
}

// Close ends the news of the policy's file.
func (c *Council) Close() error {
	c.cancel()
	return nil
}

// Select puts the bar on a rule: "guardian/rule".
func (c *Council) Select(key string) { c.rules.choose(key) }

// Do tries another policy, sorts and reads again from either side.
func (c *Council) Do(id string) (tea.Cmd, bool) {
	switch id {
	case "council.whatif":
		c.turn(true)
		c.side.try()
		return nil, true
	case "council.sort", "council.read":
		cmd, done := c.rules.Do(id)
		return tea.Batch(cmd, c.side.Refresh()), done
	}
	cmd, done := c.split.Do(id)
	if !done && id == "list.back" && c.side.trying {
		c.side.Leave()
		return c.side.Refresh(), true
	}
	return cmd, done
}

// State: what asks Redis needs one that answers.
func (c *Council) State(id string) keymap.State {
	switch id {
	case "council.whatif", "council.read":
		if c.Away() || c.Snap.Taken.IsZero() {
			return keymap.Off("the record cannot be read until Redis answers")
		}
		if id == "council.read" {
			return keymap.On
		}
		return c.side.State(id)
	case "council.sort":
		return c.rules.State(id)
	}
	return c.split.State(id)
}
