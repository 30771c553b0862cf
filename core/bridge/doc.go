// Package bridge keeps conversations of two parties in Redis: one party begins
// one, hands the other its id and token, and both send, read and say what they
// are doing, from wherever they are.
//
// A message is read until it is acknowledged, so that a lost answer loses
// nothing and a repeated request gives nothing twice. The tokens themselves
// are never stored, logged or told again. Every act is one atomic script.
//
// It never judges what is said: messages are words between two parties, not
// packets, and nothing in them is carried out.
package bridge
