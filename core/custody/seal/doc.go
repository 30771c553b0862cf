// Package seal makes the chain of custody evident: it seals packets with an
// Ed25519 key, alone or in batches under one signature, and tells part by part
// what a packet's evidence is worth.
//
// It never decides whether a packet may travel, never talks to Redis except
// through the keyring, and takes no key and no algorithm from the packet that
// is to be verified.
package seal
