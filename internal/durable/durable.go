// Package durable writes files so that after a crash there is the old file or
// the new one, and never a part.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const tempPrefix = ".new-"

// Step is told before each step of a Write. Tests end the process there.
var Step = func(string) {}

// Write makes a file of what fill writes: beside it, synced, renamed over it,
// and the folder synced. The file has mode 0600 from its first moment, folders
// that are missing 0700. What is no file, such as a folder or a device, is not
// replaced. On an error nothing is left behind.
func Write(path string, fill func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file that could be replaced", path)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	Step("create")
	temp, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	Step("fill")
	if err := fill(temp); err != nil {
		return err
	}
	Step("sync")
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	Step("rename")
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	sweep(dir)
	Step("sync the folder")
	return SyncDir(dir)
}

// abandoned is the age from which a half-written file belongs to nobody.
const abandoned = time.Hour

// sweep removes what a crash in the middle of Write left behind: a private key
// may be in it that nobody knows.
func sweep(dir string) {
	list, _ := os.ReadDir(dir)
	for _, entry := range list {
		if !strings.HasPrefix(entry.Name(), tempPrefix) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// SyncDir makes a rename or a removal last through a power cut; Windows has no
// such call. A folder that is not there is no error.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
