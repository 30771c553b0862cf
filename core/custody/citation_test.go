package custody

import (
	"strings"
	"testing"
)

func TestACitationIsTheUUIDv5OfThePacketsURI(t *testing.T) {
	ids := []string{"2f1c0d3e-8a4b-4c6d-9e7f-0a1b2c3d4e5f", "00000000-0000-4000-8000-000000000000", "task of others"}
	answers := python(t, `
import uuid
for line in lines: put("if://citation/" + str(uuid.uuid5(uuid.NAMESPACE_URL, "if://packet/" + line)))
`, ids)
	for i, id := range ids {
		got := Citation(id)
		if got != answers[i] {
			t.Errorf("%s: %s, Python says %s", id, got, answers[i])
		}
		if !Cites(got, id) || !Cites(CitationPrefix+strings.ToUpper(got[len(CitationPrefix):]), id) || Cites(got, id+"x") || Cites("if://claim/x", id) {
			t.Errorf("%s: the citation is not known again", id)
		}
	}
}

func BenchmarkCites(b *testing.B) {
	c := Citation("x")
	for b.Loop() {
		Cites(c, "2f1c0d3e-8a4b-4c6d-9e7f-0a1b2c3d4e5f")
	}
}
