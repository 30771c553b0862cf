// Package carcel owns what happens to packets that were not approved: reading
// the carcel without blocking the server, the approvals that let a packet go,
// denial and appeal, replay, discard and restore.
//
// Each act on an entry is one atomic script, so that every packet is in
// exactly one place at any time. It never bypasses the council: what leaves
// the carcel for a key was approved by the policy in force, or by as many
// persons as the decision asked for.
package carcel
