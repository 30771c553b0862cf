// Package store is the one connection to Redis: it opens what a URL names
// (single server, TLS, ACL user, unix socket, Sentinel, Cluster), runs the
// Lua scripts, which are files under scripts/, and turns what goes wrong into
// typed errors with a sentence that helps.
//
// It knows nothing of packets and decides nothing.
package store
