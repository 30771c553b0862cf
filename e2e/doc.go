// Package e2e holds the tests of the whole program: the real binary, in a
// terminal, against the demo or a private redis-server. The driver is in
// e2e/console.
package e2e
