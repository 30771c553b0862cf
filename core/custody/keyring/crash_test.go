package keyring_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

const (
	writerDir  = "IFPACKET_TEST_WRITER"
	writerFile = "keyring-0123456789abcdef.json"
	writerSize = 1 << 18
)

// writeForEver is another process, which writes one file again and again until
// it is killed.
func writeForEver(dir string) {
	keys := keyring.Files(dir)
	for i := byte(0); ; i++ {
		if keys.Write(writerFile, bytes.Repeat([]byte{'a' + i%26}, writerSize)) != nil {
			os.Exit(1)
		}
	}
}

func TestAProcessKilledWhileItWritesLeavesWholeFiles(t *testing.T) {
	dir := t.TempDir()
	keys := keyring.Files(dir)
	for range 8 {
		writer := exec.Command(os.Args[0], "-test.run=^$")
		writer.Env = append(os.Environ(), writerDir+"="+dir)
		ok(t, writer.Start())
		seen := map[byte]bool{}
		testredis.Eventually(t, "the other process has written a few times", func() bool {
			if data, err := keys.Read(writerFile); err == nil && len(data) > 0 {
				seen[data[0]] = true
			}
			return len(seen) > 3
		})
		ok(t, writer.Process.Kill())
		_ = writer.Wait()
		data, err := keys.Read(writerFile)
		ok(t, err)
		if len(data) != writerSize || strings.Trim(string(data), string(data[:1])) != "" {
			t.Fatalf("a part of a file: %d bytes", len(data))
		}
	}
	// What was half written is removed by a later write, once it is certain
	// that it is nobody's.
	half := filepath.Join(dir, ".new-crashed")
	ok(t, os.WriteFile(half, []byte("half"), 0o600))
	ok(t, keys.Write(writerFile, []byte("x")))
	if _, err := os.Stat(half); err != nil {
		t.Errorf("what another process may be writing is removed: %v", err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".new-*"))
	for _, path := range left {
		ok(t, os.Chtimes(path, time.Time{}, time.Now().Add(-2*time.Hour)))
	}
	ok(t, keys.Write(writerFile, []byte("y")))
	if left, _ = filepath.Glob(filepath.Join(dir, ".new-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestACrashBetweenKeyAndRingIsMendedByTheNextTry(t *testing.T) {
	each(t, func(t *testing.T, url string, raw *redis.Client) {
		m := newMachine(t, url)
		m.make(keyring.Seal, "a")
		before := raw.Get(ctx, ringKey).Val()
		pin, err := os.ReadFile(m.pin())
		ok(t, err)
		id := m.make(keyring.Seal, "b").Entry.KeyID
		// As if the process had ended after writing the private key.
		raw.Set(ctx, ringKey, before, 0)
		ok(t, os.WriteFile(m.pin(), pin, 0o600))
		m = m.again()
		list, err := m.Local(ctx)
		ok(t, err)
		if len(list) != 3 || list[2].State != keyring.Unknown || list[2].KeyID != id {
			t.Errorf("%+v", list)
		}
		made := m.make(keyring.Seal, "b")
		if !made.Trusted || made.Entry.KeyID != id || len(m.keyFiles()) != 3 {
			t.Errorf("%+v, %v", made, m.files())
		}
	})
}

// pin is the path of the only pinned ring.
func (m machine) pin() string {
	m.t.Helper()
	pins, err := filepath.Glob(filepath.Join(m.dir, "keyring-*.json"))
	if err != nil || len(pins) != 1 {
		m.t.Fatalf("%v, %v", pins, err)
	}
	return pins[0]
}
