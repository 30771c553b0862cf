package governance

import ("testing";"fmt";"strings";"time")

func TestZZ(t *testing.T) {
	for name, text := range map[string]string{
		"dashes": strings.Repeat("- ", 1<<18),
		"dashes2k": strings.Repeat("- ", 2000),
		"questions": strings.Repeat("? ", 1<<12),
		"flow": "a: [" + strings.Repeat("1,", 1<<18) + "1]",
		"quotes": strings.Repeat("\"", 1<<19),
		"colons": strings.Repeat("a: ", 1<<12),
		"bangs": strings.Repeat("!", 1<<14),
		"tags": strings.Repeat("!a ", 1<<12),
		"anchors": strings.Repeat("&a ", 1<<12),
		"bars": strings.Repeat("|\n", 1<<16),
		"keys": func() string { var b strings.Builder; for i := range 1<<14 { fmt.Fprintf(&b, "k%d: 1\n", i) }; return b.String() }(),
		"comments": strings.Repeat("#\n", 1<<18),
		"spaces": strings.Repeat(" \n", 1<<18),
		"plain": "a: " + strings.Repeat("x\n  ", 1<<17),
		"docs": strings.Repeat("---\n", 1<<16),
		"indent": func() string { var b strings.Builder; for i := range 1000 { b.WriteString(strings.Repeat(" ", i)+"a:\n") }; return b.String() }(),
		"seqlines": "a:\n" + strings.Repeat("  - 1\n", 1<<16),
	} {
		began := time.Now()
		_, err := ParsePolicy("p", []byte(text))
		e := fmt.Sprint(err); if len(e) > 100 { e = e[:100] }
		fmt.Println(name, len(text), time.Since(began), e)
	}
}
