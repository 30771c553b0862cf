package packet

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of what is read, so that no text can exhaust the reader.
const (
	MaxDepth  = 512  // arrays and objects inside one another
	MaxDigits = 4300 // digits of an integer, which is Python's limit
)

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset int // in bytes, from 0
	Line   int // from 1
	Column int // in characters, from 1
	Reason string
}

// Error is one line: "line 2, column 5: expected a value".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// ParseValue reads one JSON value exactly. What Python's reader tolerates,
// or another writer may have left, is read and returned as faults: duplicate
// keys, bytes behind the value, NaN and Infinity, numbers beyond float64,
// invalid UTF-8, a byte order mark. Text that is no JSON gives a
// *SyntaxError, and so do values nested deeper than MaxDepth and integers of
// more than MaxDigits digits. The value shares memory with one copy of raw.
func ParseValue(raw []byte) (Value, []Fault, error) {
	p := parser{text: string(raw), scratch: newScratch()}
	defer p.release()
	v, err := p.document()
	if err != nil {
		return Value{}, nil, err
	}
	return v, p.faults.all(), nil
}

// MustValue is ParseValue for texts that are part of a program or test: it
// panics unless json is one JSON value without any fault.
func MustValue(json string) Value {
	v, found, err := ParseValue([]byte(json))
	if err != nil {
		panic("packet: " + err.Error())
	}
	if len(found) > 0 {
		panic("packet: " + found[0].String())
	}
	return v
}

type parser struct {
	text string
	pos  int
	*scratch
}

const byteOrderMark = "\ufeff"

func (p *parser) document() (Value, error) {
	if strings.HasPrefix(p.text, byteOrderMark) {
		p.pos = len(byteOrderMark)
		p.faults.add("text", "a byte order mark", "no bytes before the value")
	}
	p.space()
	v, err := p.value(1)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.pos < len(p.text) {
		p.faults.add("text", quoteShort(p.text[p.pos:])+" after the value", "nothing more")
	}
	return v, nil
}

func (p *parser) fail(at int, reason string) error {
	before := p.text[:at]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Offset: at,
		Line:   1 + strings.Count(before, "\n"),
		Column: 1 + utf8.RuneCountInString(before[lineStart:]),
		Reason: reason,
	}
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next skips white space and returns the byte there, or 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) (Value, error) {
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.str()
		return StringOf(s), err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't' && p.word("true"):
		return BoolOf(true), nil
	case c == 'f' && p.word("false"):
		return BoolOf(false), nil
	case c == 'n' && p.word("null"):
		return Value{}, nil
	case c == 'N' && p.word("NaN"):
		return p.notFinite("NaN", math.NaN()), nil
	case c == 'I' && p.word("Infinity"):
		return p.notFinite("Infinity", math.Inf(1)), nil
	}
	return Value{}, p.fail(p.pos, "expected a value")
}

func (p *parser) word(word string) bool {
	if !strings.HasPrefix(p.text[p.pos:], word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *parser) notFinite(lexeme string, f float64) Value {
	if len(lexeme) > shortLen {
		lexeme = lexeme[:shortLen+1]
	}
	p.note(cut(lexeme), "a finite number")
	return FloatOf(f)
}

func (p *parser) object(depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, p.fail(p.pos, tooDeep)
	}
	p.pos++
	base := len(p.open)
	if p.next() == '}' {
		p.pos++
		return Value{kind: Object}, nil
	}
	for {
		if p.next() != '"' {
			return Value{}, p.fail(p.pos, "expected a key in double quotes")
		}
		key, err := p.str()
		if err != nil {
			return Value{}, err
		}
		if p.next() != ':' {
			return Value{}, p.fail(p.pos, "expected a colon behind the key")
		}
		p.pos++
		p.enter(step{key, -1})
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		p.leave(Member{key, v})
		c := p.next()
		if c != ',' && c != '}' {
			return Value{}, p.fail(p.pos, "expected a comma or } behind the member")
		}
		p.pos++
		if c == '}' {
			list := p.take(base)
			noteDuplicates(list, p.path, &p.faults)
			return Value{kind: Object, list: list}, nil
		}
	}
}

func (p *parser) array(depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, p.fail(p.pos, tooDeep)
	}
	p.pos++
	base := len(p.open)
	if p.next() == ']' {
		p.pos++
		return Value{kind: Array}, nil
	}
	for i := 0; ; i++ {
		p.enter(step{index: i})
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		p.leave(Member{Value: v})
		c := p.next()
		if c != ',' && c != ']' {
			return Value{}, p.fail(p.pos, "expected a comma or ] behind the entry")
		}
		p.pos++
		if c == ']' {
			return Value{kind: Array, list: p.take(base)}, nil
		}
	}
}

const tooDeep = "nested deeper than 512 levels"

// number reads what JSON and Python allow: no leading zeros, no plus sign,
// no bare point, and -Infinity.
func (p *parser) number() (Value, error) {
	start := p.pos
	if p.text[p.pos] == '-' {
		p.pos++
		if p.word("Infinity") {
			return p.notFinite("-Infinity", math.Inf(-1)), nil
		}
	}
	first := p.pos
	digits := p.digits()
	switch {
	case digits == 0:
		return Value{}, p.fail(first, "expected a digit")
	case digits > 1 && p.text[first] == '0':
		return Value{}, p.fail(first, "a number cannot begin with 0")
	}
	isInt := true
	if mark := p.pos; p.byteIs('.') {
		p.pos++
		if p.digits() == 0 {
			return Value{}, p.fail(mark+1, "expected a digit behind the point")
		}
		isInt = false
	}
	if p.byteIs('e') || p.byteIs('E') {
		p.pos++
		if p.byteIs('+') || p.byteIs('-') {
			p.pos++
		}
		if p.digits() == 0 {
			return Value{}, p.fail(p.pos, "expected a digit in the exponent")
		}
		isInt = false
	}
	lexeme := p.text[start:p.pos]
	if !isInt {
		return p.float(lexeme), nil
	}
	if digits > MaxDigits {
		return Value{}, p.fail(start, "an integer of more than 4300 digits")
	}
	return intValue(lexeme), nil
}

func (p *parser) byteIs(c byte) bool { return p.pos < len(p.text) && p.text[p.pos] == c }

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos]-'0' <= 9 {
		p.pos++
	}
	return p.pos - start
}

func (p *parser) float(lexeme string) Value {
	f, _ := strconv.ParseFloat(lexeme, 64) // the only error is the range, which gives ±Inf
	if math.IsInf(f, 0) {
		v := p.notFinite(lexeme, f)
		v.text = lexeme
		return v
	}
	return Value{kind: Float, num: math.Float64bits(f), text: lexeme}
}

// intValue makes an integer of a lexeme that JSON's grammar allows.
func intValue(lexeme string) Value {
	if n, err := strconv.ParseInt(lexeme, 10, 64); err == nil {
		return IntOf(n)
	}
	return Value{kind: BigInt, text: lexeme}
}
