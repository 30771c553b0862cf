// Package demo is a living swarm in one process: an embedded Redis and, on
// it, coordinators, workers, queues and a council, for those who want to see
// the console at work before they have a swarm of their own.
//
// All that the swarm does, it does through the engine, as any program would.
// What it intends to do follows from a seed: the same seed gives the same
// acts, ids and packets in the same order. It never touches another Redis.
package demo
