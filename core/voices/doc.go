// Package voices turns evidence into judgement: four readings of one case, each
// with its own question. Sergio asks what happened, Legal what can be proved,
// Rory where efficiency comes from, Danny whether it is verifiable.
//
// A reading is computed from the values of a Case and nothing else: the same
// case gives the same sentences. Every finding names the evidence that it rests
// on, and cannot be made without any. Nothing here reads Redis, and nothing is
// guessed: what cannot be computed is told as not known.
package voices
