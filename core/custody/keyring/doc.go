// Package keyring owns the Ed25519 keys of persons and programs: the private
// ones in files of this machine, the public ones in the ring, which lies in
// Redis, is signed by a root key, and is pinned here when first seen.
//
// It never puts a private key into Redis, an error or a log, never takes an
// algorithm or a key from the thing that is to be verified, and never decides
// what a valid signature permits.
package keyring
