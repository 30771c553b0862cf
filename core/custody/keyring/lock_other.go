//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keyring

import (
	"errors"
	"sync"
)

var (
	errLocked = errors.New("locked")
	held      sync.Map
)

// tryLock excludes others in this process only: there is no lock here that
// would end by itself with a process that crashed.
func tryLock(path string) (unlock func(), err error) {
	if _, taken := held.LoadOrStore(path, true); taken {
		return nil, errLocked
	}
	return func() { held.Delete(path) }, nil
}
