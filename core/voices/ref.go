package voices

import (
	"strconv"

	"github.com/infrafabric/ifpacket/core/ledger"
)

// RefKind is what kind of thing a piece of evidence is.
type RefKind string

// The kinds of evidence.
const (
	AtKey     RefKind = "key"      // a key of Redis
	AtRecord  RefKind = "record"   // a record of the ledger, by position
	AtPacket  RefKind = "packet"   // a field or part of a packet
	AtEntry   RefKind = "entry"    // an entry of the carcel, by SHA-256
	AtAgent   RefKind = "agent"    // a registered agent
	AtVerdict RefKind = "decision" // the council's decision record of a packet
	AtServer  RefKind = "server"   // what the server says of itself: a field of INFO or CONFIG
	AtFigure  RefKind = "figure"   // a count that the console keeps
)

// Ref names one piece of evidence, and what it said.
type Ref struct {
	Kind  RefKind `json:"kind"`
	Name  string  `json:"name"`
	Said  string  `json:"said,omitempty"`  // "depth 12,408"
	About string  `json:"about,omitempty"` // the packet that a record tells of
}

// String is the evidence in one line.
func (r Ref) String() string {
	text := string(r.Kind) + " " + r.Name
	if r.Said != "" {
		text += ": " + r.Said
	}
	return text
}

// named keeps evidence nameable where hostile data has an empty name.
func named(kind RefKind, name, said string) Ref {
	if name == "" {
		name = `""`
	}
	return Ref{Kind: kind, Name: name, Said: said}
}

func keyRef(key, said string) Ref     { return named(AtKey, key, said) }
func packetRef(id, part string) Ref   { return named(AtPacket, id, part) }
func entryRef(sha, said string) Ref   { return named(AtEntry, sha, said) }
func agentRef(id, said string) Ref    { return named(AtAgent, id, said) }
func serverRef(name, said string) Ref { return named(AtServer, name, said) }
func figureRef(name, said string) Ref { return named(AtFigure, name, said) }
func decisionRef(id, said string) Ref { return named(AtVerdict, id, said) }

// recordRef is a record of the ledger; about is the packet that it is looked up
// by, "" where it tells of several.
func recordRef(r *ledger.Record, about string) Ref {
	return Ref{Kind: AtRecord, Name: strconv.FormatInt(r.Position, 10), Said: r.Event(), About: about}
}
