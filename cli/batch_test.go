package cli_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// batch runs dispatch --batch - on the server.
func (s server) batch(lines string, args ...string) outcome {
	return feed(lines, append([]string{"dispatch", "--redis", s.url, "--batch", "-"}, args...)...)
}

func TestABatchTellsBadLinesByNumberAndSendsTheRest(t *testing.T) {
	s := start(t)
	s.Set(context.Background(), "queue:text", "precious", 0)
	o := s.batch(strings.Join([]string{
		`{"contents": {"n": 1}}`,
		`{nope`,
		``,
		`{"contents": [1]}`,
		`{"contents": {"n": 5}, "key": "context:c"}`,
		`[]`,
		`{"contents": {"n": 7}, "key": "queue:b", "operation": "lpush"}`,
		`{"contents": {"n": 8}, "key": 8}`,
		`{"contents": {"n": 9}, "ttl_seconds": 0, "origin": ""}`,
		`{"contents": {"n": 10}, "surprise": true}`,
		`{"contents": {"n": 11}}`,
	}, "\n"), "--key", "queue:a")
	o.ends(t, 2).says(t, 6, "line 2: ", "line 4: ", "line 6: ", "line 8: ", "line 9: ", "line 10: ", "ttl_seconds", "origin", "surprise")
	var keys []string
	for _, r := range o.objects(t) {
		keys = append(keys, r["key"].(string)+" "+r["operation"].(string))
	}
	if want := "queue:a rpush, context:c set, queue:b lpush, queue:a rpush"; strings.Join(keys, ", ") != want {
		t.Errorf("receipts for %q, not %q", strings.Join(keys, ", "), want)
	}
	if s.length("queue:a") != 2 || s.length("queue:b") != 1 {
		t.Error("not all good lines were sent")
	}

	o = s.batch("{\"contents\": {\"n\": 1}}\n{\"contents\": {\"n\": 1}, \"key\": \"queue:text\"}\n{nope\n", "--key", "queue:a")
	o.ends(t, 1).says(t, 2, "line 2: ", "wrong type", "line 3: ")
	if len(o.objects(t)) != 1 || s.Get(context.Background(), "queue:text").Val() != "precious" {
		t.Errorf("receipts %s", o.out)
	}
}

func TestABatchOfGoodLinesIsSilentAndEndsWell(t *testing.T) {
	s := start(t)
	path := file(t, "\n{\"contents\": {\"n\": 1}, \"origin\": \"a\"}\r\n\n{\"contents\": {\"n\": 2}, \"key\": \"queue:b\"}")
	o := s.dispatch("--batch", path, "--key", "queue:a", "--ttl", "60", "--schema", "1.0", "--origin", "preset").ends(t, 0).says(t, 0)
	if len(o.objects(t)) != 2 {
		t.Errorf("receipts %s", o.out)
	}
	if p := s.collect("--key", "queue:a", "--op", "lpop").object(t); p["origin"] != "a" || p["ttl_seconds"] != 60.0 || p["schema_version"] != "1.0" {
		t.Errorf("the packet is %v", p)
	}
	if p := s.collect("--key", "queue:b", "--op", "lpop").object(t); p["origin"] != "preset" {
		t.Errorf("the packet is %v", p)
	}
	s.batch("").ends(t, 0).says(t, 0)
}

func TestABatchEndsWithTheWorstOfItsLines(t *testing.T) {
	held := `{"contents": {"primitive": "packet.purge", "key": "queue:x", "reason": "old"}}`
	good := `{"contents": {"primitive": "matrix.route", "source": "a", "destination": "b"}}`
	for lines, code := range map[string]int{good: 0, good + "\n" + held: 3, held + "\n{nope\n" + good: 2} {
		if o := feed(lines, "--demo", "dispatch", "--batch", "-", "--key", "queue:x"); o.code != code {
			t.Errorf("%s ends with %d, not %d: %s", lines, o.code, code, o.err)
		}
	}
}

func TestFiveThousandLinesForSeveralKeysKeepTheirOrder(t *testing.T) {
	s := start(t)
	const n = 5000
	var lines strings.Builder
	id := func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) }
	for i := range n {
		fmt.Fprintf(&lines, `{"tracking_id": "%s", "contents": {"n": %d}, "key": "queue:%d"}`+"\n", id(i), i, i%7)
	}
	receipts := s.batch(lines.String()).ends(t, 0).says(t, 0).objects(t)
	if len(receipts) != n {
		t.Fatalf("%d receipts", len(receipts))
	}
	for i, r := range receipts {
		if r["tracking_id"] != id(i) || r["key"] != fmt.Sprintf("queue:%d", i%7) {
			t.Fatalf("receipt %d is %v", i, r)
		}
	}
	for k := range 7 {
		packets := s.collect("--key", fmt.Sprintf("queue:%d", k), "--op", "lrange").objects(t)
		for i, p := range packets {
			if p["tracking_id"] != id(7*i+k) {
				t.Fatalf("queue:%d holds %v at %d", k, p["tracking_id"], i)
			}
		}
	}
}

func TestABatchThatCannotBeReadOrSent(t *testing.T) {
	s := start(t)
	s.dispatch("--batch", "/nowhere/packets.ndjson", "--key", "queue:a").fails(t, 1, "/nowhere/packets.ndjson", "no such file")
	s.dispatch("--key", "queue:a", "--contents", "@/nowhere/contents.json").fails(t, 1, "/nowhere/contents.json", "no such file")
	feed("{\"contents\": {\"n\": 1}}\n{\"contents\": {\"n\": 1}}\n", "dispatch", "--redis", nobody(t), "--batch", "-", "--key", "queue:a").
		fails(t, 1, "line 1", "does not answer", "nothing was sent")
	feed("{\"contents\": {\"n\": 1}}\n{\"contents\": {\"n\": 1}}\n", "dispatch", "--schema", "1.0", "--redis", nobody(t), "--batch", "-", "--key", "queue:a").
		fails(t, 1, "does not answer", "2 packets are not known to have landed")
	s.batch(`{"contents": {"x": "`+strings.Repeat("x", 17<<20)+`"}}`).fails(t, 2, "line 1")
}
