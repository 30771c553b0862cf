package ledger

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is a Merkle tree of RFC 6962 in memory: 64 bytes a leaf. It is what an
// audit builds from the records. The zero Tree is empty and ready.
type Tree struct {
	size  int64
	count int64
	parts [][]tlog.Hash // the hashes in the order of tlog.StoredHashIndex, partSize each
}

// partSize is how many hashes stand together, so that a growing tree is never
// copied.
const partSize = 1 << 16

// Size is how many leaves the tree has.
func (t *Tree) Size() int64 { return t.size }

func (t *Tree) at(index int64) *tlog.Hash { return &t.parts[index/partSize][index%partSize] }

func (t *Tree) put(h tlog.Hash) {
	if t.count%partSize == 0 {
		t.parts = append(t.parts, make([]tlog.Hash, 0, partSize))
	}
	last := &t.parts[len(t.parts)-1]
	*last = append(*last, h)
	t.count++
}

// Append adds a leaf.
func (t *Tree) Append(leaf Hash) {
	h := tlog.Hash(leaf)
	t.put(h)
	// Each one bit at the end of the leaf's index completes a subtree.
	for level := range bits.TrailingZeros64(^uint64(t.size)) {
		left := t.at(tlog.StoredHashIndex(level, t.size>>level-1))
		h = tlog.NodeHash(*left, h)
		t.put(h)
	}
	t.size++
}

// ReadHashes gives stored hashes; see tlog.HashReader.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= t.count {
			return nil, fmt.Errorf("the tree has no hash %d", index)
		}
		hashes[i] = *t.at(index)
	}
	return hashes, nil
}

// Root is the root of the first size leaves.
func (t *Tree) Root(size int64) (Hash, error) {
	if size < 0 || size > t.size {
		return Hash{}, fmt.Errorf("the tree has %d leaves, not %d", t.size, size)
	}
	if size == 0 { // RFC 6962: the hash of nothing
		return emptyRoot, nil
	}
	h, err := tlog.TreeHash(size, t)
	return Hash(h), err
}

// Prove is the audit path of a leaf in the tree of the first size leaves.
func (t *Tree) Prove(index, size int64) ([]Hash, error) {
	if size > t.size {
		return nil, fmt.Errorf("the tree has %d leaves, not %d", t.size, size)
	}
	return prove(index, size, t)
}

func prove(index, size int64, from tlog.HashReader) ([]Hash, error) {
	if index < 0 || index >= size {
		return nil, fmt.Errorf("there is no leaf %d among %d", index, size)
	}
	p, err := tlog.ProveRecord(size, index, from)
	if err != nil {
		return nil, err
	}
	path := make([]Hash, len(p))
	for i := range p {
		path[i] = Hash(p[i])
	}
	return path, nil
}

// CheckInclusion tells why a leaf is not the one at an index of the tree of
// that size and root, nil when it is.
func CheckInclusion(leaf Hash, index, size int64, path []Hash, root Hash) error {
	p := make(tlog.RecordProof, len(path))
	for i := range path {
		p[i] = tlog.Hash(path[i])
	}
	return tlog.CheckRecord(p, size, tlog.Hash(root), index, tlog.Hash(leaf))
}
