package ledger

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

type recordDocument struct {
	Position int64    `json:"position"`
	Fields   [][2]any `json:"fields"`
}

// MarshalJSON writes a record as segments and proofs have it: values that are
// no text as {"base64": "…"}.
func (r Record) MarshalJSON() ([]byte, error) {
	out := recordDocument{Position: r.Position, Fields: make([][2]any, len(r.Fields))}
	for i, f := range r.Fields {
		out.Fields[i] = [2]any{jsonText(f.Name), jsonText(f.Value)}
	}
	return json.Marshal(out)
}

func jsonText(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(s))}
}

// textOf reads what jsonText writes.
func textOf(v any) (text string, ok bool) {
	coded, is := v.(map[string]any)
	if !is {
		text, ok = v.(string)
		return text, ok
	}
	encoded, ok := coded["base64"].(string)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	return string(raw), ok && err == nil && len(coded) == 1
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(text []byte) error {
	var in recordDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	r.Position, r.Fields = in.Position, make([]Field, len(in.Fields))
	for i, f := range in.Fields {
		name, ok := textOf(f[0])
		value, text := textOf(f[1])
		if !ok || !text {
			return fmt.Errorf("field %d of record %d is no name and value", i+1, in.Position)
		}
		r.Fields[i] = Field{name, value}
	}
	return nil
}

// MarshalJSON writes a checkpoint as
//
//	{"origin", "base", "size", "root", "at", "key_id", "name", "note"}
//
// with the root in base64 and the time in RFC 3339. The note alone is signed.
func (c Checkpoint) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Origin string `json:"origin"`
		Base   int64  `json:"base"`
		Size   int64  `json:"size"`
		Root   []byte `json:"root"`
		At     string `json:"at"`
		KeyID  string `json:"key_id"`
		Name   string `json:"name"`
		Note   string `json:"note"`
	}{c.Origin, c.Base, c.Size, c.Root[:], c.At.UTC().Format(time.RFC3339), c.KeyID, c.Name, c.Note})
}

// MarshalJSON writes a proof as
//
//	{"record": {"position", "fields"}, "leaf_hash", "index", "path": […], "checkpoint"}
//
// with hashes in base64. The leaf hash follows from the record (see
// Record.AppendText) and the path leads from it to the checkpoint's root.
func (p Proof) MarshalJSON() ([]byte, error) {
	leaf := p.Record.Leaf()
	path := make([][]byte, len(p.Path))
	for i := range p.Path {
		path[i] = p.Path[i][:]
	}
	return json.Marshal(struct {
		Record     Record     `json:"record"`
		Leaf       []byte     `json:"leaf_hash"`
		Index      int64      `json:"index"`
		Path       [][]byte   `json:"path"`
		Checkpoint Checkpoint `json:"checkpoint"`
	}{p.Record, leaf[:], p.Index, path, p.Checkpoint})
}
