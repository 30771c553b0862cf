// Package cli is the command line: one file a command, each of which reads
// its flags, calls the engine and prints. It has no logic of its own.
package cli
