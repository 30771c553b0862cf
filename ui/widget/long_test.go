package widget

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/infrafabric/ifpacket/themes"
)

func TestATextOfAMegabyteIsDrawnAsQuicklyAsALine(t *testing.T) {
	for _, piece := range []string{"EVIL \x1b[7m", "日本語", "é\u0301", "\xff\x80", "plain text "} {
		long := strings.Repeat(piece, 1<<20/len(piece)) + " the end"
		begin := time.Now()
		for range 10 {
			line := Text(dark, themes.Bg, 200, T(fg, long))
			exact(t, piece, line, 200, 1)
			if want := Cut(Sanitize(strings.Repeat(piece, 1000)), 199); !strings.HasPrefix(ansi.Strip(line), strings.TrimSuffix(want, "…")) {
				t.Errorf("%q is drawn as %q", piece, ansi.Strip(line))
			}
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("ten lines of %q take %s", piece, took)
		}
		if !strings.HasSuffix(measure(T(fg, long)).Text, " the end") || !utf8.ValidString(measure(T(fg, long)).Text) {
			t.Errorf("%q loses its end", piece)
		}
	}
}
