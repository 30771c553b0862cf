package keymap

// defaults is every binding of the console.
func defaults() []Binding {
	return []Binding{
		{ID: "quit", Keys: []string{"q", "ctrl+c"}, Help: "quit", Description: "Leave the console. Nothing that runs elsewhere is stopped."},
		{ID: "help", Keys: []string{"?", "f1"}, Help: "help", Description: "Every key that works here, and what it does."},
		{ID: "palette", Keys: []string{":"}, Help: "command", Description: "Find any action or screen by typing part of its name.", Order: 70, Keep: 3},
		{ID: "screen.pulse", Keys: []string{"1"}, Help: "pulse", Description: "All live panes at once."},
		{ID: "screen.queues", Keys: []string{"2"}, Help: "queues", Description: "Queue depths, rates and ages."},
		{ID: "screen.agents", Keys: []string{"3"}, Help: "agents", Description: "Agents, their heartbeats and their work."},
		{ID: "screen.carcel", Keys: []string{"4"}, Help: "carcel", Description: "Packets that were rejected or wait for a person."},
		{ID: "screen.lineage", Keys: []string{"5"}, Help: "lineage", Description: "Chains of custody and their verdicts."},
		{ID: "screen.compose", Keys: []string{"6"}, Help: "compose", Description: "Write a packet and see the verdict before sending."},
		{ID: "screen.council", Keys: []string{"7"}, Help: "council", Description: "Guardians, policy and decisions."},
		{ID: "screen.voices", Keys: []string{"8"}, Help: "voices", Description: "Four readings of the same evidence."},
		{ID: "screen.activity", Keys: []string{"9"}, Help: "activity", Description: "Decisions, repairs, channel messages and the console's own events."},
		{ID: "pane.next", Keys: []string{"tab"}, Help: "pane", Description: "Focus the next pane.", Order: 10, Keep: 1},
		{ID: "pane.previous", Keys: []string{"shift+tab"}, Help: "pane back", Description: "Focus the pane before."},
		{ID: "pane.zoom", Keys: []string{"z"}, Help: "zoom", Description: "Give the focused pane the whole screen, or take it back.", Order: 60, Keep: 7},
		{ID: "attention.next", Keys: []string{"0"}, Help: "next", Description: "Go to the next thing that waits for a person, is stuck or is silent."},
		{ID: "theme.next", Keys: []string{"T"}, Help: "theme", Description: "Switch to the next theme."},
		{ID: "mouse.toggle", Keys: []string{"M"}, Help: "mouse", Description: "Switch the mouse off, so the terminal can select text, or on again."},
		{ID: "retry", Keys: []string{"R"}, Help: "retry now", Description: "Try to reach Redis now instead of waiting."},
		{ID: "profile", Keys: []string{"P"}, Help: "profile", Description: "Connect to another profile."},
		{ID: "demo", Keys: []string{"D"}, Help: "demo", Description: "Open the demo: a simulated swarm without a server."},

		{ID: "list.up", Keys: []string{"up", "k"}, Help: "move", Label: "↑↓", Scope: List, Description: "Select the row above.", Order: 20, Keep: 8},
		{ID: "list.down", Keys: []string{"down", "j"}, Help: "down", Scope: List, Description: "Select the row below."},
		{ID: "list.pageup", Keys: []string{"pgup"}, Help: "page up", Scope: List, Description: "One page up."},
		{ID: "list.pagedown", Keys: []string{"pgdown"}, Help: "page down", Scope: List, Description: "One page down."},
		{ID: "list.home", Keys: []string{"home", "g"}, Help: "first", Scope: List, Description: "First row."},
		{ID: "list.end", Keys: []string{"end", "G"}, Help: "last", Scope: List, Description: "Last row; in a list that grows, follow it."},
		{ID: "list.open", Keys: []string{"enter"}, Help: "open", Scope: List, Description: "Open the selected row.", Order: 30, Keep: 2},
		{ID: "list.back", Keys: []string{"esc"}, Help: "back", Scope: List, Description: "Close the detail, clear the filter, or clear the marks, in that order."},
		{ID: "list.filter", Keys: []string{"/"}, Help: "filter", Scope: List, Description: "Show only the rows that match.", Order: 50, Keep: 3},
		{ID: "list.copy", Keys: []string{"y"}, Help: "copy", Scope: List, Description: "Copy the selected row's identity or contents."},

		{ID: "queues.compose", Keys: []string{"c"}, Help: "compose", Scope: Queues, Description: "Write a packet to this queue.", Order: 55, Keep: 5},
		{ID: "queues.raw", Keys: []string{"x"}, Help: "hex", Scope: Queues, Description: "Show the selected packet as bytes, or as JSON again.", Order: 56, Keep: 9},

		{ID: "agents.fold", Keys: []string{"left", "h"}, Help: "fold", Scope: Agents, Description: "Hide the workers below this agent.", Order: 55, Keep: 9},
		{ID: "agents.unfold", Keys: []string{"right", "l"}, Help: "unfold", Scope: Agents, Description: "Show the workers below this agent."},

		{ID: "list.mark", Keys: []string{"space"}, Help: "mark", Scope: Carcel, Description: "Mark the selected entry, or take its mark away; acts then go to all that are marked.", Order: 40, Keep: 6},
		{ID: "carcel.range", Keys: []string{"V"}, Help: "mark range", Scope: Carcel, Description: "Mark every entry from the one marked last to the selected one."},
		{ID: "carcel.all", Keys: []string{"*"}, Help: "mark all", Scope: Carcel, Description: "Mark all that the filter shows, or take all marks away."},
		{ID: "carcel.edit", Keys: []string{"e"}, Help: "edit", Scope: Carcel, Description: "Edit the selected entry's contents and replay it as a new packet.", Order: 42, Keep: 7},
		{ID: "carcel.sign", Keys: []string{"a"}, Help: "sign", Scope: Carcel, Dangerous: true, Description: "Sign that the packet may go; the last signature releases it.", Order: 100, Keep: 1},
		{ID: "carcel.deny", Keys: []string{"d"}, Help: "deny", Scope: Carcel, Dangerous: true, Description: "Sign that the packet may not go, and say why.", Order: 105, Keep: 4},
		{ID: "carcel.appeal", Keys: []string{"A"}, Help: "appeal", Scope: Carcel, Dangerous: true, Description: "Put a blocked packet before a person, and say why.", Order: 110, Keep: 9},
		{ID: "carcel.replay", Keys: []string{"r"}, Help: "replay", Scope: Carcel, Dangerous: true, Description: "Judge again what is marked or selected, and release what the policy now approves.", Order: 115, Keep: 2},
		{ID: "carcel.discard", Keys: []string{"x"}, Help: "discard", Scope: Carcel, Dangerous: true, Description: "Put what is marked or selected into the bin, which keeps it for seven days.", Order: 120, Keep: 5},
		{ID: "carcel.restore", Keys: []string{"u"}, Help: "bin", Scope: Carcel, Dangerous: true, Description: "Choose from the bin what comes back into the carcel."},
		{ID: "carcel.pause", Keys: []string{"p"}, Help: "pause run", Scope: Carcel, Dangerous: true, Description: "Pause the replay under way, at once; or carry on one that stands, which asks first.", Order: 95, Keep: 1},
		{ID: "carcel.cancel", Keys: []string{"c"}, Help: "cancel run", Scope: Carcel, Dangerous: true, Description: "End the replay; what was released stays released."},

		{ID: "edit.replay", Keys: []string{"ctrl+enter", "alt+enter", "f5"}, Help: "replay", Scope: Edit, Dangerous: true, Description: "Replay the entry with these contents; f5 works in every terminal.", Order: 10, Keep: 1},
		{ID: "edit.format", Keys: []string{"ctrl+f"}, Help: "format json", Scope: Edit, Description: "Indent the contents again.", Order: 20, Keep: 4},
		{ID: "edit.leave", Keys: []string{"esc"}, Help: "leave", Scope: Edit, Description: "Leave the editor; nothing is replayed.", Order: 30, Keep: 3},

		{ID: "compose.next", Keys: []string{"tab"}, Help: "field", Scope: Compose, Shadows: "pane.next", Description: "Next field.", Order: 10, Keep: 2},
		{ID: "compose.previous", Keys: []string{"shift+tab"}, Help: "field back", Scope: Compose, Shadows: "pane.previous", Description: "Field before."},
		{ID: "compose.send", Keys: []string{"ctrl+enter", "alt+enter", "f5"}, Help: "send", Scope: Compose, Dangerous: true, Description: "Send the packet; f5 works in every terminal.", Order: 20, Keep: 1},
		{ID: "compose.template", Keys: []string{"ctrl+t"}, Help: "template", Scope: Compose, Description: "Fill the contents from a primitive's template.", Order: 30, Keep: 4},
		{ID: "compose.open", Keys: []string{"ctrl+o"}, Help: "open draft", Scope: Compose, Description: "Open another draft, or a packet sent before.", Order: 40, Keep: 6},
		{ID: "compose.format", Keys: []string{"ctrl+f"}, Help: "format json", Scope: Compose, Description: "Indent the contents again.", Order: 50, Keep: 5},
		{ID: "compose.leave", Keys: []string{"esc"}, Help: "leave", Scope: Compose, Description: "Leave the field; the draft is kept.", Order: 60, Keep: 3},

		{ID: "council.whatif", Keys: []string{"w"}, Help: "what if", Scope: Council, Description: "Try another policy on the last decisions and see which would flip; nothing is changed.", Order: 52, Keep: 4},
		{ID: "council.sort", Keys: []string{"s"}, Help: "sort", Scope: Council, Description: "Sort by how often each rule fired, or by the policy's own order again.", Order: 54, Keep: 5},
		{ID: "council.read", Keys: []string{"r"}, Help: "read again", Scope: Council, Description: "Read the counts now instead of waiting.", Order: 56, Keep: 9},

		{ID: "activity.follow", Keys: []string{"f"}, Help: "follow", Scope: Activity, Description: "Stay at the end as new events come, or stop.", Order: 45, Keep: 4},

		{ID: "dialog.cancel", Keys: []string{"esc"}, Help: "cancel", Scope: Dialog, Description: "Close without doing anything."},
		{ID: "dialog.next", Keys: []string{"tab", "down"}, Help: "next", Scope: Dialog, Description: "Next field."},
		{ID: "dialog.previous", Keys: []string{"shift+tab", "up"}, Help: "back", Scope: Dialog, Description: "Field before."},
		{ID: "picker.up", Keys: []string{"up", "ctrl+p"}, Help: "up", Scope: Picker, Description: "Choice above."},
		{ID: "picker.down", Keys: []string{"down", "ctrl+n"}, Help: "down", Scope: Picker, Description: "Choice below."},
		{ID: "picker.choose", Keys: []string{"enter"}, Help: "choose", Scope: Picker, Description: "Take the selected choice."},
		{ID: "picker.cancel", Keys: []string{"esc"}, Help: "cancel", Scope: Picker, Description: "Close without choosing."},
	}
}
