package packet

import "testing"

func BenchmarkAppendMsgpack(b *testing.B) {
	p := typical(b)
	buf, err := AppendMsgpack(nil, p)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf, _ = AppendMsgpack(buf[:0], p)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	p := typical(b)
	buf := AppendJSON(nil, p)
	b.ReportAllocs()
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = AppendJSON(buf[:0], p)
	}
}

func BenchmarkRead(b *testing.B) {
	p := typical(b)
	for _, f := range []Format{JSON, Msgpack} {
		raw, err := Encode(p, f)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := Read(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkValidate(b *testing.B) {
	p := typical(b)
	r := NewRegistry()
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Validate(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	contents := typical(b).Contents
	b.ReportAllocs()
	for b.Loop() {
		if p := New("w1", contents); p.TTLSeconds == 0 {
			b.Fatal(p)
		}
	}
}
