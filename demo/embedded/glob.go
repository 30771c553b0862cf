package embedded

// glob matches as Redis does: * ? [a-c] [^a] and \ before a special character.
// Unlike path.Match it knows no separator.
func glob(pattern, s string) bool {
	for len(pattern) > 0 {
		switch pattern[0] {
		case '*':
			for len(pattern) > 0 && pattern[0] == '*' {
				pattern = pattern[1:]
			}
			if pattern == "" {
				return true
			}
			for i := 0; i <= len(s); i++ {
				if glob(pattern, s[i:]) {
					return true
				}
			}
			return false
		case '?':
			if s == "" {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		case '[':
			if s == "" {
				return false
			}
			ok, rest := globSet(pattern[1:], s[0])
			if !ok {
				return false
			}
			pattern, s = rest, s[1:]
		default:
			if pattern[0] == '\\' && len(pattern) > 1 {
				pattern = pattern[1:]
			}
			if s == "" || s[0] != pattern[0] {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		}
	}
	return s == ""
}

// globSet matches c against a set, the pattern after its '[', and returns what
// follows the set. A set that is not closed ends with the pattern.
func globSet(pattern string, c byte) (ok bool, rest string) {
	not := len(pattern) > 0 && pattern[0] == '^'
	if not {
		pattern = pattern[1:]
	}
	for len(pattern) > 0 && pattern[0] != ']' {
		if pattern[0] == '\\' && len(pattern) > 1 {
			pattern = pattern[1:]
		}
		from, to := pattern[0], pattern[0]
		pattern = pattern[1:]
		if len(pattern) > 1 && pattern[0] == '-' {
			to = pattern[1]
			pattern = pattern[2:]
		}
		if min(from, to) <= c && c <= max(from, to) {
			ok = true
		}
	}
	if len(pattern) > 0 {
		pattern = pattern[1:]
	}
	return ok != not, pattern
}
