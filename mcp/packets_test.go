package mcp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/internal/testredis"
)

const route = `{"primitive": "matrix.route", "source": "a", "destination": "b", "n": 9007199254740993}`

func TestAnApprovedPacketIsDispatchedAndCollectedDigitForDigit(t *testing.T) {
	t.Parallel()
	testredis.Each(t, func(t *testing.T, url string) {
		c := connect(t, open(t, url, false))
		receipt := c.call(t, "dispatch", `{"key": "queue:council", "contents": `+route+`, "ttl_seconds": 60}`)
		if receipt["status"] != "dispatched" || receipt["decision"] != "approved" || receipt["operation"] != "rpush" || receipt["ttl_seconds"] != 60.0 || !strings.Contains(fmt.Sprint(receipt["next"]), "Nothing") {
			t.Errorf("%v", receipt)
		}
		for _, arguments := range []string{`{"key": "queue:council"}`, `{"key": "queue:council", "op": "lindex"}`, `{"key": "queue:council", "op": "lpop"}`} {
			r := c.raw(t, "collect", arguments)
			if !strings.Contains(text(r), `9007199254740993`) {
				t.Errorf("%s: %s", arguments, text(r))
			}
			found := c.answersOf(t, "collect", r)
			if p := field(list(found["items"])[0], "packet"); field(p, "origin") != "tester" || field(p, "tracking_id") != receipt["tracking_id"] {
				t.Errorf("%s: %v", arguments, p)
			}
		}
		empty := c.call(t, "collect", `{"key": "queue:council", "op": "lpop"}`)
		if len(list(empty["items"])) != 0 || empty["left"] != 0.0 {
			t.Errorf("%v", empty)
		}
	})
}

func TestAHeldPacketTellsWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	for contents, want := range map[string][3]string{
		`{"primitive": "process.kill", "pid": 7, "reason": "stuck"}`:                         {"requires_co_signature", "Two-person", "two persons"},
		`{"primitive": "matrix.route"}`:                                                      {"blocked", "source", "carcel appeal"},
		`{"primitive": "matrix.route", "source": "a", "destination": "b", "entropy": 0.9}`:   {"requires_human_review", "", "a person"},
		`{"primitive": "unheard.of", "vertical": "nowhere", "note": "and nowhere to go to"}`: {"error", "route", "name a key"},
	} {
		key := `"key": "queue:x", `
		if want[0] == "error" {
			key = ""
		}
		receipt := c.call(t, "dispatch", `{`+key+`"contents": `+contents+`}`)
		if receipt["status"] != "carcel" || receipt["decision"] != want[0] || !strings.Contains(fmt.Sprint(receipt["reason"]), want[1]) ||
			!strings.Contains(fmt.Sprint(receipt["next"]), want[2]) {
			t.Errorf("%s: %v", contents, receipt)
		}
		id := fmt.Sprint(receipt["tracking_id"])
		held := c.call(t, "carcel_list", `{"match": "`+id+`"}`)
		if e := list(held["entries"]); len(e) != 1 || field(e[0], "id") != id || field(e[0], "decision") != want[0] {
			t.Errorf("%v", held)
		}
		if told := c.call(t, "trace", `{"id": "`+id+`"}`); told["fate"] != "held" || told["decision"] != want[0] {
			t.Errorf("%v", told)
		}
	}
	if n := r.Exists(ctx, "queue:x").Val(); n != 0 {
		t.Error("something was sent")
	}
	all := c.call(t, "carcel_list", `{"limit": 1}`)
	if all["total"] != 4.0 || len(list(all["entries"])) != 1 {
		t.Errorf("%v", all)
	}
}

func TestADispatchRepeatedWithItsTrackingIdLandsOnce(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	arguments := `{"key": "queue:q", "contents": ` + route + `, "tracking_id": "550e8400-e29b-41d4-a716-446655440000"}`
	c.call(t, "dispatch", arguments)
	again := c.call(t, "dispatch", arguments)
	if again["repeated"] != true || r.LLen(ctx, "queue:q").Val() != 1 {
		t.Errorf("%v", again)
	}
	c.fails(t, "dispatch", strings.Replace(arguments, `"b"`, `"c"`, 1), "in use")
}

func TestWhatCannotBeDispatchedOrCollectedIsToldInOneLine(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	r.Set(ctx, "queue:string", "x", 0)
	for arguments, words := range map[string][]string{
		`{}`:                 {"contents: missing"},
		`{"contents": null}`: {"contents: null, expected object"},
		`{"contents": "x", "ttl_seconds": 0, "nope": 1, "operation": "sadd\n"}`:                           {"contents", "ttl_seconds: 0, expected integer from 1 to 86400", `"nope"`, "one of set lpush"},
		`{"contents": ` + route + `, "key": "queue:string"}`:                                              {"wrong type", "expected list, found string"},
		`{"contents": ` + route + `, "key": "carcel:dead_letters"}`:                                       {"belongs to the engine"},
		`{"contents": ` + route + `, "key": "queue:q", "tracking_id": "` + strings.Repeat("x", 36) + `"}`: {"tracking_id"},
		`{"contents": ` + route + `, "key": "queue:q", "schema_version": "9"}`:                            {"schema_version"},
		`{"contents": {"a": 1, "a": 2}, "key": "queue:q"}`:                                                {"contents"},
		`{"contents": ` + route + `, "key": "queue:q", "ttl_seconds": 1.5}`:                               {"1.5, expected integer"},
	} {
		c.fails(t, "dispatch", arguments, words...)
	}
	for arguments, words := range map[string][]string{
		`{"key": "queue:string"}`:                  {"wrong type"},
		`{"key": "somebody:else"}`:                 {"name op"},
		`{"key": "queue:q", "op": "flushall"}`:     {"one of get lindex"},
		`{"key": "queue:q", "count": 101}`:         {"from 1 to 100"},
		`{"key": "agents:metadata", "op": "hget"}`: {"field"},
		`{"key": ""}`:                              {"1 to 1024 characters"},
	} {
		c.fails(t, "collect", arguments, words...)
	}
	c.fails(t, "trace", `{"id": "nonsense"}`)
	c.fails(t, "trace", `{"id": "550e8400-e29b-41d4-a716-446655440000"}`)
	if keys := r.Keys(ctx, "queue:*").Val(); len(keys) != 1 {
		t.Errorf("%v", keys)
	}
	c.call(t, "collect", `{"key": "queue:q", "count": null}`) // null is as good as nothing
}

func TestAnAnswerIsNeverTooLongAndATakeGivesAllThatItTook(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	for range 30 {
		c.call(t, "dispatch", fmt.Sprintf(`{"key": "queue:q", "contents": {"primitive": "matrix.route", "source": "a", "destination": "b", "fill": %q}}`, strings.Repeat("x", 30_000)))
	}
	seen := c.call(t, "collect", `{"key": "queue:q", "count": 100}`)
	if n := len(list(seen["items"])); n < 8 || n > 10 || seen["more"] != true {
		t.Errorf("a look gave %d, more %v", n, seen["more"])
	}
	few := c.call(t, "collect", `{"key": "queue:q", "index": 28, "count": 5}`)
	if len(list(few["items"])) != 2 || few["more"] != false {
		t.Errorf("the end: %d, more %v", len(list(few["items"])), few["more"])
	}
	last := c.call(t, "collect", `{"key": "queue:q", "index": -3, "count": 3}`)
	if len(list(last["items"])) != 3 || last["more"] != false {
		t.Errorf("from the end: %d, more %v", len(list(last["items"])), last["more"])
	}
	taken := c.call(t, "collect", `{"key": "queue:q", "op": "lpop", "count": 100}`)
	n := len(list(taken["items"]))
	if left := r.LLen(ctx, "queue:q").Val(); n < 8 || n > 20 || int64(n)+left != 30 || taken["left"] != float64(left) {
		t.Errorf("a take gave %d and left %d, told as %v", n, left, taken["left"])
	}
}

func TestValuesOfOthersAreHandedOverAsTheyAre(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	r.RPush(ctx, "queue:q", "\x00\xff\x1b[2J", `{"origin": "py", "contents": {"a": 1}, "tracking_id": "x", "dispatched_at": "2025-12-02T14:35:18", "schema_version": "1.0"}`)
	items := list(c.call(t, "collect", `{"key": "queue:q", "include_expired": true}`)["items"])
	if len(items) != 2 || field(items[0], "raw_base64") != "AP8bWzJK" || field(items[1], "packet", "origin") != "py" || len(list(field(items[1], "faults"))) == 0 {
		t.Errorf("%v", items)
	}
}

func TestWhatIsTooLargeForAModelIsToldAndLeftWhereItIs(t *testing.T) {
	t.Parallel()
	c, r, _ := start(t)
	huge := strings.Repeat("x", 2<<20)
	r.RPush(ctx, "queue:q", huge, "small")
	items := list(c.call(t, "collect", `{"key": "queue:q"}`)["items"])
	if len(items) != 2 || !strings.Contains(fmt.Sprint(field(items[0], "faults")), "2097152 bytes") || field(items[1], "raw_base64") == nil {
		t.Errorf("%.300v", items)
	}
	r.RPush(ctx, "messages:ann", fmt.Sprintf(`{"message_id": "msg_1", "content": %q}`, huge), `{"message_id": "msg_2", "content": "1"}`)
	mails := list(c.call(t, "peek_messages", `{"agent": "ann"}`)["messages"])
	if len(mails) != 2 || field(mails[0], "omitted") == nil || field(mails[1], "content") != 1.0 {
		t.Errorf("%.300v", mails)
	}
	taken := list(c.call(t, "receive_messages", `{"agent": "ann", "count": 1}`)["messages"])
	if field(taken[0], "content") != huge {
		t.Error("what was taken was not given")
	}
	for range 100 {
		r.RPush(ctx, "carcel:dead_letters", fmt.Sprintf(`{"tracking_id": "x", "reason": %q, "decision": "odd", "contents": {}}`, huge[:50_000]))
	}
	if held := c.call(t, "carcel_list", `{"limit": 100}`); len(list(held["entries"])) != 100 {
		t.Errorf("%.300v", held)
	}
}

// answersOf is call for a result that is at hand.
func (c *client) answersOf(t *testing.T, name string, r any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		Structured map[string]any `json:"structuredContent"`
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		t.Fatal(err)
	}
	if err := c.answers[name].Validate(result.Structured); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return result.Structured
}
