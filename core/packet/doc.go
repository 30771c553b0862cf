// Package packet owns the sealed container that agents exchange: the Packet
// type, its exact values, the schema registry with strict validation, and the
// JSON and MessagePack codecs.
//
// It never talks to Redis, never decides whether a packet may travel, and
// imports nothing else of this module.
package packet
