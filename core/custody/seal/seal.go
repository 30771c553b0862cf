package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/core/custody"
	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/packet"
)

const (
	// MaxBatch is how many packets one signature covers at most.
	MaxBatch = 1024
	// GoodBatch is a good number of packets for one signature: beyond it the
	// saving is slight, and each packet only grows.
	GoodBatch = 256
	version   = 1
)

// Draft is a packet that is ready to be sealed.
type Draft struct {
	leaf     Hash
	contents string // hex
	keyID    string
	key, op  string // destination and operation
	upto     int
}

// Prepare computes what a seal by the key named shall cover: the packet as it
// is, with the whole of its lineage, on its way to a Redis key by an
// operation. Both are empty for a packet that has no way yet. The lineage must
// end in a linked entry (custody.Stamp, custody.Extend). Errors match
// ErrUnsealable or custody.ErrNotCanonical.
func Prepare(p *packet.Packet, keyID, key, operation string) (Draft, error) {
	contents, err := custody.ContentsSHA256(p.Contents)
	if err != nil {
		return Draft{}, err
	}
	lineage, err := lineageOf(p.ChainOfCustody)
	if err != nil {
		return Draft{}, err
	}
	l, err := leafOf(p, lineage, len(lineage))
	if err != nil {
		return Draft{}, err
	}
	l.contents, l.keyID, l.destination, l.operation = contents, keyID, key, operation
	hash, err := l.hash()
	return Draft{leaf: hash, contents: contents, keyID: keyID, key: key, op: operation, upto: l.upto}, err
}

// Leaf is the hash that the ledger records of a sealed packet.
func (d Draft) Leaf() Hash { return d.leaf }

// KeyID is the key by which the draft is to be sealed.
func (d Draft) KeyID() string { return d.keyID }

// leafOf fills in what a leaf takes from the packet.
func leafOf(p *packet.Packet, lineage []string, upto int) (leaf, error) {
	traceable, _ := p.ChainOfCustody.Get("traceable_id")
	id, ok := traceable.Text()
	if !ok {
		return leaf{}, unsealable("traceable_id is no text")
	}
	if upto > len(lineage) {
		return leaf{}, unsealable("the lineage has %d entries, not %d", len(lineage), upto)
	}
	link := custody.LastLink(lineage[:upto])
	if link == "" {
		return leaf{}, unsealable("lineage entry %d has no link", upto)
	}
	chain, err := ChainSHA256(p.ChainOfCustody)
	return leaf{packet: p, traceableID: id, chain: chain, link: link, upto: upto}, err
}

// Sign seals a batch of 1 to MaxBatch drafts with one signature, and gives
// the seal of each, to be put into its packet with Attach. All drafts must have
// been prepared for the signer's key. What is signed is
//
//	"if.packet/batch/v1" 0x0A
//	key_id               0x0A   16 hex digits
//	size                 0x0A   decimal: how many leaves the tree has
//	batch_ms             0x0A   decimal: at, in milliseconds since 1970
//	root                 0x0A   44 characters of base64
//
// where root is the Merkle tree hash of RFC 6962 over the leaves in their
// order. A packet alone is a batch of one, whose path is empty.
func Sign(by keyring.Signer, at time.Time, drafts []Draft) ([]packet.Value, error) {
	if len(drafts) == 0 || len(drafts) > MaxBatch {
		return nil, fmt.Errorf("a batch of %d packets cannot be sealed; 1 to %d can", len(drafts), MaxBatch)
	}
	for i := range drafts {
		if drafts[i].keyID != by.Entry.KeyID {
			return nil, fmt.Errorf("packet %d was prepared for key %s, not %s", i+1, drafts[i].keyID, by.Entry.KeyID)
		}
	}
	return sign(by.Entry.KeyID, by.Sign, at, drafts), nil
}

func sign(by string, put func(msg []byte) []byte, at time.Time, drafts []Draft) []packet.Value {
	leaves := make([]Hash, len(drafts))
	for i := range drafts {
		leaves[i] = drafts[i].leaf
	}
	t := newTree(leaves)
	root, ms := t.root(), at.UnixMilli()
	signature := packet.StringOf(base64.StdEncoding.EncodeToString(put(statement(by, len(drafts), ms, &root))))
	keyID, size, when := packet.StringOf(by), packet.IntOf(int64(len(drafts))), packet.IntOf(ms)
	seals := make([]packet.Value, len(drafts))
	steps := make([]packet.Value, 0, 16)
	for i := range drafts {
		d := &drafts[i]
		steps = steps[:0]
		t.path(i, func(hash string) { steps = append(steps, packet.StringOf(hash)) })
		seals[i] = packet.ObjectOf(
			packet.Member{Key: "v", Value: packet.IntOf(version)},
			packet.Member{Key: "key_id", Value: keyID},
			packet.Member{Key: "contents_sha256", Value: packet.StringOf(d.contents)},
			packet.Member{Key: "destination", Value: packet.StringOf(d.key)},
			packet.Member{Key: "operation", Value: packet.StringOf(d.op)},
			packet.Member{Key: "upto", Value: packet.IntOf(int64(d.upto))},
			packet.Member{Key: "batch_ms", Value: when},
			packet.Member{Key: "batch", Value: packet.ObjectOf(
				packet.Member{Key: "size", Value: size},
				packet.Member{Key: "index", Value: packet.IntOf(int64(i))},
				packet.Member{Key: "path", Value: packet.ArrayOf(steps...)},
			)},
			packet.Member{Key: "sig", Value: signature},
		)
	}
	return seals
}

// statement is what is signed; see Sign.
func statement(keyID string, size int, ms int64, root *Hash) []byte {
	text := make([]byte, 0, 128)
	text = append(append(append(text, "if.packet/batch/v1\n"...), keyID...), '\n')
	text = append(strconv.AppendInt(text, int64(size), 10), '\n')
	text = append(strconv.AppendInt(text, ms, 10), '\n')
	return append(base64.StdEncoding.AppendEncode(text, root[:]), '\n')
}

// Attach puts a seal behind those that a packet has. Nothing else of the
// packet may have changed since Prepare.
func Attach(p *packet.Packet, seal packet.Value) {
	before, _ := p.ChainOfCustody.Get("seals")
	list := make([]packet.Value, 0, before.Len()+1)
	for _, m := range before.Members() {
		list = append(list, m.Value)
	}
	p.ChainOfCustody = p.ChainOfCustody.With("seals", packet.ArrayOf(append(list, seal)...))
}

// Seal is one seal of a packet, as it stands there.
type Seal struct {
	KeyID          string
	ContentsSHA256 string // 64 lower-case hex digits
	Destination    string
	Operation      string
	Upto           int // lineage entries covered
	At             time.Time
	Size, Index    int // of the batch
	path           []Hash
	signature      [ed25519.SignatureSize]byte
}

// Read gives the seals of a packet, oldest first: none where there is no
// member seals, or an empty one. The error, one line, tells what is no seal;
// nothing is lenient here, as each fault would be something that two readers
// can see differently: a member too many or twice, a number out of its range,
// hex in upper case, base64 that is not the one form of its bytes.
func Read(p packet.Packet) ([]Seal, error) {
	v, there := p.ChainOfCustody.Get("seals")
	if !there {
		return nil, nil
	}
	if v.Kind() != packet.Array {
		return nil, unsealable("seals is no list")
	}
	seals := make([]Seal, v.Len())
	for i, m := range v.Members() {
		var err error
		if seals[i], err = parse(m.Value); err != nil {
			return nil, fmt.Errorf("seal %d: %w", i+1, err)
		}
		if i > 0 && seals[i].Upto <= seals[i-1].Upto {
			return nil, fmt.Errorf("seal %d: upto %d is not above %d, that of the seal before", i+1, seals[i].Upto, seals[i-1].Upto)
		}
	}
	return seals, nil
}

func parse(v packet.Value) (Seal, error) {
	f := fields{v: v}
	f.exactly("v", "key_id", "contents_sha256", "destination", "operation", "upto", "batch_ms", "batch", "sig")
	f.integer("v", version, version)
	s := Seal{
		KeyID: f.hex("key_id", keyring.KeyIDLength), ContentsSHA256: f.hex("contents_sha256", 64),
		Destination: f.text("destination"), Operation: f.text("operation"),
		Upto: f.integer("upto", 1, math.MaxInt32), At: time.UnixMilli(int64(f.integer("batch_ms", 0, 1<<53))),
	}
	f.base64("sig", f.text("sig"), s.signature[:])
	batch, _ := v.Get("batch")
	b := fields{v: batch, err: f.err}
	b.exactly("size", "index", "path")
	s.Size = b.integer("size", 1, MaxBatch)
	s.Index = b.integer("index", 0, s.Size-1)
	path, _ := batch.Get("path")
	if b.err == nil && (path.Kind() != packet.Array || path.Len() > 10) {
		b.err = fmt.Errorf("path is no list of at most 10 hashes")
	}
	if b.err == nil {
		s.path = make([]Hash, path.Len())
		for i, m := range path.Members() {
			text, _ := m.Value.Text()
			b.base64("path", text, s.path[i][:])
		}
	}
	return s, b.err
}

// fields takes the members of an object, and keeps the first fault.
type fields struct {
	v   packet.Value
	err error
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *fields) exactly(keys ...string) {
	if f.v.Kind() != packet.Object || f.v.Len() != len(keys) {
		f.fail("it is no object of the members %s", strings.Join(keys, ", "))
		return
	}
	for _, key := range keys {
		if _, there := f.v.Get(key); !there {
			f.fail("%s is missing", key)
		}
	}
}

func (f *fields) integer(key string, least, most int) int {
	m, _ := f.v.Get(key)
	n, ok := m.Int()
	if !ok || n < int64(least) || n > int64(most) {
		f.fail("%s is no integer from %d to %d", key, least, most)
	}
	return int(n)
}

func (f *fields) text(key string) string {
	m, _ := f.v.Get(key)
	s, ok := m.Text()
	if !ok || !packet.ValidText(s) {
		f.fail("%s is no text", key)
	}
	return s
}

func (f *fields) hex(key string, digits int) string {
	s := f.text(key)
	if len(s) != digits || strings.Trim(s, "0123456789abcdef") != "" {
		f.fail("%s is not %d hex digits", key, digits)
	}
	return s
}

func (f *fields) base64(key, s string, into []byte) {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != len(into) || strings.ContainsAny(s, "\r\n") {
		f.fail("%s is not the base64 of %d bytes", key, len(into))
		return
	}
	copy(into, raw)
}
