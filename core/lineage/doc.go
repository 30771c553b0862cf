// Package lineage tells what the evidence says about packets: the verdicts of
// those that arrive, as they arrive; the whole story of one; and which packets
// of the ledger are nowhere, or which of Redis the ledger does not know.
//
// It never writes to Redis and never trusts what it read there further than
// seals and ledger prove.
package lineage
