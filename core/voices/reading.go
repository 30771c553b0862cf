package voices

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// Voice is one of the four that read a case.
type Voice string

// The four voices, in the order in which they are shown.
const (
	Sergio Voice = "Sergio" // operational
	Legal  Voice = "Legal"  // evidence
	Rory   Voice = "Rory"   // optimisation
	Danny  Voice = "Danny"  // compliance
)

// Voices are all of them.
var Voices = [...]Voice{Sergio, Legal, Rory, Danny}

// Question is what the voice asks of every case.
func (v Voice) Question() string {
	return map[Voice]string{
		Sergio: "What actually happened?",
		Legal:  "Can we prove it?",
		Rory:   "Where does efficiency lie?",
		Danny:  "Verifiable, and measured how?",
	}[v]
}

// Severity is how much a finding matters, the worst first.
type Severity uint8

// The severities.
const (
	Wrong   Severity = iota // somebody has to act
	Watch                   // somebody should look before it is wrong
	Unknown                 // it could not be told, and that matters
	Note                    // a fact, neither good nor bad
	Well                    // it was looked at, and it is in order
)

// String is the severity's word.
func (s Severity) String() string {
	return [...]string{"wrong", "watch", "not known", "note", "well"}[s]
}

// MarshalText is the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one sentence of a voice and what it rests on. Only NewFinding
// makes one, so that there is none without evidence.
type Finding struct {
	severity Severity
	sentence string
	evidence []Ref
	action   *Action
	rule     string
}

// Key is the finding's identity among those of one voice, for as long as it
// speaks of the same thing: sentences change with every figure in them.
func (f Finding) Key() string {
	return f.rule + " " + string(f.evidence[0].Kind) + " " + f.evidence[0].Name
}

// ErrNoEvidence says that somebody tried to claim something without evidence.
var ErrNoEvidence = errors.New("a finding needs a sentence and evidence for it")

// NewFinding makes a finding. The error is ErrNoEvidence where the sentence is
// empty, there is no evidence, or some of it names nothing.
func NewFinding(s Severity, sentence string, evidence ...Ref) (Finding, error) {
	blank := func(r Ref) bool { return r.Kind == "" || r.Name == "" }
	if strings.TrimSpace(sentence) == "" || len(evidence) == 0 || slices.ContainsFunc(evidence, blank) {
		return Finding{}, ErrNoEvidence
	}
	return Finding{severity: s, sentence: sentence, evidence: slices.Clone(evidence)}, nil
}

// Offering is the finding with what can be done about it.
func (f Finding) Offering(a Action) Finding {
	f.action = &a
	return f
}

// Severity is how much it matters.
func (f Finding) Severity() Severity { return f.severity }

// Sentence is what was found, in plain words.
func (f Finding) Sentence() string { return f.sentence }

// Evidence is what the sentence rests on, never empty.
func (f Finding) Evidence() []Ref { return f.evidence }

// Action is what can be done about it; nil where there is nothing to do.
func (f Finding) Action() *Action { return f.action }

// MarshalJSON is {severity, sentence, evidence, action}.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Severity Severity `json:"severity"`
		Sentence string   `json:"sentence"`
		Evidence []Ref    `json:"evidence"`
		Action   *Action  `json:"action,omitempty"`
	}{f.severity, f.sentence, f.evidence, f.action})
}

// Act is something that a person can do about a finding.
type Act string

// The acts that are offered.
const (
	Look    Act = "look"    // at the row, on its own screen
	Sign    Act = "sign"    // for a held packet
	Appeal  Act = "appeal"  // against a block
	Replay  Act = "replay"  // judge again, and release
	Trace   Act = "trace"   // the packet's whole story
	Export  Act = "export"  // the report as a file
	Accept  Act = "accept"  // a refused ledger
	Requeue Act = "requeue" // the tasks that an agent holds
	Reap    Act = "reap"    // mend what is wrong in the whole swarm
	Command Act = "command" // a command to run, which is copied
)

// Action is an act, on what, and what it would save or settle.
type Action struct {
	Act   Act     `json:"act"`
	On    Subject `json:"on,omitzero"`       // zero of a Command
	Words string  `json:"words"`             // "sign for it"
	Text  string  `json:"command,omitempty"` // of a Command
}

// Reading is what one voice has to say of a case.
type Reading struct {
	Voice    Voice     `json:"voice"`
	Question string    `json:"question"`
	Findings []Finding `json:"findings"` // the worst first
	Verdict  string    `json:"verdict"`
}

// Worst is the severity of the worst finding; Well where there is none.
func (r Reading) Worst() Severity {
	if len(r.Findings) == 0 {
		return Well
	}
	return r.Findings[0].severity
}

// Count is how many findings have a severity.
func (r Reading) Count(s Severity) (n int) {
	for i := range r.Findings {
		if r.Findings[i].severity == s {
			n++
		}
	}
	return n
}
