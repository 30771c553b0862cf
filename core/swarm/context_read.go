package swarm

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/keyspace"
)

const (
	readTries  = 5
	readLot    = 8     // chunks read in one round trip
	maxChunks  = 65536 // more than that a count is not believed
	namedCount = 5     // missing chunks that an error names
)

// CutError says which chunks of a context are missing. It matches
// ErrContextCut.
type CutError struct {
	Agent   string
	Missing []int // numbers from 0 on
	Chunks  int   // how many there should be
}

func (e *CutError) Error() string {
	names := make([]string, 0, namedCount)
	for _, n := range e.Missing[:min(len(e.Missing), namedCount)] {
		names = append(names, strconv.Itoa(n))
	}
	more := ""
	if left := len(e.Missing) - len(names); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	return fmt.Sprintf("context of %s: %v: chunk %s%s of %d is missing (chunks last an hour); have it shared again",
		e.Agent, ErrContextCut, strings.Join(names, ", "), more, e.Chunks)
}

func (e *CutError) Unwrap() error { return ErrContextCut }

// Context tells what is known of an agent's context without reading it. The
// error matches ErrNoContext.
func (c *Coordinator) Context(ctx context.Context, agentID string) (ContextInfo, error) {
	info, _, err := c.contextHead(ctx, agentID)
	return info, err
}

func (c *Coordinator) contextHead(ctx context.Context, agentID string) (info ContextInfo, content *string, err error) {
	key := keyspace.AgentContext(agentID)
	f, err := c.store.Commands().HMGet(ctx, key, "version", "size_bytes", "updated_at", "chunks", "content").Result()
	if err != nil {
		return info, nil, c.store.Explain("context", key, err)
	}
	text := func(i int) string { s, _ := f[i].(string); return s }
	if whole, ok := f[4].(string); ok {
		content = &whole
	}
	info = ContextInfo{Version: text(0), Updated: text(2)}
	info.Size, _ = strconv.ParseInt(text(1), 10, 64)
	info.Chunks, _ = strconv.Atoi(text(3))
	if content == nil && info.Chunks <= 0 {
		return info, nil, fmt.Errorf("context of %s: %w", agentID, ErrNoContext)
	}
	if info.Chunks > maxChunks {
		return info, nil, fmt.Errorf("context of %s: %w: it claims %d chunks", agentID, ErrContextMixed, info.Chunks)
	}
	return info, content, nil
}

// GetContext reads an agent's context, whoever wrote it. What it returns is
// the text that the version names, or nothing: a missing chunk gives a
// *CutError; a put that came between the reads is met by reading again. A text
// that is not its version's, as a writer leaves it that was interrupted
// between chunks and hash, matches ErrContextMixed. Errors match ErrNoContext,
// ErrContextCut, ErrContextMixed.
func (c *Coordinator) GetContext(ctx context.Context, agentID string) (text []byte, info ContextInfo, err error) {
	for try := 1; ; try++ {
		text, info, err = c.readContext(ctx, agentID)
		if err == nil && ContextVersion(text) != info.Version {
			err = fmt.Errorf("context of %s: %w (%s)", agentID, ErrContextMixed, info.Version)
		}
		if err == nil {
			return text, info, nil
		}
		if !errors.Is(err, ErrContextCut) && !errors.Is(err, ErrContextMixed) || ctx.Err() != nil {
			return nil, info, err
		}
		// Was it exchanged meanwhile? Then what was read says nothing.
		again, _, headErr := c.contextHead(ctx, agentID)
		if try == readTries || headErr == nil && again == info && try > 1 {
			return nil, info, err
		}
	}
}

// readContext reads the parts once.
func (c *Coordinator) readContext(ctx context.Context, agentID string) ([]byte, ContextInfo, error) {
	info, content, err := c.contextHead(ctx, agentID)
	if err != nil {
		return nil, info, err
	}
	if content != nil {
		return []byte(*content), info, nil
	}
	var text []byte
	var missing []int
	for first := 0; first < info.Chunks; first += readLot {
		n := min(readLot, info.Chunks-first)
		chunks := make([]*redis.StringCmd, n)
		err := c.store.Read(ctx, func(p redis.Pipeliner) {
			for i := range chunks {
				chunks[i] = p.Get(ctx, keyspace.ContextChunk(agentID, first+i))
			}
		})
		if err != nil {
			return nil, info, err
		}
		for i, chunk := range chunks {
			switch err := chunk.Err(); {
			case errors.Is(err, redis.Nil):
				missing = append(missing, first+i)
			case err != nil:
				return nil, info, c.store.Explain("context", keyspace.ContextChunk(agentID, first+i), err)
			case len(missing) == 0:
				text = append(text, chunk.Val()...)
			}
		}
	}
	if len(missing) > 0 {
		return nil, info, &CutError{agentID, missing, info.Chunks}
	}
	return text, info, nil
}

// ContextWindow reads a part of a context: n bytes from an offset on, fewer at
// its end. It does not check the version; the part may begin or end within a
// character. Errors match ErrNoContext, ErrContextCut.
func (c *Coordinator) ContextWindow(ctx context.Context, agentID string, offset, n int64) (part []byte, info ContextInfo, err error) {
	offset, n = max(offset, 0), max(n, 0)
	info, content, err := c.contextHead(ctx, agentID)
	if err != nil {
		return nil, info, err
	}
	if content != nil {
		whole := *content
		from := min(offset, int64(len(whole)))
		return []byte(whole[from:min(from+n, int64(len(whole)))]), info, nil
	}
	sizes := make([]*redis.IntCmd, info.Chunks)
	err = c.store.Read(ctx, func(p redis.Pipeliner) {
		for i := range sizes {
			sizes[i] = p.StrLen(ctx, keyspace.ContextChunk(agentID, i))
		}
	})
	if err != nil {
		return nil, info, err
	}
	for i, begin := 0, int64(0); i < info.Chunks && begin < offset+n; i++ {
		size := sizes[i].Val()
		if size == 0 {
			return nil, info, &CutError{agentID, []int{i}, info.Chunks}
		}
		if from, to := max(offset-begin, 0), min(offset+n-begin, size); from < to {
			key := keyspace.ContextChunk(agentID, i)
			text, err := c.store.Commands().GetRange(ctx, key, from, to-1).Result()
			if err != nil {
				return nil, info, c.store.Explain("context", key, err)
			}
			part = append(part, text...)
		}
		begin += size
	}
	return part, info, nil
}
