// Package audit is the compliance report of a period: figures that were
// counted, and a status that follows from them.
//
// It reads nothing itself and assumes nothing: what was not counted is told in
// the report, and a sample is called one.
package audit
