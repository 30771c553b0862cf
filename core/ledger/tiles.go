package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight: a tile holds up to 256 hashes of one level (C2SP tlog-tiles).
const tileHeight = 8

var emptyRoot = Hash(sha256.Sum256(nil))

// errTiles says that the tiles in Redis are not those of a checkpoint. They
// can be made again from the records.
var errTiles = errors.New("the tiles do not fit the checkpoint")

// tiles reads the tree of a checkpoint from the tiles in Redis. Whoever writes
// to Redis can write tiles too, so that each hash is checked against the root
// before it is given.
type tiles struct {
	ctx context.Context
	l   *Ledger
	err error // of Redis, as opposed to tiles that do not fit
}

// tree gives the hashes of a checkpoint's tree. Errors match errTiles, or are
// the store's.
func (l *Ledger) tree(ctx context.Context, c *Checkpoint) tlog.HashReader {
	t := &tiles{ctx: ctx, l: l}
	from := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: tlog.Hash(c.Root)}, t)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := from.ReadHashes(indexes)
		switch {
		case err == nil:
			return hashes, nil
		case t.err != nil:
			return nil, t.err
		}
		return nil, fmt.Errorf("%w: %w", errTiles, err)
	})
}

// withTree hands the hashes of a checkpoint's tree to use: from the tiles, or,
// where these do not fit, from the records, if they are all there. The next
// look then has the tiles made again. Errors are those of use, or match errTiles
// or ErrDamaged, or are the store's.
func (l *Ledger) withTree(ctx context.Context, c *Checkpoint, use func(tlog.HashReader) error) error {
	err := use(l.tree(ctx, c))
	if !errors.Is(err, errTiles) {
		return err
	}
	t, missing := l.rehash(ctx, c.Base, c.Size)
	if missing != nil { // trimmed, for instance
		return err
	}
	if root, err := t.Root(c.Size); err != nil || root != c.Root {
		return errors.Join(fmt.Errorf("%w: its records are not those that its checkpoint was made of", ErrDamaged), err)
	}
	l.doubted.Store(true)
	return use(t)
}

// Height is that of the tiles.
func (t *tiles) Height() int { return tileHeight }

// SaveTiles has nothing to do: what was checked is not kept.
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads tiles as they stand.
func (t *tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	fields := make([]string, len(list))
	for i, tile := range list {
		fields[i] = tileField(tile)
	}
	key := t.l.space.Tiles()
	values, err := t.l.store.Commands().HMGet(t.ctx, key, fields...).Result()
	if redis.HasErrorPrefix(err, "WRONGTYPE") { // no tiles, then
		return nil, err
	}
	if err != nil {
		t.err = t.l.store.Explain("hmget", key, err)
		return nil, t.err
	}
	data := make([][]byte, len(list))
	for i, v := range values {
		text, _ := v.(string)
		want := list[i].W * len(Hash{})
		if len(text) < want { // a fuller tile begins with the hashes of the one before
			return nil, fmt.Errorf("tile %s is missing or short", fields[i])
		}
		data[i] = []byte(text[:want])
	}
	return data, nil
}

// tileField names a tile within the hash of tiles: "level/number".
func tileField(t tlog.Tile) string {
	return strconv.Itoa(t.L) + "/" + strconv.FormatInt(t.N, 10)
}

// growth is a tree that grows beyond what the tiles in Redis hold. Hashes of
// the first before leaves come from there.
type growth struct {
	from   tlog.HashReader
	before int64
	size   int64
	made   map[int64]tlog.Hash
}

func grow(from tlog.HashReader, before int64) *growth {
	return &growth{from: from, before: before, size: before, made: map[int64]tlog.Hash{}}
}

// ReadHashes gives stored hashes, new and old.
func (g *growth) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	var old, places []int64
	for i, index := range indexes {
		h, there := g.made[index]
		if hashes[i] = h; !there {
			old, places = append(old, index), append(places, int64(i))
		}
	}
	if len(old) == 0 {
		return hashes, nil
	}
	found, err := g.from.ReadHashes(old)
	if err != nil {
		return nil, err
	}
	for i, h := range found {
		hashes[places[i]] = h
	}
	return hashes, nil
}

func (g *growth) append(leaf Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(g.size, tlog.Hash(leaf), g)
	if err != nil {
		return err
	}
	first := tlog.StoredHashIndex(0, g.size)
	for i, h := range hashes {
		g.made[first+int64(i)] = h
	}
	g.size++
	return nil
}

// tileFields are the tiles that are new or fuller in a tree of size leaves than
// in that of the first before, as names and values of the hash of tiles.
func tileFields(from tlog.HashReader, before, size int64) ([]any, error) {
	var out []any
	for _, tile := range tlog.NewTiles(tileHeight, before, size) {
		data, err := tlog.ReadTileData(tile, from)
		if err != nil {
			return nil, err
		}
		out = append(out, tileField(tile), data)
	}
	return out, nil
}
