package embedded

import (
	"slices"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

func subscribe(x *call) {
	for _, channel := range x.args {
		x.s.hub.subscribe(x.c, channel)
		x.subscribed("subscribe", channel)
	}
	x.startPump()
}

func psubscribe(x *call) {
	for _, pattern := range x.args {
		x.s.hub.psubscribe(x.c, pattern)
		x.subscribed("psubscribe", pattern)
	}
	x.startPump()
}

func unsubscribe(x *call) {
	x.leave("unsubscribe", x.c.subs.channels, x.s.hub.unsubscribe)
}

func punsubscribe(x *call) {
	x.leave("punsubscribe", x.c.subs.patterns, x.s.hub.punsubscribe)
}

// leave ends the subscriptions named, or all. There is an answer for each, and
// one if there were none.
func (x *call) leave(kind string, all []string, leave func(*conn, string)) {
	names := x.args
	if len(names) == 0 {
		names = slices.Clone(all)
	}
	if len(names) == 0 {
		x.peer.Block(func(w *server.Writer) {
			w.WritePushLen(3)
			w.WriteBulk(kind)
			w.WriteNull()
			w.WriteInt(x.c.subs.count())
		})
	}
	for _, name := range names {
		leave(x.c, name)
		x.subscribed(kind, name)
	}
}

func (x *call) subscribed(kind, name string) {
	x.peer.Block(func(w *server.Writer) {
		w.WritePushLen(3)
		w.WriteBulk(kind)
		w.WriteBulk(name)
		w.WriteInt(x.c.subs.count())
	})
}

func (x *call) startPump() {
	if !x.c.subs.pumping {
		x.c.subs.pumping = true
		x.s.running.Go(x.c.pump)
	}
}

func publish(x *call) {
	x.peer.WriteInt(x.s.publish(x.args[0], x.args[1]))
}

func pubsub(x *call) {
	hub, args := &x.s.hub, x.args[1:]
	switch sub := strings.ToUpper(x.args[0]); {
	case sub == "CHANNELS" && len(args) <= 1:
		var found []string
		for channel := range hub.channels {
			if len(args) == 0 || glob(args[0], channel) {
				found = append(found, channel)
			}
		}
		slices.Sort(found)
		x.peer.WriteStrings(found)
	case sub == "NUMSUB":
		x.peer.WriteLen(2 * len(args))
		for _, channel := range args {
			x.peer.WriteBulk(channel)
			x.peer.WriteInt(len(hub.channels[channel]))
		}
	case sub == "NUMPAT" && len(args) == 0:
		x.peer.WriteInt(len(hub.patterns))
	default:
		x.unknownSubcommand()
	}
}
