package lineage_test

import (
	"strings"
	"testing"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/lineage"
)

func TestATraceTellsWhatThisUserMayNotReadAndGoesOn(t *testing.T) {
	h := open(t)
	id := h.send("work", "queue:a")
	h.seal()
	for user, c := range map[string]struct {
		rights []any
		lack   string
		fate   lineage.Fate
	}{
		"ledger":    {[]any{"+@all", "~queue:*", "~carcel:*", "~guardian:*", "~ttt:keyring*"}, "xrevrange", lineage.Here},
		"decisions": {[]any{"+@all", "~queue:*", "~carcel:*", "~ttt:*"}, "guardian:decision", lineage.Here},
		"carcel":    {[]any{"+@all", "~queue:*", "~guardian:*", "~ttt:*"}, "carcel:dead_letters", lineage.Here},
		"queues":    {[]any{"+@all", "~carcel:*", "~guardian:*", "~ttt:*"}, "queue:a may not be read", lineage.Unknown},
		"scan":      {[]any{"+@all", "-scan", "~*"}, "scan", lineage.Unknown},
	} {
		t.Run(user, func(t *testing.T) {
			if err := h.raw.Do(ctx, append([]any{"ACL", "SETUSER", user, "on", ">p"}, c.rights...)...).Err(); err != nil {
				t.Fatal(err)
			}
			e, err := engine.Open(engine.Config{URL: strings.Replace(h.url, "//", "//"+user+":p@", 1), Council: h.rules})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = e.Close() }()
			r, err := e.Trace(ctx, id, 0)
			if err != nil || r.Fate != c.fate || !strings.Contains(strings.Join(r.Lacks, "\n"), c.lack) {
				t.Errorf("%v, %s (%s), lacks %q", err, r.Fate, r.Why, r.Lacks)
			}
		})
	}
}
