// Package gather lets callers who do the same thing at the same time do it
// together, and gives each their own answer.
//
// It waits for nobody: there is no timer in it.
package gather
