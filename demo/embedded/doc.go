// Package embedded is a Redis that lives inside the process, for the demo and
// for tests: no server to install, nothing left behind when it closes.
//
// miniredis keeps the data and knows the commands. This package puts in front
// of it what a program driven by keyspace notifications needs: a connection
// layer, notifications of every class with Redis 7's events in Redis 7's
// order, TTLs that run and keys that expire by themselves, Pub/Sub that never
// holds up a writer, MULTI and blocking commands that tell what they did,
// CONFIG, INFO, CLIENT and the rest that a console asks for, and Lua scripts
// that see cjson and errors as real Redis shows them.
//
// Commands run one at a time, as in Redis. An event is sent after the write it
// tells of and before the next command runs.
//
// It never writes a file, never evicts (maxmemory can be set and read, and
// means nothing), never replicates, and knows no passwords: it belongs on a
// loopback address. Commands newer than Redis 7.0 are refused.
package embedded
