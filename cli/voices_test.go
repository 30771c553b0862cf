package cli_test

import (
	"strings"
	"testing"
)

func TestTheVoicesReadTheSwarmAndAPacket(t *testing.T) {
	s := start(t)
	onMachine(t, t.TempDir())
	id := s.sent(t)
	s.ledger("checkpoint").ends(t, 0)
	says := func(o outcome, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(o.out, w) {
				t.Errorf("they do not say %q:\n%s", w, o.out)
			}
		}
	}
	ask := func(args ...string) outcome { return run(append([]string{"voices", "--redis", s.url}, args...)...) }
	says(ask("-o", "table").ends(t, 0), "Sergio", "Legal", "Rory", "Danny", "signed by", "The ledger accounts for all 1 packet", "key ttt:ledger")
	says(ask(id, "-o", "table").ends(t, 0), "Now it is in queue:a, a list, slot 0", "The record is complete", "8 of 8 checked parts hold: verified")
	if n := len(ask(id).ends(t, 0).object(t)["readings"].([]any)); n != 4 {
		t.Errorf("%d readings", n)
	}
	says(ask("--of", "queue", "queue:a", "-o", "table").ends(t, 0), "queue:a is")
	says(ask("550e8400-e29b-41d4-a716-446655440000", "-o", "table").ends(t, 5), "neither the ledger nor Redis")
	ask("--of", "ghost", "x").fails(t, 2, "possible are packet")
	ask("a", "b").fails(t, 2, "one subject")
}
