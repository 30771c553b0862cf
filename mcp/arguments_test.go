package mcp

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzArgumentsAreReadOrRefusedInOneLine(f *testing.F) {
	for _, s := range []string{`{}`, `{"contents": {"a": 1e400}}`, `{"contents": [], "ttl_seconds": "1"}`, `[`, `null`, `7`, `{"contents": {}, "Key": 1}`, `{"contents":{"a":1,"a":2},"contents":{}}`} {
		f.Add([]byte(s))
	}
	schema := schemaOf[dispatchIn](asked)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in dispatchIn
		if err := decode(schema, raw, &in); err != nil {
			if line := oneLine(err); line == "" || strings.ContainsAny(line, "\n\r\x1b\x00") {
				t.Errorf("%q", line)
			}
			return
		}
		if !json.Valid(in.Contents.RawMessage) || in.TTL < 0 || in.TTL > 86400 {
			t.Errorf("%q was taken as %+v", raw, in)
		}
	})
}
