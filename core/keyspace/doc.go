// Package keyspace spells every key and channel that IF.PACKET uses, says
// which Redis type each holds, and tells from a key what it is for. Nobody
// else in the module spells a key.
//
// It never talks to Redis and imports nothing else of this module.
package keyspace
