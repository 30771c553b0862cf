package lineage

import (
	"encoding/json"
	"time"

	"github.com/infrafabric/ifpacket/core/carcel"
	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/ledger"
	"github.com/infrafabric/ifpacket/core/packet"
)

// document is a Report as JSON.
type document struct {
	Asked      string          `json:"asked"`
	TrackingID string          `json:"tracking_id"`
	Citation   string          `json:"citation"`
	Source     string          `json:"source"` // what the citation cites
	MadeAt     string          `json:"made_at"`
	Fate       Fate            `json:"fate"`
	Why        string          `json:"why"`
	Places     []placeDocument `json:"places"`
	Packet     json.RawMessage `json:"packet"` // null when it is nowhere
	Bytes      int             `json:"bytes"`
	Verdict    *seal.Verdict   `json:"verdict"`
	Lineage    chainDocument   `json:"lineage"`
	Seals      []sealDocument  `json:"seals"`
	Edit       *editDocument   `json:"edit"`
	Decision   json.RawMessage `json:"decision"`
	Records    []ledger.Record `json:"ledger"`
	Whole      bool            `json:"ledger_whole"`
	Proof      *ledger.Proof   `json:"proof"`
	Unproven   string          `json:"unproven,omitempty"`
	NotFound   []string        `json:"not_found"`
}

type placeDocument struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Slot  *int64 `json:"slot,omitempty"`
	Field string `json:"field,omitempty"`
	Held  bool   `json:"held,omitempty"`
}

type chainDocument struct {
	Order   string         `json:"order"`
	Entries []stepDocument `json:"entries"`
}

type stepDocument struct {
	Number int       `json:"number"`
	Entry  string    `json:"entry"` // as it stands
	Kind   string    `json:"kind"`
	Name   string    `json:"name"`
	At     string    `json:"at,omitempty"`
	Link   LinkState `json:"link"`
	Seal   int       `json:"sealed_by,omitempty"`
}

type sealDocument struct {
	Number      int    `json:"number"`
	KeyID       string `json:"key_id"`
	Name        string `json:"name"`
	Person      string `json:"person"`
	Upto        int    `json:"upto"`
	At          string `json:"at"`
	Destination string `json:"destination"`
	Operation   string `json:"operation"`
	BatchSize   int    `json:"batch_size"`
	BatchIndex  int    `json:"batch_index"`
}

type editDocument struct {
	Sealed  string          `json:"sealed_sha256"`
	Present string          `json:"present_sha256"`
	Known   string          `json:"sealed_contents_in,omitempty"`
	Changes []carcel.Change `json:"changes,omitempty"`
}

// MarshalJSON writes the whole report, each part under a name of its own; the
// packet, the decision and the records stand as Redis has them. Times are RFC
// 3339, hashes hex or, in the ledger's proof, base64.
func (r Report) MarshalJSON() ([]byte, error) {
	d := document{
		Asked: r.Asked, TrackingID: r.TrackingID, Citation: r.Citation, MadeAt: stamp(r.At), Fate: r.Fate, Why: r.Why,
		Places: []placeDocument{}, Bytes: r.Bytes, Lineage: chainDocument{r.Order, []stepDocument{}}, Seals: []sealDocument{},
		Records: append([]ledger.Record{}, r.Records...), Whole: r.Whole, Proof: r.Proof, Unproven: r.Unproven,
		NotFound: append([]string{}, r.Lacks...),
	}
	if r.TrackingID != "" {
		d.Source = "if://packet/" + r.TrackingID
	}
	for _, p := range r.Places {
		place := placeDocument{Key: p.Key, Type: p.Type, Field: p.Field, Held: p.Held}
		if p.Slot >= 0 {
			place.Slot = &p.Slot
		}
		d.Places = append(d.Places, place)
	}
	if r.Found {
		d.Verdict, d.Packet = &r.Verdict, packet.AppendJSON(nil, r.Packet)
		if !json.Valid(d.Packet) { // binary values have no JSON
			d.Packet = nil
		}
	}
	for _, s := range r.Chain {
		d.Lineage.Entries = append(d.Lineage.Entries, stepDocument{s.Number, s.Raw, s.Kind, s.Name, stamp(s.At), s.State, s.Sealed})
	}
	for i, s := range r.Seals {
		d.Seals = append(d.Seals, sealDocument{
			i + 1, s.KeyID, s.Name, s.Person, s.Upto, stamp(s.At), s.Destination, s.Operation, s.Size, s.Index,
		})
	}
	if e := r.Edit; e != nil {
		d.Edit = &editDocument{e.Sealed, e.Present, e.Known, e.Changes}
	}
	if r.Decision != nil {
		d.Decision = json.RawMessage(r.Decision.Raw)
	}
	return json.Marshal(d)
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}
