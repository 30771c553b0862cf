package themes

import (
	"fmt"
	"image/color"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Attr is a set of text attributes.
type Attr uint8

// Attributes a style can carry besides its colour.
const (
	AttrBold Attr = 1 << iota
	AttrUnderline
	AttrReverse
	numAttrs = 1 << 3
)

type paintKind uint8

const (
	paintDefault paintKind = iota // the terminal's own colour
	paintANSI                     // one of the sixteen
	paintRGB
)

// paint is how one role looks: a colour and attributes.
type paint struct {
	kind    paintKind
	ansi    uint8
	r, g, b uint8
	attr    Attr
}

var ansiNames = []string{
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
	"bright-black", "bright-red", "bright-green", "bright-yellow",
	"bright-blue", "bright-magenta", "bright-cyan", "bright-white",
}

// parsePaint reads words such as "#82a8ff", "blue", "default", "bold",
// "underline" and "reverse", separated by spaces.
func parsePaint(s string) (paint, error) {
	var p paint
	colours := 0
	for word := range strings.FieldsSeq(s) {
		switch {
		case word == "bold":
			p.attr |= AttrBold
			continue
		case word == "underline":
			p.attr |= AttrUnderline
			continue
		case word == "reverse":
			p.attr |= AttrReverse
			continue
		case word == "default":
			p.kind = paintDefault
		case strings.HasPrefix(word, "#"):
			v, err := strconv.ParseUint(word[1:], 16, 32)
			if err != nil || len(word) != 7 {
				return p, fmt.Errorf("colour %q is not #rrggbb", word)
			}
			p.kind, p.r, p.g, p.b = paintRGB, uint8(v>>16), uint8(v>>8), uint8(v)
		default:
			i := indexOf(ansiNames, word)
			if i < 0 {
				return p, fmt.Errorf("%q is no colour: write #rrggbb, default, one of %s, or bold, underline, reverse",
					word, strings.Join(ansiNames[:8], ", "))
			}
			p.kind, p.ansi = paintANSI, uint8(i)
		}
		colours++
	}
	if colours > 1 {
		return p, fmt.Errorf("%q names %d colours, one is wanted", s, colours)
	}
	if colours == 0 && p.attr == 0 {
		return p, fmt.Errorf("no colour given")
	}
	return p, nil
}

func indexOf(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

// Color is the paint as a colour; nil where it is the terminal's own.
func (p paint) color() color.Color {
	switch p.kind {
	case paintRGB:
		return color.RGBA{p.r, p.g, p.b, 255}
	case paintANSI:
		return ansi.BasicColor(p.ansi)
	}
	return nil
}

// fg and bg are the SGR parameters of the paint; "" for the terminal's own.
func (p paint) fg() string { return p.sgr(38, 30, 90) }
func (p paint) bg() string { return p.sgr(48, 40, 100) }

func (p paint) sgr(rgb, low, high int) string {
	switch p.kind {
	case paintRGB:
		return fmt.Sprintf("%d;2;%d;%d;%d", rgb, p.r, p.g, p.b)
	case paintANSI:
		if p.ansi < 8 {
			return strconv.Itoa(low + int(p.ansi))
		}
		return strconv.Itoa(high + int(p.ansi) - 8)
	}
	return ""
}

// wrap makes an SGR sequence of parameters, leaving out empty ones.
func wrap(params ...string) string {
	var b strings.Builder
	for _, p := range params {
		if p == "" {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("\x1b[")
		} else {
			b.WriteByte(';')
		}
		b.WriteString(p)
	}
	if b.Len() == 0 {
		return ""
	}
	b.WriteByte('m')
	return b.String()
}
