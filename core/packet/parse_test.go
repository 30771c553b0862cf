package packet

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNumbersKeepTheirExactValue(t *testing.T) {
	for text, want := range map[string]string{
		"9007199254740993":           "9007199254740993",
		"9223372036854775808":        "9223372036854775808",
		"-9223372036854775808":       "-9223372036854775808",
		"-9223372036854775809":       "-9223372036854775809",
		"-0":                         "0",
		"1.10":                       "1.10",
		"1E400":                      "1E400",
		"0.1000000000000000055511":   "0.1000000000000000055511",
		strings.Repeat("9", 4300):    strings.Repeat("9", 4300),
		"-" + strings.Repeat("9", 9): "-999999999",
	} {
		v, _, err := ParseValue([]byte(text))
		if got := string(AppendValueJSON(nil, v)); err != nil || got != want {
			t.Errorf("%s was read as %s, %v", text, got, err)
		}
	}
}

func TestTextThatIsNoJSONIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "line 1, column 1: expected a value",
		"nul":                        "line 1, column 1: expected a value",
		"{\n  \"é\": tru}":           "line 2, column 8: expected a value",
		`{"a" 1}`:                    "line 1, column 6: expected a colon behind the key",
		`{a: 1}`:                     "line 1, column 2: expected a key in double quotes",
		`{"a": 1,}`:                  "line 1, column 9: expected a key in double quotes",
		`[1 2]`:                      "line 1, column 4: expected a comma or ] behind the entry",
		`[1,]`:                       "line 1, column 4: expected a value",
		`{"a": 1`:                    "line 1, column 8: expected a comma or } behind the member",
		`"a`:                         "line 1, column 3: the text ends inside a string",
		`"a\`:                        "line 1, column 4: the text ends inside a string",
		"\"a\nb\"":                   "line 1, column 3: a control character in a string, which must be escaped",
		`"\x"`:                       "line 1, column 2: an unknown escape in a string",
		`"\u12g4"`:                   `line 1, column 2: expected four hex digits behind \u`,
		`"\u12`:                      `line 1, column 2: expected four hex digits behind \u`,
		`01`:                         "line 1, column 1: a number cannot begin with 0",
		`-`:                          "line 1, column 2: expected a digit",
		`+1`:                         "line 1, column 1: expected a value",
		`1.`:                         "line 1, column 3: expected a digit behind the point",
		`1e+`:                        "line 1, column 4: expected a digit in the exponent",
		strings.Repeat("7", 4301):    "line 1, column 1: an integer of more than 4300 digits",
		strings.Repeat("[", 100_000): "line 1, column 513: nested deeper than 512 levels",
	} {
		_, _, err := ParseValue([]byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func TestNestingIsReadUpToItsLimit(t *testing.T) {
	text := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if _, _, err := ParseValue([]byte(text)); err != nil {
		t.Error(err)
	}
}

func TestWhatIsToleratedIsToldAsFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": {"b": 1, "b": 2}}`:                "a.b: a duplicate key, expected each key once",
		`{"a": 1, "\u0061": 2}`:                  "a: a duplicate key, expected each key once",
		`{"a": [1, NaN]}`:                        "a[1]: NaN, expected a finite number",
		`-Infinity`:                              "value: -Infinity, expected a finite number",
		`[1e999]`:                                "[0]: 1e999, expected a finite number",
		`{} x`:                                   `text: "x" after the value, expected nothing more`,
		"\ufeff{}":                               "text: a byte order mark, expected no bytes before the value",
		"{\"k\": \"a\xffb\"}":                    "k: invalid UTF-8, expected UTF-8 text",
		"{\"k\": \"\\n\xed\xa0\x80\"}":           "k: invalid UTF-8, expected UTF-8 text",
		`{"a b": {"c\n": 1, "c\n": 1}}`:          `"a b"["c\n"]: a duplicate key, expected each key once`,
		`["\ud800"]`:                             "",
		` { "a" : [ 1 , true , null ] } ` + "\n": "",
	} {
		_, found, err := ParseValue([]byte(text))
		if got := faultTexts(found); err != nil || got != want {
			t.Errorf("%q: %v\ngot  %s\nwant %s", text, err, got, want)
		}
	}
}

func TestTheListOfFaultsIsBounded(t *testing.T) {
	_, found, err := ParseValue([]byte("[" + strings.Repeat("NaN,", 5000) + "1]"))
	if err != nil || len(found) != maxFaults+1 || found[maxFaults].Value != "4900 more faults" {
		t.Errorf("%d faults, the last %v, %v", len(found), found[len(found)-1], err)
	}
}

func TestSurrogatesAreJoinedOnlyInPairs(t *testing.T) {
	for text, want := range map[string]string{
		`"\ud83d\ude00"`:       "😀",
		`"\ud83d"`:             "\xed\xa0\xbd",
		`"\ude00\ud83d"`:       "\xed\xb8\x80\xed\xa0\xbd",
		`"\ud83d\ud83d\ude00"`: "\xed\xa0\xbd😀",
		`"\ud83dx\ude00"`:      "\xed\xa0\xbdx\xed\xb8\x80",
	} {
		if got, _ := MustValue(text).Text(); got != want {
			t.Errorf("%s was read as %q, want %q", text, got, want)
		}
	}
}

func TestAnObjectGivesTheLastOfDuplicateKeysAsPythonDoes(t *testing.T) {
	v, _, _ := ParseValue([]byte(`{"a": 1, "b": 2, "a": 3}`))
	a, _ := v.Get("a")
	if n, _ := a.Int(); n != 3 || v.Len() != 3 {
		t.Errorf("a is %d of %d members", n, v.Len())
	}
}

func TestPythonAndWeAgreeOnWhatIsJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var lines []string
	for len(lines) < 8000 {
		text := []byte(randomJSON(r, 3))
		if len(text) > 0 { // break it in one place
			text[r.IntN(len(text))] = []byte(`{}[]",:0-.eE\ u9`)[r.IntN(16)]
		}
		if s := string(text); !strings.ContainsRune(s, '\ufffd') && ValidText(s) {
			lines = append(lines, s)
		}
	}
	answers := python(t, `
for line in lines:
    try:
        put("yes " + json.dumps(json.loads(line)))
    except ValueError:
        put("no")
`, lines)
	for i, text := range lines {
		v, found, err := ParseValue([]byte(text))
		for _, f := range found {
			if f.Field == "text" {
				err = errors.New(f.String()) // Python refuses what stands behind the value
			}
		}
		if (err == nil) != (answers[i] != "no") {
			t.Fatalf("%q: %v, Python says %s", text, err, answers[i])
		}
		if err == nil && len(found) == 0 && i%2 == 0 {
			if theirs, _, err := ParseValue([]byte(answers[i][4:])); err != nil || theirs.Kind() != v.Kind() {
				t.Fatalf("%q: %v, Python read %s", text, err, answers[i])
			}
		}
	}
}
