package seal

import (
	"crypto/sha256"
	"encoding/base64"
	"math/bits"
)

// Hash is a SHA-256 digest in a Merkle tree of RFC 6962, section 2.1: of a
// leaf it is that of 0x00 and the leaf's bytes, of a node that of 0x01 and the
// two hashes below it.
type Hash = [sha256.Size]byte

func nodeHash(left, right *Hash) Hash {
	var text [1 + 2*sha256.Size]byte
	text[0] = 1
	copy(text[1:], left[:])
	copy(text[1+sha256.Size:], right[:])
	return sha256.Sum256(text[:])
}

// tree is a Merkle tree, each level half as wide as the one below; the last
// of an odd number moves up as it is, which gives the tree of RFC 6962.
type tree struct {
	levels [][]Hash
	texts  [][]string // in base64, once it is needed
}

func newTree(leaves []Hash) tree {
	t := tree{levels: [][]Hash{leaves}}
	for level := leaves; len(level) > 1; {
		up := make([]Hash, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			up = append(up, nodeHash(&level[i], &level[i+1]))
		}
		if len(level)%2 == 1 {
			up = append(up, level[len(level)-1])
		}
		t.levels = append(t.levels, up)
		level = up
	}
	for _, level := range t.levels[:len(t.levels)-1] {
		t.texts = append(t.texts, make([]string, len(level)))
	}
	return t
}

func (t *tree) root() Hash { return t.levels[len(t.levels)-1][0] }

// path calls put with the audit path of a leaf, the sibling of the leaf first,
// each hash in base64.
func (t *tree) path(index int, put func(string)) {
	for l, texts := range t.texts {
		if at := index ^ 1; at < len(texts) {
			if texts[at] == "" {
				texts[at] = base64.StdEncoding.EncodeToString(t.levels[l][at][:])
			}
			put(texts[at])
		}
		index /= 2
	}
}

// rootFrom is the root to which an audit path leads from the leaf at index, of
// size leaves. ok is false when the path has not the length that such a path
// has (RFC 9162, section 2.1.3.2).
func rootFrom(at Hash, index, size int, path []Hash) (root Hash, ok bool) {
	if index < 0 || index >= size || len(path) > bits.Len(uint(size)) {
		return at, false
	}
	last := size - 1
	for i := range path {
		if last == 0 {
			return at, false
		}
		if index%2 == 1 || index == last {
			at = nodeHash(&path[i], &at)
			for index%2 == 0 && index > 0 {
				index, last = index/2, last/2
			}
		} else {
			at = nodeHash(&at, &path[i])
		}
		index, last = index/2, last/2
	}
	return at, last == 0
}
