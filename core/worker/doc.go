// Package worker runs workers: it claims tasks, has a handler do them, keeps
// leases and heartbeat alive meanwhile, and hands back what it cannot finish.
//
// It never touches Redis but through the coordinator, and never does a task's
// work itself: that is the handler's.
package worker
