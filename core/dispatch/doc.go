// Package dispatch carries packets to Redis and back: the Dispatcher sends
// one governed packet in one round trip, the Queue many, and the Collector
// reads and takes them.
//
// It never decides whether a packet may travel (governance does) and never
// sends what does not validate.
package dispatch
