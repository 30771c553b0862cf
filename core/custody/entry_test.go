package custody

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEveryShapeOfEntryIsTakenApart(t *testing.T) {
	at := func(text string) time.Time { v, _ := time.Parse(time.RFC3339Nano, text); return v }
	hash := strings.Repeat("0af9", 16)
	for raw, want := range map[string]Entry{
		"action:dispatch|2025-12-02T14:35:22Z|status:approved|guardian:c1": {
			Kind: "action", Name: "dispatch", At: at("2025-12-02T14:35:22Z"), Fields: []Field{{"status", "approved"}, {"guardian", "c1"}}},
		"guardian:approval:2025-12-02T14:32:15Z":                    {Kind: "guardian", Name: "approval", At: at("2025-12-02T14:32:15Z")},
		"source:haiku_worker_b3f8c2|timestamp:2025-12-02T14:35:18Z": {Kind: "source", Name: "haiku_worker_b3f8c2", At: at("2025-12-02T14:35:18Z")},
		"source:w1|2025-12-02T14:35:18.000123Z|h:'" + hash + "'": {
			Kind: "source", Name: "w1", At: at("2025-12-02T14:35:18.000123Z"), Link: hash},
		"source:a%27b%7C%25%0A|2025-12-02T14:35:18Z|k:%E2%82%AC|h:'" + hash + "'": {
			Kind: "source", Name: "a'b|%\n", At: at("2025-12-02T14:35:18Z"), Fields: []Field{{"k", "€"}}, Link: hash},
		"action:x|done:95%25":                        {Kind: "action", Name: "x", Fields: []Field{{"done", "95%25"}}},
		"action:x|h:'" + hash[1:] + "'":              {Kind: "action", Name: "x", Fields: []Field{{"h", "'" + hash[1:] + "'"}}},
		"action:x|h:'" + strings.ToUpper(hash) + "'": {Kind: "action", Name: "x", Fields: []Field{{"h", "'" + strings.ToUpper(hash) + "'"}}},
		"": {}, "just words": {Name: "just words"}, "a:b:c": {Kind: "a", Name: "b:c"},
		"||x": {Fields: []Field{{"", ""}, {"", "x"}}},
		"a:b|2025-12-02T14:35:18Z|2025-12-02T14:35:19Z": {
			Kind: "a", Name: "b", At: at("2025-12-02T14:35:18Z"), Fields: []Field{{"2025-12-02T14", "35:19Z"}}},
	} {
		want.Raw, want.Body = raw, raw
		if want.Link != "" {
			want.Body = raw[:len(raw)-linkLen]
		}
		if got := ParseEntry(raw); !reflect.DeepEqual(got, want) {
			t.Errorf("%q\ngot  %+v\nwant %+v", raw, got, want)
		}
	}
}

func TestEntriesAreWrittenInPrintableASCII(t *testing.T) {
	zone := time.FixedZone("", 3600)
	got := FormatEntry("act:ion", "dis:patch", time.Date(2025, 12, 2, 15, 35, 22, 5000, zone), Field{"k|", "'\"\\|%\n\x7fé~ "}, Field{"s", "ok"})
	want := `act%3Aion:dis:patch|2025-12-02T14:35:22.000005Z|k%7C:%27%22%5C%7C%25%0A%7F%C3%A9~ |s:ok`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := FormatEntry("source", "w1", time.Time{}); got != "source:w1" {
		t.Error(got)
	}
}

func TestAnEntryThatIsWrittenIsReadBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a:|%'\"\\\n 2é"))))
		kind, name := text.Draw(t, "kind"), text.Draw(t, "name")
		fields := []Field{{"status", text.Draw(t, "value")}, {text.Draw(t, "key"), "v"}}
		body := FormatEntry(kind, name, noon, fields...)
		e := ParseEntry(body + linkMark + strings.Repeat("a", 64) + "'")
		if e.Kind != kind || e.Name != name || !e.At.Equal(noon) || !reflect.DeepEqual(e.Fields, fields) || e.Body != body {
			t.Fatalf("%q became %+v", body, e)
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	f.Add("action:dispatch|2025-12-02T14:35:22Z|status:approved")
	f.Add("a:%4|h:'" + strings.Repeat("a", 64) + "'")
	f.Fuzz(func(t *testing.T, raw string) {
		if e := ParseEntry(raw); e.Raw != raw || !strings.HasPrefix(raw, e.Body) {
			t.Fatalf("%+v", e)
		}
	})
}
