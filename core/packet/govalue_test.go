package packet

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"testing"
)

func TestGoValuesBecomeValues(t *testing.T) {
	type route struct {
		To   string `json:"to"`
		Hops int    `json:"hops,omitempty"`
	}
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for want, x := range map[string]any{
		`null`: nil,
		`{"a": [1, 2.5, "x", true, null], "b": {"to": "n1"}}`: map[string]any{"b": route{To: "n1"}, "a": []any{1, 2.5, "x", true, nil}},
		`18446744073709551615`:                                uint64(math.MaxUint64),
		`-3`:                                                  int8(-3),
		`1.10`:                                                json.Number("1.10"),
		`123456789012345678901234567890`:                      huge,
		`{"k": 1.10}`:                                         map[string]any{"k": MustValue("1.10")},
		`"a\ufffd"`:                                           "a\xff",
		`["<>&"]`:                                             []string{"<>&"},
		`1.0`:                                                 float64(1),
	} {
		v, err := FromGo(x)
		if got := string(AppendValueJSON(nil, v)); err != nil || got != want {
			t.Errorf("%#v became %s, %v; want %s", x, got, err, want)
		}
	}
}

func TestWhatIsNoJSONCannotBecomeAValue(t *testing.T) {
	loop := map[string]any{}
	loop["self"] = loop
	for _, x := range []any{
		math.NaN(), math.Inf(1), float32(math.Inf(1)), json.Number("1x"), json.Number("NaN"), json.Number("true"),
		func() {}, make(chan int), loop, []any{loop}, map[string]any{"a": math.NaN()},
	} {
		if v, err := FromGo(x); err == nil {
			t.Errorf("%T became %s", x, AppendValueJSON(nil, v))
		}
	}
}

func TestValuesBecomeWhatGosLibrariesWorkOn(t *testing.T) {
	v := MustValue(`{"i": 9007199254740993, "big": 18446744073709551616, "f": 1.50, "s": "x", "l": [true, null], "tiny": 1e-999999999, "e": 1e5}`)
	want := map[string]any{
		"i": json.Number("9007199254740993"), "big": json.Number("18446744073709551616"), "f": json.Number("1.50"),
		"s": "x", "l": []any{true, nil}, "tiny": json.Number("0.0"), "e": json.Number("1e5"),
	}
	if got := v.ToGo(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
	back, err := FromGo(MustValue(`{"a": [1, "x"]}`).ToGo())
	if err != nil || !reflect.DeepEqual(back, MustValue(`{"a": [1, "x"]}`)) {
		t.Errorf("%v %v", back, err)
	}
}
