// Package custody owns the evidence about a packet: its lineage of linked
// entries, the digests of its contents, and the checksum that the paper calls
// trustworthy_signature.
//
// That checksum has no key: whoever edits the lineage can compute it again.
// This package reads and writes it and never calls it more than a digest.
// It never talks to Redis and never decides whether a packet may travel.
package custody
