package packet

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Registry holds the schemas that packets are held against: the two versions
// of the wire format, and JSON Schemas for the contents of primitives. It is
// safe for concurrent use.
type Registry struct {
	mu       sync.Mutex // serialises RegisterContents
	contents atomic.Pointer[map[string]*jsonschema.Schema]
}

// NewRegistry makes a registry with the schema versions and no schema for
// contents.
func NewRegistry() *Registry { return &Registry{} }

var defaultRegistry = NewRegistry()

// DefaultRegistry is the one that the process shares.
func DefaultRegistry() *Registry { return defaultRegistry }

// Versions lists the schema versions known, oldest first: "1.0", "1.1".
func (r *Registry) Versions() []string { return []string{Schema10, Schema11} }

func knownVersion(s string) bool { return s == Schema10 || s == Schema11 }

// Validate holds p against the constraints of the wire format, and its
// contents against the schema registered for their primitive. It returns nil
// or a *ValidationError with every fault at once. No type is coerced. The
// schema is not asked when contents hold what is no JSON (NaN, binary,
// lone surrogates, duplicate keys).
func (r *Registry) Validate(p Packet) error {
	if soundPacket(&p) && r.schemaFor(p.Contents) == nil {
		return nil
	}
	return r.validate(&p)
}

// soundPacket is the quick way through checkPacket: it reports whether there
// is nothing to note.
func soundPacket(p *Packet) bool {
	if n := len(p.Origin); n == 0 || n > MaxOriginLen || !ValidText(p.Origin) {
		return false
	}
	if p.TTLSeconds < MinTTL || p.TTLSeconds > MaxTTL || !ValidTrackingID(p.TrackingID) {
		return false
	}
	if _, _, ok := parseTime(p.DispatchedAt); !ok {
		return false
	}
	if p.Contents.kind != Object || !soundList(p.Contents, 2) {
		return false
	}
	if p.SchemaVersion == Schema10 && p.ChainOfCustody.IsNull() {
		return true
	}
	var out faults
	checkChain(p, false, &out)
	return knownVersion(p.SchemaVersion) && len(out.list) == 0
}

func (r *Registry) validate(p *Packet) error {
	var out faults
	var bad [fieldCount]bool
	checkPacket(p, &bad, false, &out)
	if schema := r.schemaFor(p.Contents); schema != nil && soundValue(p.Contents, 2) {
		checkSchema(schema, p.Contents, &out)
	}
	if found := out.all(); len(found) > 0 {
		return &ValidationError{found}
	}
	return nil
}

// Primitive is the word by which contents ask for an action: their member
// primitive in lower case without a leading "if.", or "unknown".
func Primitive(contents Value) string {
	v, _ := contents.Get("primitive")
	if s := normalPrimitive(v.text); v.kind == String && s != "" {
		return s
	}
	return "unknown"
}

func normalPrimitive(s string) string {
	return strings.TrimPrefix(strings.ToLower(s), "if.")
}

func (r *Registry) schemaFor(contents Value) *jsonschema.Schema {
	schemas := r.contents.Load()
	if schemas == nil {
		return nil
	}
	return (*schemas)[Primitive(contents)]
}

// RegisterContents sets the JSON Schema (draft 2020-12 unless it names
// another; formats are asserted) for contents of a primitive, in place of an
// earlier one. References to other documents are refused. The primitive is
// compared as Primitive writes it; "unknown" holds for contents that name
// none.
func (r *Registry) RegisterContents(primitive string, schemaJSON []byte) error {
	schema, err := compileSchema(normalPrimitive(primitive), schemaJSON)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	schemas := map[string]*jsonschema.Schema{}
	if old := r.contents.Load(); old != nil {
		maps.Copy(schemas, *old)
	}
	schemas[normalPrimitive(primitive)] = schema
	r.contents.Store(&schemas)
	return nil
}
