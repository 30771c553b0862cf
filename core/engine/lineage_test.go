package engine_test

import (
	"context"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/governance"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

func TestAPolicyThatRequiresSealsFailsPacketsWithout(t *testing.T) {
	const rest = "guardians: [{name: g, rules: [{name: r, when: entropy > 0.5, status: blocked}]}]\n"
	ctx, server := context.Background(), testredis.Start(t)
	server.Client().RPush(ctx, "queue:py", `{"tracking_id": "x", "contents": {}}`)
	for text, bad := range map[string]bool{"": false, "require_seal: true\n": true} {
		policy, err := governance.ParsePolicy("p.yaml", []byte(text+rest))
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(engine.Config{URL: server.URL(), Council: governance.Fixed(policy)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.Close() }()
		v, err := e.Verifier(ctx)
		if err != nil {
			t.Fatal(err)
		}
		verdict, err := v.VerifyRaw([]byte(`{"tracking_id": "x", "contents": {}}`), "queue:py")
		if err != nil || verdict.Overall != seal.Unauthenticated || verdict.Bad() != bad {
			t.Errorf("%q: %v, %+v", text, err, verdict)
		}
		r, err := e.Trace(ctx, "x", 0)
		if err != nil || r.Verdict.Bad() != bad {
			t.Errorf("%q: %v, %+v", text, err, r.Verdict)
		}
	}
}
