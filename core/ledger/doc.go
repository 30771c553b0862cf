// Package ledger reads and proves the append-only log of decisions: the
// records that scripts append, the Merkle tree over them, the checkpoints that
// a log key signs, and this machine's memory of the newest one it has seen.
//
// It never decides what is recorded, never writes a record but that of a
// break, and never takes a root for proof of the records: those are hashed
// again.
package ledger
