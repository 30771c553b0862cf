// Package swarm is the coordinator: agents register and give heartbeats, post
// and claim tasks, share context, and send each other messages; a reaper mends
// what fell between two steps of somebody's. Each act is one atomic script, in
// the keys and shapes that Python coordinators use.
//
// A claim is a lease with a fencing token: whoever claims a task has it until
// a time on Redis' clock, and each claim on a task has a higher token than the
// one before. Claims of programs that know no tokens are respected.
//
// It never shows anything and never dispatches packets; tasks that are
// governed it hands to a Judge.
package swarm
