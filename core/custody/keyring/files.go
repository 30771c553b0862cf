package keyring

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/infrafabric/ifpacket/internal/durable"
)

const (
	lockSuffix = ".lock"
	// maxFile is the largest file that is read.
	maxFile = maxDocument + 1<<10
)

// files is a KeyStore on disk.
type files struct{ dir string }

// Files is the KeyStore in a folder, which is $XDG_DATA_HOME/ifpacket. Nothing
// is made there before something is written. Folders get mode 0700, files
// 0600; a private key that group or others may read, or a folder of keys that
// they may write to, is refused (ErrExposed), except on Windows, which has no
// such modes.
func Files(dir string) KeyStore { return files{dir} }

func (f files) Where(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f files) Lock(ctx context.Context, name string) (func(), error) {
	path := f.Where(name + lockSuffix)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	for {
		unlock, err := tryLock(path)
		if err == nil || !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (f files) Names(prefix string) (names []string, err error) {
	dir := strings.TrimSuffix(prefix, "/")
	list, err := os.ReadDir(f.Where(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range list {
		if !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, prefix+entry.Name())
		}
	}
	return names, err
}

func (f files) Read(name string) ([]byte, error) {
	path := f.Where(name)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if strings.HasPrefix(name, keyPrefix) {
		if err := private(file, path); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errors.New("the file is larger than any that was written here")
	}
	return data, err
}

// private looks at the file that was opened, not at the name, which somebody
// may have pointed elsewhere meanwhile.
func private(file *os.File, path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode(); mode.Perm()&0o077 != 0 {
		return fail(ErrExposed, "the private key in %s is open to others (mode %04o) and is not used; run chmod 600 on it if nobody can have read it, else revoke it and make another", path, mode.Perm())
	}
	dir := filepath.Dir(path)
	info, err = os.Stat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode(); mode.Perm()&0o022 != 0 {
		return fail(ErrExposed, "the folder %s is open to others (mode %04o), who could exchange the private keys in it; run chmod 700 on it", dir, mode.Perm())
	}
	return nil
}

func (f files) Write(name string, data []byte) error {
	return durable.Write(f.Where(name), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func (f files) Remove(name string) error {
	path := f.Where(name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}
