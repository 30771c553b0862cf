package carcel

import (
	"strconv"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Change is one difference between contents that were held and contents that
// take their place. From or To is "" where there was, or will be, nothing;
// both are JSON.
type Change struct {
	Path string `json:"path"` // amount, route.hops[2]
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Diff lists what differs, in the order of the old contents, then what is new.
func Diff(from, to packet.Value) []Change { return diff(nil, "", from, to) }

func diff(out []Change, path string, from, to packet.Value) []Change {
	switch {
	case from.Kind() == packet.Object && to.Kind() == packet.Object:
		for _, m := range from.Members() {
			now, there := to.Get(m.Key)
			if !there {
				out = append(out, Change{Path: member(path, m.Key), From: text(m.Value)})
				continue
			}
			out = diff(out, member(path, m.Key), m.Value, now)
		}
		for _, m := range to.Members() {
			if _, there := from.Get(m.Key); !there {
				out = append(out, Change{Path: member(path, m.Key), To: text(m.Value)})
			}
		}
	case from.Kind() == packet.Array && to.Kind() == packet.Array:
		old, now := from.Members(), to.Members()
		for i := range max(len(old), len(now)) {
			at := path + "[" + strconv.Itoa(i) + "]"
			switch {
			case i >= len(now):
				out = append(out, Change{Path: at, From: text(old[i].Value)})
			case i >= len(old):
				out = append(out, Change{Path: at, To: text(now[i].Value)})
			default:
				out = diff(out, at, old[i].Value, now[i].Value)
			}
		}
	case text(from) != text(to):
		out = append(out, Change{Path: path, From: text(from), To: text(to)})
	}
	return out
}

func member(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func text(v packet.Value) string { return string(packet.AppendValueJSON(nil, v)) }
