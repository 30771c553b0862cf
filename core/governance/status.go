package governance

// Status is what a guardian, or the council as a whole, says of an action.
type Status string

// The statuses, least restrictive first. Failed is the outcome of an
// evaluation that could not be finished; it is never an approval.
const (
	Approved Status = "approved"
	Review   Status = "requires_human_review"
	CoSign   Status = "requires_co_signature"
	Failed   Status = "error"
	Blocked  Status = "blocked"
)

var severity = map[Status]int{Approved: 0, Review: 1, CoSign: 2, Failed: 3, Blocked: 4}

// Worst returns the more restrictive of two statuses; a status that is not
// known counts as failed.
func Worst(a, b Status) Status {
	if a.rank() >= b.rank() {
		return a
	}
	return b
}

func (s Status) rank() int {
	if n, ok := severity[s]; ok {
		return n
	}
	return severity[Failed]
}

func (s Status) known() bool {
	_, ok := severity[s]
	return ok
}

// Word is the status in a word or two, for a column.
func (s Status) Word() string {
	switch s {
	case Review:
		return "review"
	case CoSign:
		return "co-sign"
	}
	return string(s)
}

// Title is the status in full, for people.
func (s Status) Title() string {
	switch s {
	case Review:
		return "human review"
	case CoSign:
		return "co-signature"
	}
	return string(s)
}

// Waits reports whether a person can still let the packet go.
func (s Status) Waits() bool { return s == Review || s == CoSign }
