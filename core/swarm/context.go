package swarm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
	"github.com/infrafabric/ifpacket/core/packet"
	"github.com/infrafabric/ifpacket/core/store"
)

const (
	// ContextLimit is how large a context may be, in bytes, where nobody sets
	// another limit.
	ContextLimit = 64 << 20
	// ChunkSize is how large one chunk of a context is at most, in bytes of
	// UTF-8; a context no larger than that is kept whole.
	ChunkSize = 1 << 20

	chunkLife  = 3600 // seconds
	stagedLife = 10 * time.Minute
)

var contextScript = store.LoadScript("context")

// ContextInfo is what is known of an agent's context without reading it.
type ContextInfo struct {
	Version string // the first 12 hex digits of SHA-256 of the text
	Size    int64  // in bytes
	Updated string // as it was written
	Chunks  int    // 0 when it is kept whole
}

// LimitContexts sets how large a context may be, in bytes. It is called before
// the first act.
func (c *Coordinator) LimitContexts(bytes int) *Coordinator {
	c.limit = bytes
	return c
}

// ContextVersion is the version of a context with that text.
func ContextVersion(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:12]
}

// PutContext shares a context in the place of the one before. With a version
// it does so only when that is the version in place; "" asks for nothing. Too
// large a text is refused before anything is written. The pieces are laid
// ready under names of their own and exchanged for those in place by one
// script, with the version: so that whoever is interrupted leaves the context
// before, and pieces that go within ten minutes.
//
// Errors match ErrNoAgent, ErrContextSize, ErrContextText, ErrContextOther.
func (c *Coordinator) PutContext(ctx context.Context, agentID string, r io.Reader, version string) (ContextInfo, error) {
	if err := CheckAgentID(agentID); err != nil {
		return ContextInfo{}, fmt.Errorf("context: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(c.limit)+1))
	if err != nil {
		return ContextInfo{}, fmt.Errorf("context of %s: %w", agentID, err)
	}
	if len(text) > c.limit {
		return ContextInfo{}, fmt.Errorf("context of %s: %w: more than %s; nothing was written; share a digest of it, or a part",
			agentID, ErrContextSize, bytesText(c.limit))
	}
	if !utf8.Valid(text) {
		return ContextInfo{}, fmt.Errorf("context of %s: %w; nothing was written", agentID, ErrContextText)
	}
	info := ContextInfo{Version: ContextVersion(text), Size: int64(len(text)), Updated: stamp()}
	staged := keyspace.StagedContext(agentID, randomHex(8))
	content := []byte{}
	if len(text) <= ChunkSize {
		content = text
	} else if info.Chunks, err = c.stage(ctx, staged, text); err != nil {
		return ContextInfo{}, err
	}
	check := "0"
	if version != "" {
		check = "1"
	}
	event := packet.AppendValueJSON(nil, packet.ObjectOf(str("type", "context_updated"), str("agent_id", agentID),
		str("version", info.Version), packet.Member{Key: "size_bytes", Value: packet.IntOf(info.Size)}))
	status, rest, err := c.store.Run(ctx, contextScript, []string{keyspace.AgentContext(agentID), keyspace.Agent(agentID)},
		info.Version, info.Size, info.Updated, content, info.Chunks, staged, keyspace.ContextChunks(agentID), chunkLife,
		check, version, keyspace.ChannelAgent(agentID), event)
	switch {
	case err != nil:
		return ContextInfo{}, err
	case status == "NONE":
		return ContextInfo{}, fmt.Errorf("context of %s: %w; register it first", agentID, ErrNoAgent)
	case status == "CHANGED":
		found := store.Text(rest[0])
		if found == "" {
			found = "none"
		}
		return ContextInfo{}, fmt.Errorf("context of %s: %w: %s is in place, not %s", agentID, ErrContextOther, found, version)
	case status == "LOST":
		return ContextInfo{}, fmt.Errorf("context of %s: its pieces were gone before all were written; try again", agentID)
	}
	return info, nil
}

// stage lays the pieces of a text ready, and returns how many there are.
func (c *Coordinator) stage(ctx context.Context, prefix string, text []byte) (n int, err error) {
	for ; len(text) > 0; n++ {
		piece := text[:chunkEnd(text)]
		text = text[len(piece):]
		key := fmt.Sprint(prefix, n)
		err := c.store.Transaction(ctx, "context", key, func(tx redis.Pipeliner) { tx.Set(ctx, key, piece, stagedLife) })
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// chunkEnd is where the first chunk of a text ends: between two characters.
func chunkEnd(text []byte) int {
	if len(text) <= ChunkSize {
		return len(text)
	}
	end := ChunkSize
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return end
}

func bytesText(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
