package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/infrafabric/ifpacket/core/packet"
)

// Links is how the links of a lineage stand. Entries count from 1.
type Links struct {
	Linked int // entries that carry a link
	Bound  int // number of the last entry that the links bind to those before it
	Broken int // number of the first entry whose link is wrong, or which no link binds; 0 for none
}

// CheckLinks computes the links of a lineage again. What a link takes for the
// one before is
//
//	""                          of the first entry,
//	the link of the entry before it, where that carries one,
//	JSONDigest(lineage[:i])     otherwise: others wrote what stands before,
//
// so that the last link binds every entry up to its own, whoever wrote them.
// Entries behind the last link are bound by nothing; a lineage without any
// link has none that is broken.
func CheckLinks(trackingID, contentsSHA256 string, lineage []string) Links {
	var l Links
	p := preceding{list: lineage}
	for i, raw := range lineage {
		body, link := splitLink(raw)
		if link == "" {
			continue
		}
		l.Linked++
		previous, err := p.before(i)
		if err == nil {
			var want string
			if want, err = Link(trackingID, contentsSHA256, previous, body); err == nil && want == link {
				l.Bound = i + 1
				continue
			}
		}
		l.Broken = i + 1
		return l
	}
	if l.Linked > 0 && l.Bound < len(lineage) {
		l.Broken = l.Bound + 1
	}
	return l
}

// LastLink is the link of the last entry, "" when it has none.
func LastLink(lineage []string) string {
	if len(lineage) == 0 {
		return ""
	}
	_, link := splitLink(lineage[len(lineage)-1])
	return link
}

// previousLink is what the next link of a lineage takes for the one before.
func previousLink(lineage []string) (string, error) {
	return (&preceding{list: lineage}).before(len(lineage))
}

// preceding gives for each entry what its link takes for the one before. It
// digests a lineage of others once, however often it is asked for.
type preceding struct {
	list    []string
	written int // entries that sum has
	sum     hash.Hash
}

func (p *preceding) before(i int) (string, error) {
	if i == 0 {
		return "", nil
	}
	if _, link := splitLink(p.list[i-1]); link != "" {
		return link, nil
	}
	if p.sum == nil {
		p.sum = sha256.New()
		p.sum.Write([]byte{'['})
	}
	var room []byte
	for ; p.written < i; p.written++ {
		entry := p.list[p.written]
		if !isWTF8(entry) {
			return "", notCanonical("an entry is not Unicode")
		}
		room = room[:0]
		if p.written > 0 {
			room = append(room, ", "...)
		}
		room = packet.AppendString(room, entry)
		p.sum.Write(room)
	}
	so, err := p.sum.(hash.Cloner).Clone()
	if err != nil {
		return "", err
	}
	so.Write([]byte{']'})
	return hex.EncodeToString(so.Sum(nil)), nil
}
