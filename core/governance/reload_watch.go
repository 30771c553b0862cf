package governance

import (
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
)

// folderWatch watches the folder of a file, and that of what the file links
// to. Watching the file itself would lose it when an editor puts a new file in
// its place. A nil folderWatch sees nothing.
type folderWatch struct {
	*fsnotify.Watcher
	file    string
	folders []string
	lost    bool
}

func newFolderWatch(file string) (*folderWatch, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &folderWatch{Watcher: watcher, file: file}
	if err := w.add(filepath.Dir(file)); err != nil {
		_ = watcher.Close()
		return nil, err
	}
	w.follow()
	return w, nil
}

func (w *folderWatch) add(folder string) error {
	if slices.Contains(w.folders, folder) {
		return nil
	}
	if err := w.Add(folder); err != nil {
		return err
	}
	w.folders = append(w.folders, folder)
	return nil
}

// follow watches where the file links to now, too.
func (w *folderWatch) follow() {
	if w == nil {
		return
	}
	if target, err := filepath.EvalSymlinks(w.file); err == nil {
		_ = w.add(filepath.Dir(target)) // its own folder is watched in any case
	}
}

// sound reports whether changes will be seen.
func (w *folderWatch) sound() bool {
	if w == nil || w.lost {
		return false
	}
	list := w.WatchList()
	return !slices.ContainsFunc(w.folders, func(folder string) bool { return !slices.Contains(list, folder) })
}

func (w *folderWatch) lose() { w.lost = true }

func (w *folderWatch) events() <-chan fsnotify.Event {
	if w == nil || w.lost {
		return nil
	}
	return w.Events
}

func (w *folderWatch) errors() <-chan error {
	if w == nil || w.lost {
		return nil
	}
	return w.Errors
}

func (w *folderWatch) close() {
	if w != nil {
		_ = w.Close()
	}
}
