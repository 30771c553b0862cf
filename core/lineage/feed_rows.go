package lineage

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/infrafabric/ifpacket/core/custody/seal"
	"github.com/infrafabric/ifpacket/core/ledger"
)

// pending is a row whose records no checkpoint covered.
type pending struct {
	seq         uint64
	last, state int64
	digest      *ledger.Hash
}

// add puts a row behind the others.
func (r *round) add(row Row) {
	r.seq++
	row.Seq = r.seq
	r.rows = append(r.rows, row)
	r.fresh = true
	if len(r.rows) >= 2*MaxRows {
		r.rows = append(make([]Row, 0, 2*MaxRows), r.rows[len(r.rows)-MaxRows:]...)
		r.shared = 0
	}
	r.count(row.Verdict.Overall, 1)
	if id, ok := ledger.ParseID(row.TrackingID); ok && row.Verdict.Logged == "not checked" && row.Position > 0 {
		k, _ := r.examiner.index.Find(id)
		r.pending = append(r.pending, pending{row.Seq, row.Position, k.State.Position, k.State.Digest})
		if len(r.pending) > MaxRows {
			r.pending = slices.Clone(r.pending[len(r.pending)-MaxRows:])
		}
	}
}

func (r *round) count(o seal.Overall, n int) {
	switch o {
	case seal.Verified:
		r.counts.Verified += n
	case seal.Unauthenticated:
		r.counts.Unauthenticated += n
	case seal.Incomplete:
		r.counts.Incomplete += n
	case seal.Tampered:
		r.counts.Tampered += n
	}
}

func (r *round) skip(n int) {
	if n != 0 {
		r.counts.Skipped += n
		r.fresh = true
	}
}

// row gives a row by its number, to be altered; nil when it has left.
func (r *round) row(seq uint64) *Row {
	if len(r.rows) == 0 || seq < r.rows[0].Seq {
		return nil
	}
	if r.shared > 0 { // a Picture has them
		r.rows, r.shared = slices.Clone(r.rows), 0
	}
	i := seq - r.rows[0].Seq // numbers rise by one
	r.fresh = true
	return &r.rows[i]
}

// publish makes what there is the newest Picture, if anything changed.
func (r *round) publish() {
	if !r.fresh {
		return
	}
	r.fresh = false
	first := max(0, len(r.rows)-MaxRows)
	r.shared = len(r.rows)
	r.picture.Store(&Picture{
		Version: r.Picture().Version + 1, Counts: r.counts, Census: r.taken,
		Rows: r.rows[first:len(r.rows):len(r.rows)],
	})
	if wake := r.wake.Load(); wake != nil {
		(*wake)()
	}
}

// settle asks the ledger about the rows whose records a checkpoint now covers.
// Where nobody else looks at the ledger, and rows wait, it looks.
func (r *round) settle(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	s := r.Ledger.State()
	if time.Since(s.Looked) > lookEvery {
		var err error
		if s, err = r.Ledger.Look(ctx); err != nil {
			return err
		}
	}
	if s.Trouble != nil || s.Checkpoint == nil || r.pending[0].last > s.Sealed() {
		return nil
	}
	var ready, later []pending
	var positions []int64
	for _, p := range r.pending {
		if max(p.last, p.state) > s.Sealed() {
			later = append(later, p)
			continue
		}
		ready, positions = append(ready, p), append(positions, p.last, p.state)
	}
	r.examiner.proofs.many(ctx, positions)
	for _, p := range ready {
		e, err := r.examiner.proofs.settled(ctx, p)
		if errors.Is(err, ledger.ErrNotSealed) { // it is older than the tree, and stays unproved
			continue
		}
		if err != nil {
			return err
		}
		if row := r.row(p.seq); row != nil {
			before := row.Verdict.Overall
			row.Verdict = row.Verdict.Settled(e)
			r.count(before, -1)
			r.count(row.Verdict.Overall, 1)
		}
	}
	r.pending = later
	return nil
}

// settled is what the ledger says of records that were not sealed when a
// packet was verified. Errors are those after which one has to ask again, and
// ledger.ErrNotSealed.
func (p *proofs) settled(ctx context.Context, w pending) (e seal.Evidence, err error) {
	for _, position := range []int64{w.state, w.last} {
		if position == 0 {
			continue
		}
		done, err := p.prove(ctx, position)
		switch {
		case errors.Is(err, ledger.ErrNoRecord):
			return seal.Evidence{Unproved: reason(err)}, nil
		case errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, ledger.ErrRefused):
			return seal.Evidence{Forged: reason(err)}, nil
		case err != nil:
			return e, err
		}
		e.Index = done.index
		if position == w.state && w.digest != nil && (done.digest == nil || *done.digest != *w.digest) {
			return seal.Evidence{Forged: "the ledger: record " + strconv.FormatInt(position, 10) + " was another one when the packet came"}, nil
		}
	}
	return e, nil
}

// tell puts what a census found into the picture: rows get their fates, and
// suspects that have no row get one.
func (r *round) tell(f *finding) {
	before := map[[2]string]Fate{}
	for i := range r.taken.Suspects {
		s := &r.taken.Suspects[i]
		before[[2]string{s.TrackingID, s.Key}] = s.Fate
	}
	r.taken, r.fresh = f.Census, true
	known := map[[2]string]uint64{}
	for i := range r.rows {
		known[[2]string{r.rows[i].TrackingID, r.rows[i].Key}] = r.rows[i].Seq
	}
	for i := range f.Suspects {
		s := f.Suspects[i]
		name := [2]string{s.TrackingID, s.Key}
		seq, there := known[name]
		switch {
		case !there && before[name] == s.Fate: // it had one, which has left
		case !there:
			r.add(s)
		case r.rows[0].Seq <= seq && r.fateOf(seq) != s.Fate:
			r.row(seq).Fate = s.Fate
		}
	}
	r.absolve(f)
}

func (r *round) fateOf(seq uint64) Fate { return r.rows[seq-r.rows[0].Seq].Fate }

// absolve takes back what an earlier census said of packets that are there
// again.
func (r *round) absolve(f *finding) {
	suspected := map[string]bool{}
	for i := range f.suspects {
		suspected[f.suspects[i].id] = true
	}
	for i := range r.rows {
		row := &r.rows[i]
		if (row.Fate != Missing && row.Fate != Taken) || suspected[row.TrackingID] {
			continue
		}
		if id, ok := ledger.ParseID(row.TrackingID); ok && f.seen.count[id] > 0 {
			r.row(row.Seq).Fate = Here
		}
	}
}
