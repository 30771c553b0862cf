// Package meter measures how long things take and how large they are: what
// was typical over the last ten minutes, and all since the start.
//
// It never reads a clock for what it measures, and knows nothing of packets.
package meter
