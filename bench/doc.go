// Package bench measures this machine's dispatch path beside bare Redis: every
// row in turn, in several rounds, so that a ratio compares what was measured
// within the same seconds. Absolute figures are those of the machine and of
// what else it did.
package bench
