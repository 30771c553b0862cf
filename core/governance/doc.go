// Package governance decides whether a packet may travel: the council judges
// the packet's action by a policy, and the decision is a record that can be
// kept, read and checked.
//
// A Policy is read from YAML. Its guardians' rules are CEL, type-checked when
// it is read; its own test cases run before it is accepted. A Chamber keeps the
// policy of a file in force while the file changes. WhatIf and Propose try
// other policies and thresholds on what was decided before, and change nothing.
//
// It never writes to Redis and never moves a packet.
package governance
