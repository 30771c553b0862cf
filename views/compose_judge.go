package views

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/engine"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/ui/widget"
)

// judged is what is known of the packet as it stands.
type judged struct {
	packet  packet.Packet
	to      dispatch.Destination
	preview dispatch.Preview
	faults  []packet.Fault // by field
	problem string         // what is wrong with the destination
	where   string         // and the field that is to blame
	took    time.Duration
}

// judge works out what would become of the packet. It asks no server.
func (c *Compose) judge() {
	begin := time.Now()
	v := judged{}
	defer func() {
		v.took = time.Since(begin)
		c.verdict = v
		c.annotate()
	}()
	d := c.draft()
	v.to = dispatch.Destination{Key: d.Key, Operation: dispatch.Operation(d.Operation)}
	var err error
	if v.to.Format, err = packet.ParseFormat(d.Format); err != nil {
		v.faults = append(v.faults, packet.Fault{Field: "format", Value: d.Format, Expected: "json or msgpack"})
	}
	contents, faults, err := packet.ParseValue([]byte(d.Contents))
	if err != nil {
		v.faults = append(v.faults, packet.Fault{Field: "contents", Expected: err.Error()})
		contents = packet.ObjectOf()
	}
	v.faults = append(v.faults, faults...)
	v.packet = packet.New(d.Origin, contents)
	v.packet.SchemaVersion = d.Schema
	ttl, err := strconv.ParseInt(strings.TrimSpace(d.TTL), 10, 64)
	if err != nil {
		v.faults = append(v.faults, packet.Fault{Field: "ttl_seconds", Value: d.TTL, Expected: "an integer from 1 to 86400"})
		ttl = packet.DefaultTTL
	}
	if v.packet.TTLSeconds = ttl; ttl == 0 && d.Key == "" { // to Dispatch that means: the route's own
		v.faults = append(v.faults, packet.Fault{Field: "ttl_seconds", Value: d.TTL, Expected: "an integer from 1 to 86400"})
	}
	v.preview, err = c.Engine.Preview(context.Background(), v.packet, v.to)
	var invalid *packet.ValidationError
	switch {
	case errors.As(err, &invalid):
		v.faults = append(v.faults, invalid.Faults...)
	case err != nil:
		v.problem, v.where = sentence(err), blame(v.to)
		// A destination that cannot be is told first; what is wrong with the
		// packet itself is to be told at once all the same.
		_, err = c.Engine.Preview(context.Background(), v.packet, dispatch.Destination{Key: "queue:any"})
		if errors.As(err, &invalid) {
			v.faults = append(v.faults, invalid.Faults...)
		}
	}
}

// blame is the field that is wrong with a destination that cannot be.
func blame(to dispatch.Destination) string {
	to.Operation = dispatch.Set
	if _, err := to.Resolve(); err != nil {
		return "key"
	}
	return "operation"
}

// sentence is an error without the words that name its kind.
func sentence(err error) string {
	text := engine.Sentence(err)
	for _, kind := range []error{dispatch.ErrDestination} {
		text = strings.TrimPrefix(text, kind.Error()+": ")
	}
	return text
}

// annotate puts notes and problems beside the fields.
func (c *Compose) annotate() {
	notes := map[string]string{
		"key": c.destinationNote(), "schema": "1.0  1.1", "format": "json  msgpack", "ttl": "1 to 86,400",
		"operation": "set lpush rpush hset sadd",
	}
	if c.form.Value("operation") == "" && c.verdict.preview.To.Operation != "" {
		from := ", from the key"
		if c.form.Value("key") == "" {
			from = ", from the route"
		}
		notes["operation"] = string(c.verdict.preview.To.Operation) + from
	}
	problems := map[string]string{}
	for _, f := range c.verdict.faults {
		id := map[string]string{"ttl_seconds": "ttl", "schema_version": "schema"}[f.Field]
		if id == "" {
			id = f.Field
		}
		problems[id] = f.Expected
	}
	if c.verdict.problem != "" && c.form.Value("key") != "" {
		problems[c.verdict.where] = c.verdict.problem
	}
	for _, id := range []string{"origin", "key", "operation", "schema", "ttl", "format"} {
		f := c.form.Field(id)
		f.Note, f.Problem = notes[id], problems[id]
	}
}

// destinationNote says what stands at the destination now.
func (c *Compose) destinationNote() string {
	key := c.form.Value("key")
	if way := c.verdict.preview.To.Key; key == "" && way != "" {
		return "to " + way
	}
	if key == "" {
		return "such as queue:council"
	}
	for i := range c.Snap.Queues {
		if q := &c.Snap.Queues[i]; q.Key == key && q.Type != "" {
			return q.Type + ", " + widget.Commas(int(q.Depth))
		}
	}
	if c.verdict.problem != "" {
		return ""
	}
	if t := c.verdict.preview.To.Operation.RedisType(); t != "" && len(c.Snap.Queues) > 0 {
		return "a " + t + ", if it is new"
	}
	return ""
}

// ready reports whether the packet could be sent now.
func (v *judged) ready() bool { return len(v.faults) == 0 && v.problem == "" }

func (c *Compose) whyNot() string {
	if c.verdict.problem != "" {
		return c.verdict.problem
	}
	return c.verdict.faults[0].String()
}
