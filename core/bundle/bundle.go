package bundle

import (
	"archive/zip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/lineage"
	"github.com/infrafabric/ifpacket/core/packet"
)

// inside is what every bundle has: how to check it, and what does.
//
//go:embed inside
var inside embed.FS

// Evidence is what a bundle is made of.
type Evidence struct {
	Report  lineage.Report
	Proofs  []ledger.Proof // of the report's records, under one checkpoint; those that are missing are told in Lacks
	Keyring []byte         // the ring's document; see keyring.Parse
	Lacks   []string       // what a checker will miss, a line each
}

// Write writes the evidence as a zip file; inside/README.md tells what is in
// it. The same evidence gives the same bytes. Errors are those of w.
func Write(w io.Writer, e *Evidence) error {
	list, err := e.files()
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	z := zip.NewWriter(w)
	for _, f := range list {
		head := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: e.Report.At.UTC()}
		to, err := z.CreateHeader(head)
		if err != nil {
			return err
		}
		if _, err := to.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}

type file struct {
	name string
	data []byte
}

// manifest is manifest.json.
type manifest struct {
	Type       string            `json:"_type"` // "if.packet/bundle/v1"
	TrackingID string            `json:"tracking_id"`
	MadeAt     string            `json:"made_at"` // RFC 3339
	Lacks      []string          `json:"lacks"`
	SHA256     map[string]string `json:"sha256"` // of each other file, in hex
}

func (e *Evidence) files() ([]file, error) {
	r := &e.Report
	var list []file
	for _, name := range []string{"README.md", "check.py", "evidence.py"} {
		text, err := inside.ReadFile("inside/" + name)
		if err != nil {
			return nil, err
		}
		list = append(list, file{name, text})
	}
	approvals := []governance.Approval{}
	if r.Decision != nil {
		list = append(list, file{"decision.json", []byte(r.Decision.Raw)})
		approvals = append(approvals, r.Decision.Approvals...)
	}
	if r.Found {
		list = append(list, file{"stored.bin", []byte(r.Stored)})
		if text := packet.AppendJSON(nil, r.Packet); json.Valid(text) { // binary values have no JSON
			list = append(list, file{"packet.json", text})
		}
	}
	if len(e.Keyring) > 0 {
		list = append(list, file{"keyring.json", e.Keyring})
	}
	if n := len(e.Proofs); n > 0 {
		list = append(list, file{"checkpoint.txt", []byte(e.Proofs[n-1].Checkpoint.Note)})
	}
	for name, part := range map[string]any{
		"report.json": r, "records.json": append([]ledger.Record{}, r.Records...),
		"proofs.json": append([]ledger.Proof{}, e.Proofs...), "approvals.json": approvals,
	} {
		text, err := json.MarshalIndent(part, "", " ")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, file{name, append(text, '\n')})
	}
	slices.SortFunc(list, func(a, b file) int { return strings.Compare(a.name, b.name) })
	m := manifest{
		Type: "if.packet/bundle/v1", TrackingID: r.TrackingID, MadeAt: r.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		Lacks: append([]string{}, e.Lacks...), SHA256: map[string]string{},
	}
	for _, f := range list {
		sum := sha256.Sum256(f.data)
		m.SHA256[f.name] = hex.EncodeToString(sum[:])
	}
	text, err := json.MarshalIndent(m, "", " ")
	return append(list, file{"manifest.json", append(text, '\n')}), err
}
