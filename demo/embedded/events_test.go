package embedded_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestTheSameCommandsGiveTheSameEventsAndAnswers(t *testing.T) {
	realURL, ourURL := startReal(t), start(t)
	real, ours := connect(t, realURL), connect(t, ourURL)
	for _, flags := range []string{"KEA", "KEAnm"} {
		realEvents, ourEvents := listen(t, realURL), listen(t, ourURL)
		all := maps.Clone(cases)
		maps.Copy(all, streamCases)
		maps.Copy(all, scriptCases)
		for name, lines := range all {
			t.Run(name+" "+flags, func(t *testing.T) {
				for _, c := range []*redis.Client{real, ours} {
					do(t, c, "CONFIG SET notify-keyspace-events ''")
					do(t, c, "FLUSHALL")
					do(t, c, "CONFIG SET notify-keyspace-events "+flags)
				}
				realEvents.events()
				ourEvents.events()
				for line := range strings.Lines(lines) {
					line = strings.TrimSpace(line)
					if line == "" {
						continue
					}
					line, eventsOnly := strings.CutPrefix(line, "~")
					want, got := do(t, real, line), do(t, ours, line)
					if got != want && !eventsOnly {
						t.Errorf("%s\n answers %s\n want    %s", line, got, want)
					}
					wantEvents, gotEvents := realEvents.events(), ourEvents.events()
					if !slices.Equal(gotEvents, wantEvents) {
						t.Errorf("%s\n gives %s\n want  %s", line, short(gotEvents), short(wantEvents))
					}
				}
			})
		}
	}
}

func short(events []string) string {
	if len(events) == 0 {
		return "no event"
	}
	return fmt.Sprintf("%d: %s", len(events), strings.Join(events[:min(len(events), 40)], ", "))
}
