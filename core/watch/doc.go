// Package watch turns Redis' keyspace notifications into immutable Snapshots.
//
// A notification is a hint that a key is dirty, never data: dirty keys are
// gathered, read in one go, folded into a model, and the model is published as
// a new Snapshot. Notifications get lost, so everything is read again at the
// start, after every re-subscription and gap, and slowly in the background.
// Where notifications cannot be had, it polls, and says so.
//
// It never writes a key. On connecting it may add the notification flags that
// it needs, unless the store is read-only.
package watch
