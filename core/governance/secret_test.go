package governance_test

import (
	"context"
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/core/packet"
)

func TestARuleThatFailsOnASecretDoesNotTellIt(t *testing.T) {
	payload := packet.MustValue(`{"login": {"token": "(hunter2"}}`)
	for _, when := range []string{
		`timestamp(payload.login.token) > timestamp('2020-01-01T00:00:00Z')`, `'x'.matches(payload.login.token)`,
		`{'a': 1}[payload.login.token] > 0`, `payload[payload.login.token] == 1`, `payload[payload.login.token + 'x'] == 1`,
	} {
		text := oneRule(`"` + when + `"`)
		masked := governance.Ask(context.Background(), parse(t, "mask: [payload.**.token]\n"+text), governance.Action{Payload: payload})
		if masked.Status != governance.Failed || strings.Contains(masked.Reason, "hunter2") || !strings.Contains(masked.Reason, "guardian ") {
			t.Errorf("%s: %s, %s", when, masked.Status, masked.Reason)
		}
		open := governance.Ask(context.Background(), parse(t, text), governance.Action{Payload: payload})
		if open.Status != governance.Failed || strings.Contains(open.Reason, "masked") {
			t.Errorf("%s: %s, %s", when, open.Status, open.Reason)
		}
	}
}
