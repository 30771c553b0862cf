package seal

import (
	"encoding/hex"
	"fmt"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
)

// Context is what a packet is verified against.
type Context struct {
	Ring  *keyring.Ring // nil knows no key
	Cache *Cache        // nil remembers nothing

	// Position is that of the packet's record in the ledger, counted from 1; 0
	// is not known. Keys are judged by it, never by a clock; it counts for
	// nothing where the Evidence says that the record is of another state.
	Position int64
	Where    *Where           // where the packet was found; nil is not known
	Evidence *Evidence        // what a ledger that was checked says; nil when none was
	Registry *packet.Registry // the schemas; packet.DefaultRegistry when nil

	RequireSeal bool // a packet without a seal fails
}

// Where is where a packet was found.
type Where struct {
	Key       string
	Operation string // by which packets come there; "" leaves it open
	Held      bool   // in the carcel, which counts as here
}

// Evidence is what a ledger tells about a packet.
type Evidence struct {
	Index    int64  // of the leaf of its newest record, which was proved; below 0 there is none
	Pending  bool   // no checkpoint covers the record yet, so that logged is not checked
	Unproved string // why logged could not be checked; "" when it could
	Forged   string // why the record is not the one that was sealed: then logged is missing; "" when it is

	// Held says that by its newest record of state the packet is in the carcel:
	// found elsewhere, it went past it.
	Held bool

	Digest *Hash // packet_digest of its newest record that has one of the packet; nil for none
	Batch  bool  // that is the Merkle root of the batch in which the packet travelled
	Stored *Hash // SHA-256 of the packet as it was found, which Digest is of where there is no seal; nil when not known
}

// Verify tells what the evidence about a packet is worth. It never fails: what
// cannot be read is a part of the verdict. Faults of the reading count as
// schema invalid; under a seal they are tampering, since whoever seals writes
// no such packet. Keys come from the ring alone.
func Verify(r packet.Reading, c Context) Verdict {
	p := &r.Packet
	f := &finding{Verdict: Verdict{
		TrackingID: p.TrackingID, Schema: "valid", PaperDigest: custody.PaperNone, Links: "absent", Seals: SealsAbsent,
		Contents: "unsealed", Destination: "not known", Logged: "not checked", Fresh: "not known", Reasons: []string{},
	}}
	f.demanded = c.RequireSeal
	f.schema(&r, c.Registry)
	seals, badSeals := Read(*p)
	lineage, badLineage := lineageOf(p.ChainOfCustody)
	if badLineage == nil {
		signature, _ := p.ChainOfCustody.Get("trustworthy_signature")
		text, _ := signature.Text()
		f.PaperDigest = custody.CheckPaperDigest(lineage, text)
	}
	contents, badContents := custody.ContentsSHA256(p.Contents)
	f.sealed = badSeals != nil || len(seals) > 0
	if f.sealed && len(r.Faults) > 0 {
		f.tampered = true // its reasons are there already
	} else if f.sealed && f.Schema != "valid" {
		f.incomplete = true
	}
	switch {
	case badSeals != nil:
		f.Seals = SealsInvalid
		f.tamper("%v", badSeals)
	case f.sealed && badLineage != nil:
		f.Seals = SealsInvalid
		f.tamper("%v", badLineage)
	}
	if f.sealed && badLineage == nil && f.PaperDigest == custody.PaperNone {
		f.lack("trustworthy_signature is not the lineage's: the paper's programs will refuse it")
	}
	under := contents // what the links are over
	if len(seals) > 0 {
		under = seals[len(seals)-1].ContentsSHA256
		f.contents(seals, contents, badContents)
	}
	if badLineage == nil {
		f.links(p, under, lineage, seals)
	}
	f.Fresh = fresh(p, lineage, seals, c.Evidence)
	if f.Fresh == superseded {
		c.Position = 0
	}
	if f.Seals != SealsInvalid && len(seals) > 0 {
		f.seals(p, lineage, seals, c)
	}
	if len(seals) > 0 {
		f.destination(&seals[len(seals)-1], c.Where)
	}
	f.ledger(c.Evidence)
	if c.Evidence != nil && c.Evidence.Held && c.Where != nil && !c.Where.Held {
		f.lack("by the ledger it is held in the carcel, and it is in %.80q: nobody released it", c.Where.Key)
	}
	return f.sum()
}

func (f *finding) schema(r *packet.Reading, registry *packet.Registry) {
	for _, fault := range r.Faults {
		f.Schema = "invalid"
		f.reason("%s", fault)
	}
	if f.Schema != "valid" {
		return
	}
	if registry == nil {
		registry = packet.DefaultRegistry()
	}
	if err := registry.Validate(r.Packet); err != nil {
		f.Schema = "invalid"
		f.reason("%v", err)
	}
}

func (f *finding) contents(seals []Seal, digest string, err error) {
	f.Contents = contentsMatch
	if err != nil {
		f.Contents = contentsEdited
		f.tamper("%v", err)
		return
	}
	for i := range seals {
		if seals[i].ContentsSHA256 != digest {
			f.Contents = contentsEdited
			f.tamper("the contents are not those that seal %d is over: their digest is %.16s…, not %.16s…", i+1, digest, seals[i].ContentsSHA256)
			return
		}
	}
}

func (f *finding) links(p *packet.Packet, contents string, lineage []string, seals []Seal) {
	l := custody.CheckLinks(p.TrackingID, contents, lineage)
	covered := 0
	if len(seals) > 0 {
		covered = seals[len(seals)-1].Upto
	}
	switch {
	case l.Linked == 0:
	case l.Broken == 0:
		f.Links = "intact"
	default:
		f.Links = fmt.Sprintf("broken at %d", l.Broken)
		if l.Broken <= covered {
			f.tamper("lineage entry %d is not the one that was sealed, or not in its place", l.Broken)
		} else {
			f.reason("nothing binds lineage entry %d to those before it", l.Broken)
		}
	}
	if len(seals) > 0 && covered < len(lineage) {
		f.lack("the lineage has %d entries and its last seal covers %d", len(lineage), covered)
	}
}

// seals checks every seal; the worst tells the state.
func (f *finding) seals(p *packet.Packet, lineage []string, seals []Seal, c Context) {
	f.Seals = SealsValid
	worst := 0
	for i := range seals {
		state, why := f.seal(p, lineage, &seals[i], c)
		if why != "" {
			why = fmt.Sprintf("seal %d: %s", i+1, why)
		}
		switch state {
		case SealsValid:
		case KeyUnknown:
			f.lack("%s", why)
		default:
			f.tamper("%s", why)
		}
		if badness[state] > worst {
			worst, f.Seals = badness[state], state
		}
	}
}

var badness = map[SealsState]int{KeyUnknown: 1, KeyNotForIt: 2, KeyRevoked: 3, SealsInvalid: 4}

func (f *finding) seal(p *packet.Packet, lineage []string, s *Seal, c Context) (SealsState, string) {
	hash, err := s.leafHash(p, lineage)
	if err != nil {
		return SealsInvalid, err.Error()
	}
	root, ok := rootFrom(hash, s.Index, s.Size, s.path)
	if !ok {
		return SealsInvalid, fmt.Sprintf("a path of %d hashes leads from packet %d to no root of %d", len(s.path), s.Index, s.Size)
	}
	if c.Ring == nil {
		return KeyUnknown, "there is no keyring to find key " + s.KeyID + " in"
	}
	e, there := c.Ring.Find(s.KeyID)
	switch {
	case !there:
		return KeyUnknown, fmt.Sprintf("key %s is not in the keyring; the holder of the root key may run: ifpacket keys trust %s", s.KeyID, s.KeyID)
	case e.Role != keyring.Seal:
		return SealsInvalid, fmt.Sprintf("key %s of %s is no seal key", s.KeyID, e.Name)
	case !c.Cache.verified(e, s, &root):
		return SealsInvalid, fmt.Sprintf("key %s of %s has not signed this: packet or lineage were altered after it was sealed", s.KeyID, e.Name)
	}
	at := c.Position
	if at > 0 { // whoever trusts a key trusts it for what it has sealed before
		at = max(at, e.ValidFrom)
	}
	switch err := e.ValidAt(at); {
	case err != nil:
		return KeyRevoked, err.Error()
	case !e.Covers(p.Origin):
		return KeyNotForIt, fmt.Sprintf("key %s of %s may not seal origin %.80q", s.KeyID, e.Name, p.Origin)
	}
	return SealsValid, ""
}

// leafHash is the leaf of a seal, from the packet as it is and the digest of
// contents that the seal names.
func (s *Seal) leafHash(p *packet.Packet, lineage []string) (Hash, error) {
	l, err := leafOf(p, lineage, s.Upto)
	if err != nil {
		return Hash{}, err
	}
	l.contents, l.keyID, l.destination, l.operation = s.ContentsSHA256, s.KeyID, s.Destination, s.Operation
	return l.hash()
}

func (f *finding) destination(last *Seal, at *Where) {
	switch {
	case at == nil:
	case at.Held, at.Key == last.Destination && (at.Operation == "" || at.Operation == last.Operation):
		f.Destination = "here"
	default:
		f.Destination = "moved"
		f.lack("it was sealed for %s %.80q and is in %.80q", last.Operation, last.Destination, at.Key)
	}
}

// ledger tells what the ledger's word is. What could not be checked lowers
// nothing.
func (f *finding) ledger(e *Evidence) {
	switch {
	case e == nil:
		return
	case e.Forged != "":
		f.Logged = "missing"
		f.lack("%s", e.Forged)
	case e.Unproved != "":
		f.reason("%s", e.Unproved)
	case e.Pending:
	case e.Index < 0:
		f.Logged = "missing"
		f.lack("the ledger has no record of it")
	default:
		f.Logged = fmt.Sprintf("included (%d)", e.Index)
	}
	if f.Fresh == superseded {
		f.lack("the ledger's latest record of it is of another state, %s", hex.EncodeToString(e.Digest[:])[:16])
	}
}
