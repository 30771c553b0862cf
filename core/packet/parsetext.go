package packet

import "unicode/utf8"

// str reads a string in double quotes. Without escapes it is a piece of the
// text itself.
func (p *parser) str() (string, error) {
	p.pos++
	start := p.pos
	ascii := true
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			s := p.text[start:p.pos]
			p.pos++
			if ascii {
				return s, nil
			}
			return p.checked(s), nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.fail(p.pos, "a control character in a string, which must be escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		p.pos++
	}
	return "", p.fail(len(p.text), "the text ends inside a string")
}

// checked is s as WTF-8, with a fault when it was not UTF-8.
func (p *parser) checked(s string) string {
	text, ok := toText(s)
	if !ok {
		p.note("invalid UTF-8", "UTF-8 text")
	}
	return text
}

// escaped reads a string that holds escapes, from its first byte at start.
func (p *parser) escaped(start int) (string, error) {
	buf := p.buf[:0]
	p.pos = start
	valid := true
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			p.pos++
			p.buf = buf
			if !valid {
				p.note("invalid UTF-8", "UTF-8 text")
			}
			return string(buf), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			buf = appendRune(buf, r)
		case c < ' ':
			return "", p.fail(p.pos, "a control character in a string, which must be escaped")
		case c < utf8.RuneSelf:
			buf = append(buf, c)
			p.pos++
		default:
			r, size := DecodeRune(p.text[p.pos:])
			valid = valid && size > 1 && !isHigh(r) && !isLow(r)
			buf = appendRune(buf, r)
			p.pos += size
		}
	}
	return "", p.fail(len(p.text), "the text ends inside a string")
}

// escape reads one escape sequence; a surrogate comes back as itself.
func (p *parser) escape() (rune, error) {
	at := p.pos
	p.pos += 2
	if p.pos > len(p.text) {
		return 0, p.fail(len(p.text), "the text ends inside a string")
	}
	switch c := p.text[at+1]; c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'n':
		return '\n', nil
	case 't':
		return '\t', nil
	case 'r':
		return '\r', nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'u':
		return p.unicodeEscape(at)
	}
	return 0, p.fail(at, "an unknown escape in a string")
}

func (p *parser) unicodeEscape(at int) (rune, error) {
	if p.pos+4 > len(p.text) {
		return 0, p.fail(at, `expected four hex digits behind \u`)
	}
	var r rune
	for _, c := range []byte(p.text[p.pos : p.pos+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, p.fail(at, `expected four hex digits behind \u`)
		}
	}
	p.pos += 4
	return r, nil
}

// linearDuplicates is the size up to which comparing all keys beats a map.
const linearDuplicates = 24

// eachDuplicate calls found with every key that stands in list a second
// time; found returns false to stop.
func eachDuplicate(list []Member, found func(key string) bool) {
	if len(list) > linearDuplicates {
		seen := make(map[string]struct{}, len(list))
		for i := range list {
			if _, ok := seen[list[i].Key]; ok && !found(list[i].Key) {
				return
			}
			seen[list[i].Key] = struct{}{}
		}
		return
	}
	for i := 1; i < len(list); i++ {
		key := list[i].Key
		for j := range i {
			if list[j].Key == key {
				if !found(key) {
					return
				}
				break
			}
		}
	}
}

func noteDuplicates(list []Member, path []step, out *faults) {
	eachDuplicate(list, func(key string) bool {
		out.addAt(append(path, step{key, -1}), "a duplicate key", "each key once")
		return true
	})
}
