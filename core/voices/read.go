package voices

import (
	"fmt"
	"slices"
)

// rule is one thing that a voice looks for in cases of some kinds.
type rule struct {
	voice Voice
	name  string
	of    []Kind
	say   func(*Case, *said)
}

// Kinds that rules have in common.
var (
	ofPackets = []Kind{OfPacket, OfDecision, OfEntry}
	ofSwarm   = []Kind{OfSwarm}
	ofQueue   = []Kind{OfQueue}
	ofAgent   = []Kind{OfAgent}
	ofTask    = []Kind{OfTask}
)

// rules are all there are. Findings of one severity keep this order.
var rules = slices.Concat(sergioRules, legalRules, roryRules, dannyRules)

// said gathers what a rule finds.
type said struct{ findings []Finding }

// add tells something; that it names evidence is checked when it is compiled.
// What it gives back takes what can be done about it.
func (s *said) add(severity Severity, sentence string, first Ref, more ...Ref) *Finding {
	f, err := NewFinding(severity, sentence, append([]Ref{first}, more...)...)
	if err != nil { // a rule that is wrong, which its test shows
		panic(fmt.Sprintf("voices: %v: %q", err, sentence))
	}
	s.findings = append(s.findings, f)
	return &s.findings[len(s.findings)-1]
}

func (f *Finding) offer(act Act, on Subject, words string) {
	f.action = &Action{Act: act, On: on, Words: words}
}

func (f *Finding) command(words, text string) {
	f.action = &Action{Act: Command, Words: words, Text: text}
}

// Read gives the four readings of a case, in the order of Voices.
func Read(c Case) [len(Voices)]Reading {
	var out [len(Voices)]Reading
	for i, v := range Voices {
		out[i] = read(&c, v)
	}
	return out
}

func read(c *Case, v Voice) Reading {
	var s said
	for _, r := range rules {
		if r.voice == v && slices.Contains(r.of, c.Subject.Kind) {
			r.say(c, &s)
		}
	}
	slices.SortStableFunc(s.findings, func(a, b Finding) int { return int(a.severity) - int(b.severity) })
	r := Reading{Voice: v, Question: v.Question(), Findings: s.findings}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	r.Verdict = verdict(&r)
	return r
}

// verdict sums a reading up in one line.
func verdict(r *Reading) string {
	words := map[Voice][4]string{ // wrong, watch, not known, well
		Sergio: {"work is stopped", "work goes on, not evenly", "not all is known", "nothing is in the way"},
		Legal:  {"it cannot be proved", "it can be proved in part", "it cannot be told", "it can be proved"},
		Rory:   {"it will not last as it is", "there is something to gain", "not enough was measured", "nothing to gain in the record"},
		Danny:  {"not compliant", "compliant in part", "not measured", "compliant as measured"},
	}[r.Voice]
	if len(r.Findings) == 0 {
		return "nothing to say of this"
	}
	for s := Wrong; s <= Unknown; s++ {
		if n := r.Count(s); n > 0 {
			return fmt.Sprintf("%s: %s %s", words[s], count(n), s)
		}
	}
	return words[3]
}
