package views

import (
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/themes"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// kindOf says what a value is.
func kindOf(v *engine.Value) string {
	switch {
	case !v.Record.IsNull() && member(v.Record, "task_id") != "":
		return "task"
	case !v.Record.IsNull():
		return "message"
	case v.Invalid == nil:
		return "packet, " + v.Format.String()
	}
	return "no packet"
}

// valueText is the value as indented JSON, "" when it is none.
func valueText(v *engine.Value) string {
	switch {
	case !v.Record.IsNull():
		return string(packet.AppendIndentedJSON(nil, v.Record, "  "))
	case v.Invalid == nil:
		return string(packet.AppendIndentedJSON(nil, v.Packet.Contents, "  "))
	}
	if doc, _, err := packet.ParseValue(v.Raw); err == nil {
		return string(packet.AppendIndentedJSON(nil, doc, "  "))
	}
	return ""
}

func valueFacts(s *Shared, v *engine.Value, width int) []fact {
	if !v.Record.IsNull() {
		return nil
	}
	if v.Invalid != nil {
		return longFact("why", v.Invalid.Reason, width)
	}
	p := v.Packet
	sent := p.DispatchedAt
	ttl := strconv.FormatInt(p.TTLSeconds, 10) + " s"
	lines := []fact{
		textFact("packet", p.TrackingID),
		textFact("from", p.Origin),
		textFact("sent", sent),
		{"lives", []widget.Span{widget.T(themes.Fg, ttl), widget.T(themes.Muted, "   schema "+p.SchemaVersion)}},
	}
	if v.Expired {
		lines[3].value = append(lines[3].value, widget.T(themes.Warn, "   past its TTL"))
	}
	for _, f := range v.Faults {
		lines = append(lines, fact{"fault", []widget.Span{widget.State(s.Theme, themes.GlyphError), widget.T(themes.Warn, " "+f.String())}})
	}
	return lines
}

func (d *queueDetail) row(v *engine.Value, r *widget.Row) {
	glyph, what, from, at := themes.GlyphCalm, "", "", time.Time{}
	switch {
	case !v.Record.IsNull():
		what = first(member(v.Record, "type"), member(v.Record, "content"), member(v.Record, "task_id"))
		from = first(member(v.Record, "posted_by"), member(v.Record, "from"))
		at, _ = packet.ParseTime(first(member(v.Record, "posted_at"), member(v.Record, "timestamp")))
	case v.Invalid == nil:
		what, from = member(v.Packet.Contents, "primitive"), v.Packet.Origin
		if what == "" {
			what = string(packet.AppendValueJSON(nil, v.Packet.Contents))
		}
		at, _ = v.Packet.Time()
		if len(v.Faults) > 0 {
			glyph = themes.GlyphError
		}
		if v.Expired {
			glyph = themes.GlyphExpired
		}
	default:
		glyph, what = themes.GlyphError, string(v.Raw)
	}
	r.Glyph(glyph)
	r.Cell(widget.T(themes.Faint, v.Label))
	r.Cell(widget.T(themes.Fg, what))
	r.Cell(widget.T(themes.Muted, from))
	r.Cell(widget.T(themes.Muted, age(d.Now.Add(d.Snap.Server.Skew), at)))
	size := ""
	if len(v.Raw) > 0 {
		size = widget.Size(int64(len(v.Raw)))
	}
	r.Cell(widget.T(themes.Faint, size))
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func member(v packet.Value, key string) string {
	m, _ := v.Get(key)
	if s, ok := m.Text(); ok {
		return s
	}
	if m.IsNull() {
		return ""
	}
	return string(packet.AppendValueJSON(nil, m))
}
