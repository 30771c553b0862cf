package ledger

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is a Merkle tree of which only the roots of its complete subtrees are
// kept, the largest first: enough to go on and to tell the root.
type edge struct {
	size  int64
	roots []tlog.Hash
}

func (e *edge) append(leaf Hash) {
	h := tlog.Hash(leaf)
	for range bits.TrailingZeros64(^uint64(e.size)) { // each completes a subtree
		last := len(e.roots) - 1
		h = tlog.NodeHash(e.roots[last], h)
		e.roots = e.roots[:last]
	}
	e.roots = append(e.roots, h)
	e.size++
}

func (e *edge) root() Hash {
	if e.size == 0 {
		return emptyRoot
	}
	h := e.roots[len(e.roots)-1]
	for i := len(e.roots) - 2; i >= 0; i-- {
		h = tlog.NodeHash(e.roots[i], h)
	}
	return Hash(h)
}

// edgeOf takes the edge of the first size leaves from a tree.
func edgeOf(size int64, from tlog.HashReader) (*edge, error) {
	indexes := edgeIndexes(size)
	if len(indexes) == 0 {
		return &edge{}, nil
	}
	roots, err := from.ReadHashes(indexes)
	return &edge{size, roots}, err
}

// edgeIndexes are the stored indexes of the roots of the complete subtrees of
// the first size leaves, the largest first.
func edgeIndexes(size int64) (indexes []int64) {
	for begin, level := int64(0), 62; level >= 0; level-- {
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, begin>>level))
			begin += 1 << level
		}
	}
	return indexes
}
