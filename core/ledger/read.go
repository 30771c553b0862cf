package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/store"
)

// readLot is how many records are asked for at once: few enough that no other
// client waits. A record of a batch is up to 33 kB long.
const readLot = 128

// Read gives the records from a position on, oldest first, until each returns
// false, or there are no more. A position that is missing between two records,
// and a record that is none of ours, are errors that match ErrDamaged; what is
// missing at the begin shows in the first record's position.
func (l *Ledger) Read(ctx context.Context, from int64, each func(Record) bool) error {
	next := int64(0)
	for f, lots := l.fetch(ctx, max(from, 1)), 1; ; lots++ {
		if f.err != nil {
			return f.err
		}
		full := len(f.lot) == readLot
		ahead := make(chan fetched, 1)
		if full && lots > 1 { // the next lot comes while this one is worked on
			go func() { ahead <- l.fetch(ctx, f.lot[readLot-1].Position+1) }()
		}
		var err error
		next, err = hand(f.lot, next, each)
		var coming fetched
		if full && lots > 1 {
			coming = <-ahead
		}
		switch {
		case errors.Is(err, errEnough), err == nil && !full:
			return nil
		case err != nil:
			return err
		case lots == 1:
			coming = l.fetch(ctx, next)
		}
		f = coming
	}
}

// fetched is one lot of records, or why there is none.
type fetched struct {
	lot []Record
	err error
}

func (l *Ledger) fetch(ctx context.Context, from int64) fetched {
	lot, err := l.lot(ctx, "XRANGE", strconv.FormatInt(from, 10), "+")
	return fetched{lot, err}
}

// errEnough ends a Read early.
var errEnough = errors.New("enough")

// hand gives records to each, and tells which position comes next.
func hand(lot []Record, next int64, each func(Record) bool) (int64, error) {
	for _, r := range lot {
		if next != 0 && r.Position != next {
			return next, fmt.Errorf("%w: after record %d comes record %d", ErrDamaged, next-1, r.Position)
		}
		if next = r.Position + 1; !each(r) {
			return next, errEnough
		}
	}
	return next, nil
}

// ReadBack gives the records up to a position, 0 for the last, newest first,
// until each returns false or there are no more.
func (l *Ledger) ReadBack(ctx context.Context, from int64, each func(Record) bool) error {
	end := "+"
	if from > 0 {
		end = strconv.FormatInt(from, 10)
	}
	for {
		lot, err := l.lot(ctx, "XREVRANGE", end, "-")
		if err != nil {
			return err
		}
		for _, r := range lot {
			if !each(r) {
				return nil
			}
		}
		if len(lot) < readLot || lot[len(lot)-1].Position <= 1 {
			return nil
		}
		end = strconv.FormatInt(lot[len(lot)-1].Position-1, 10)
	}
}

// lot reads some records. It asks in the plain form, since the library's own
// would lose the order of the fields, and fields that are there twice.
func (l *Ledger) lot(ctx context.Context, command, start, end string) ([]Record, error) {
	key := l.space.Ledger()
	answer, err := l.store.Commands().Do(ctx, command, key, start, end, "COUNT", readLot).Slice()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, l.store.Explain(strings.ToLower(command), key, err)
	}
	lot := make([]Record, len(answer))
	for i, item := range answer {
		if lot[i], err = parseRecord(item); err != nil {
			return nil, err
		}
	}
	return lot, nil
}

func parseRecord(item any) (Record, error) {
	pair, _ := item.([]any)
	if len(pair) != 2 {
		return Record{}, fmt.Errorf("%w: a record has no id", ErrDamaged)
	}
	id := store.Text(pair[0])
	n, rest, _ := strings.Cut(id, "-")
	position, err := strconv.ParseInt(n, 10, 64)
	if err != nil || position < 1 || rest != "0" {
		return Record{}, fmt.Errorf("%w: a record has id %.40q, and n-0 is none of it", ErrDamaged, id)
	}
	list, _ := pair[1].([]any)
	r := Record{Position: position, Fields: make([]Field, len(list)/2)}
	for i := range r.Fields {
		r.Fields[i] = Field{store.Text(list[2*i]), store.Text(list[2*i+1])}
	}
	return r, nil
}
