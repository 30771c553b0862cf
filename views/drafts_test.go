package views

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/infrafabric/ifpacket/core/dispatch"
	"github.com/infrafabric/ifpacket/core/governance"
)

// run carries out what a command of the composer does, and hands it back.
func run(c *Compose, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, part := range msg {
			run(c, part)
		}
	case savedMsg:
		c.Update(msg)
	}
}

func TestDraftAndHistorySurviveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "ifpacket")
	c := composer(t, dir)
	c.set("origin", "somebody")
	c.set("contents", "{\n  half written")
	c.Now = c.Now.Add(2 * time.Second)
	run(c, c.Refresh())
	if view := plain(c.View(true)); !strings.Contains(view, "draft saved") {
		t.Errorf("it is not told:\n%s", view)
	}
	run(c, c.Update(sentMsg{receipt: dispatch.Receipt{TrackingID: "id", Status: dispatch.Dispatched, Decision: governance.Approved}, draft: c.draft()}))
	again := NewCompose(c.Shared, dir)
	if again.draft() != c.draft() || len(again.desk.History) != 1 || again.desk.History[0].TrackingID != "id" {
		t.Errorf("restored is %+v with %d sent", again.draft(), len(again.desk.History))
	}
	info, err := os.Stat(deskFile(dir))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others can read the drafts: %v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "composer-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestADraftIsSavedAMomentAfterItChangedAndNotElse(t *testing.T) {
	c := composer(t, t.TempDir())
	run(c, c.Refresh())
	if c.Refresh() != nil {
		t.Error("what did not change is saved")
	}
	c.set("ttl", "61")
	run(c, c.Refresh()) // nothing was saved within the last second
	c.set("ttl", "62")
	if c.Refresh() != nil {
		t.Error("it is saved at every key")
	}
	c.Now = c.Now.Add(time.Second)
	if c.Refresh() == nil {
		t.Error("it is not saved after a second")
	}
}

func TestClosingKeepsWhatWasTypedLast(t *testing.T) {
	dir := t.TempDir()
	c := composer(t, dir)
	late := c.save() // on its way, and slow
	c.set("origin", "the last word")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	run(c, late)
	if d, err := loadDesk(dir); err != nil || d.Draft.Origin != "the last word" {
		t.Errorf("kept is %q, %v", d.Draft.Origin, err)
	}
	untouched := t.TempDir()
	if err := NewCompose(c.Shared, untouched).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(deskFile(untouched)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a composer that nobody touched writes a draft")
	}
}

func TestAnUnreadableDraftFileIsNotWrittenOver(t *testing.T) {
	dir := t.TempDir()
	const broken = `{"draft": {"origin": "some`
	if err := os.WriteFile(deskFile(dir), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	c := composer(t, dir)
	c.set("origin", "new")
	run(c, c.Refresh())
	run(c, c.save())
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if found, _ := os.ReadFile(deskFile(dir)); string(found) != broken {
		t.Errorf("the file holds %q", found)
	}
	if view := plain(c.View(true)); strings.Contains(view, "draft saved") || !strings.Contains(view, "drafts are not saved") {
		t.Error("it does not say that it was not saved")
	}
}

func TestADraftThatCannotBeSavedIsToldAndTriedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // where the folder should be
		t.Fatal(err)
	}
	s := plainStage(t)
	c := NewCompose(s, "")
	c.dir = dir
	c.set("origin", "new")
	saved := c.Refresh()().(savedMsg)
	if saved.err == nil {
		t.Fatal("a file was taken for a folder")
	}
	if toast := told[Toast](t, c.Update(saved)); !strings.Contains(toast.Text, "the draft could not be saved") {
		t.Errorf("%+v", toast)
	}
	if c.SetSize(160, 40); strings.Contains(plain(c.View(true)), "draft saved") {
		t.Error("it says that it was saved")
	}
	c.Now = c.Now.Add(2 * time.Second)
	if c.Refresh() != nil {
		t.Error("it is tried again at once, with a toast each time")
	}
	c.Now = c.Now.Add(retrySave)
	if c.Refresh() == nil {
		t.Error("it is not tried again")
	}
	if c.Close() == nil {
		t.Error("closing hides that the draft is lost")
	}
}

func TestAFailedSaveLeavesTheOldDraftWhole(t *testing.T) {
	dir := t.TempDir()
	if err := saveDesk(dir, desk{Draft: draft{Origin: "old"}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(dir, 0o700) }()
	if err := saveDesk(dir, desk{Draft: draft{Origin: "new"}}); err == nil {
		t.Skip("this user may write where nobody may")
	}
	if d, err := loadDesk(dir); err != nil || d.Draft.Origin != "old" {
		t.Errorf("%+v, %v", d, err)
	}
}
