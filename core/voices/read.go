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
			from := len(s.findings)
			r.say(c, &s)
			for i := from; i < len(s.findings); i++ {
				s.findings[i].rule = r.name
			}
		}
	}
	slices.SortStableFunc(s.findings, func(a, b Finding) int { return int(a.severity) - int(b.severity) })
	r := Reading{Voice: v, Question: v.Question(), Findings: s.findings}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	r.Verdict = verdict(&r, c.Subject.Kind)
	return r
}

// verdict sums a reading up in one line, short enough for a narrow column.
func verdict(r *Reading, of Kind) string {
	words := map[Voice][4]string{ // wrong, watch, not known, well
		Sergio: {"work is stopped", "work goes on, not evenly", "not all is known", "nothing is in the way"},
		Legal:  {"it cannot be proved", "it can be proved in part", "it cannot be told", "it can be proved"},
		Rory:   {"it will not last like this", "there is something to gain", "not enough was measured", "nothing to gain on record"},
		Danny:  {"not compliant", "compliant in part", "not all is measured", "compliant as measured"},
	}[r.Voice]
	if one := of != OfSwarm && of != OfQueue && of != OfAgent; one && r.Voice == Sergio {
		words = [4]string{"it did not get through", "it has to wait", "not all is known", "nothing was in the way"}
	}
	if len(r.Findings) == 0 {
		return "nothing to say of this"
	}
	elsewhere := func(f Finding) bool { return f.severity == Wrong && f.rule != "agents" }
	if r.Voice == Sergio && of == OfSwarm && r.Worst() == Wrong && !slices.ContainsFunc(r.Findings, elsewhere) {
		return "some work is stopped" // that of a silent agent; the others go on
	}
	if s := r.Worst(); s < Note {
		return words[s]
	}
	offers := func(f Finding) bool { return f.action != nil && f.action.Act == Command }
	if r.Voice == Rory && slices.ContainsFunc(r.Findings, offers) {
		return words[Watch]
	}
	return words[3]
}
