// Package swarm is the coordinator: agents register and give heartbeats, post
// and claim tasks, and send each other messages. Each act is one atomic
// script, in the keys and shapes that Python coordinators use.
//
// It never shows anything and never dispatches packets.
package swarm
