// Package engine is the one front door to everything behind the console: the
// commands, the views, the demo and other programs open an Engine and use
// what hangs on it.
//
// It holds the parts together and has no rules of its own.
package engine
