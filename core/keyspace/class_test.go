package keyspace

import (
	"path"
	"testing"
)

func TestClassifyTellsAKeyByItsWholeShape(t *testing.T) {
	cases := map[string]Class{
		"queue:council":                        PacketQueue,
		"queue:a:b":                            PacketQueue,
		"queue:":                               Other,
		"queue":                                Other,
		"messages:haiku_worker_9c01":           Inbox,
		"carcel:dead_letters":                  Carcel,
		"carcel:expired":                       Carcel,
		"context:plan":                         SharedContext,
		"swarm:sessions":                       SwarmSet,
		"swarm:subagents:x":                    SwarmSet,
		"agents:metadata":                      PacketHash,
		"agents:haiku_worker_9c01":             AgentInfo,
		"agents:haiku_worker_9c01:heartbeat":   AgentHeartbeat,
		"agents:haiku_worker_9c01:hb":          AgentHeartbeat,
		"agents:haiku_worker_9c01:context":     AgentContextInfo,
		"agents:w:context:chunk:3":             AgentContextChunk,
		"agents:w:public_key":                  Other,
		"agents::heartbeat":                    Other,
		"tasks:meta:task_1":                    TaskInfo,
		"tasks:queue:search":                   TaskWaiting,
		"tasks:claimed:task_1":                 TaskClaim,
		"tasks:completed:task_1":               TaskResult,
		"tasks:other:task_1":                   Other,
		"guardian:decision:550e":               DecisionRecord,
		"ttt:ledger:main":                      LedgerStream,
		"ttt:ledger:main:checkpoint":           Internal,
		"ifp:batch:1":                          Internal,
		ConversationInbox("c", "a"):            Internal,
		Delayed("q:1"):                         Internal,
		Leased("q:1"):                          Internal,
		StagedContext("a", "1") + "0":          Internal,
		ContextChunks("w") + "3":               AgentContextChunk,
		ConversationInbox("c", "a"):            Internal,
		"somebody:elses":                       Other,
		Main.Ledger():                          LedgerStream,
		Main.BrokenLedger(7):                   Internal,
		Partition("energy").Ledger():           LedgerStream,
		Partition("energy").DeadLetters():      Carcel,
		Partition("energy").Decision("x"):      DecisionRecord,
		Partition("energy").BatchDecision("x"): DecisionRecord,
	}
	for key, want := range cases {
		if got := Classify(key); got != want {
			t.Errorf("Classify(%q) = %v, want %v", key, got, want)
		}
	}
}

func TestIdsAreReadBackFromTheKeysThatCarryThem(t *testing.T) {
	for _, key := range []string{Agent("a_1"), Heartbeat("a_1"), PaperHeartbeat("a_1"), AgentContext("a_1"), ContextChunk("a_1", 2), Messages("a_1")} {
		if got := AgentOf(key); got != "a_1" {
			t.Errorf("AgentOf(%q) = %q", key, got)
		}
	}
	for _, key := range []string{TaskMeta("task_1"), TaskClaimed("task_1"), TaskCompleted("task_1")} {
		if got := TaskOf(key); got != "task_1" {
			t.Errorf("TaskOf(%q) = %q", key, got)
		}
	}
	if AgentOf(AgentsMetadata) != "" || TaskOf(TaskQueue("q")) != "" {
		t.Error("keys without an id gave one")
	}
	if id, ok := ParentOf(Subagents("p")); !ok || id != "p" {
		t.Errorf("ParentOf = %q, %v", id, ok)
	}
}

func TestANotificationNamesItsKey(t *testing.T) {
	key, ok := NotifiedKey(Notification("0", "queue:a__:b"))
	if !ok || key != "queue:a__:b" {
		t.Errorf("NotifiedKey = %q, %v", key, ok)
	}
	if _, ok := NotifiedKey("channel:broadcast"); ok {
		t.Error("a plain channel passed for a notification")
	}
}

func TestWhatIsWatchedCoversWhatTheConsoleShowsAndNotItsOwnRecords(t *testing.T) {
	watched := func(key string) bool {
		for _, p := range Watched() {
			if ok, _ := path.Match(p, key); ok {
				return true
			}
		}
		return false
	}
	for _, key := range []string{Queue("q"), Messages("a"), Main.DeadLetters(), Heartbeat("a"), SwarmSessions, TaskClaimed("t"), Context("c")} {
		if !watched(key) {
			t.Errorf("%s is not watched", key)
		}
	}
	for _, key := range []string{Main.Decision("x"), Main.Ledger(), Main.BatchMark("b")} {
		if watched(key) {
			t.Errorf("%s is watched: every dispatch would be told twice", key)
		}
	}
}

func TestATaskQueueIsCalledByItsNameAndOtherKeysByThemselves(t *testing.T) {
	for key, want := range map[string]string{"tasks:queue:review": "tasks:review", "queue:a": "queue:a", "tasks:meta:t": "tasks:meta:t"} {
		if got := Label(key); got != want {
			t.Errorf("Label(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestEveryKeyOfOursHasItsType(t *testing.T) {
	p := Main
	for key, want := range map[string]string{
		p.DeadLetters(): "list", p.Expired(): "list", p.Marks(): "zset", p.Pending(): "zset", p.Changes(): "string",
		p.Bin("ab"): "string", p.Bins(): "zset", p.Run("r"): "hash", p.RunPlan("r"): "list", p.RunReleased("r"): "set", p.Runs(): "zset",
		p.Rate("lab"): "zset", p.Fired(7): "hash", p.BatchMark("b"): "string", p.Decision("d"): "string", p.Ledger(): "stream",
		p.Checkpoint(): "string", p.Tiles(): "hash", Partition("x").Tiles(): "hash", Keyring: "string", KeyRequests: "hash", Queue("q"): "list", Context("c"): "string",
		Conversation("c"): "hash", ConversationInbox("c", "a"): "list", ConversationSent("c", "b"): "zset",
		AgentsMetadata: "hash", TaskQueue("q"): "zset", Delayed("q"): "zset", Leased("q"): "zset", StagedContext("a", "1") + "0": "string", "somebody:else": "",
	} {
		if got := TypeOf(key); got != want {
			t.Errorf("%s must be a %q, told is %q", key, want, got)
		}
	}
}
