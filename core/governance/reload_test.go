package governance_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/core/governance"
)

// policyFile is a policy in a folder of its own.
type policyFile struct {
	t    *testing.T
	path string
}

func newPolicyFile(t *testing.T, status string) policyFile {
	f := policyFile{t, filepath.Join(t.TempDir(), "p.yaml")}
	f.write(policyOf(status))
	return f
}

// policyOf is a policy that gives every action this status.
func policyOf(status string) string {
	return "guardians: [{name: g, rules: [{name: r, when: \"true\", status: " + status + "}]}]\n"
}

func (f policyFile) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// replace puts another file in its place, as editors do.
func (f policyFile) replace(text string) {
	f.t.Helper()
	fresh := policyFile{f.t, f.path + ".new"}
	fresh.write(text)
	if err := os.Rename(fresh.path, f.path); err != nil {
		f.t.Fatal(err)
	}
}

func (f policyFile) remove() {
	f.t.Helper()
	if err := os.Remove(f.path); err != nil {
		f.t.Fatal(err)
	}
}

// sitting is an open chamber that notes what it tells.
type sitting struct {
	*governance.Chamber
	t       *testing.T
	mu      sync.Mutex
	changes []governance.Change
	told    chan struct{}
}

func sit(t *testing.T, ref string) *sitting {
	t.Helper()
	c, err := governance.OpenChamber(ref)
	if err != nil {
		t.Fatal(err)
	}
	s := &sitting{Chamber: c, t: t, told: make(chan struct{}, 100)}
	c.OnChange(func(change governance.Change) {
		s.mu.Lock()
		s.changes = append(s.changes, change)
		s.mu.Unlock()
		s.told <- struct{}{}
	})
	t.Cleanup(func() { _ = c.Close() })
	return s
}

// next waits for the next change that is told.
func (s *sitting) next() governance.Change {
	s.t.Helper()
	select {
	case <-s.told:
	case <-time.After(10 * time.Second):
		s.t.Fatal("nothing is told")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes[len(s.changes)-1]
}

func (s *sitting) gives(want governance.Status) {
	s.t.Helper()
	if v := judge(s.t, s.InForce(), act("x", "general", "{}")); v.Status != want {
		s.t.Errorf("it gives %s, not %s", v.Status, want)
	}
}

func TestAChangedFileIsPutInForce(t *testing.T) {
	for name, change := range map[string]func(policyFile, string){
		"written over": policyFile.write, "replaced by another": policyFile.replace,
		"deleted and made again": func(f policyFile, text string) { f.remove(); f.write(text) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newPolicyFile(t, "blocked")
			s := sit(t, f.path)
			before := s.InForce()
			s.gives(governance.Blocked)
			change(f, policyOf("requires_human_review"))
			told := s.next()
			if told.Err != nil || told.Before != before.Revision() || told.Now != s.InForce().Revision() || told.Now == told.Before || s.Trouble() != nil {
				t.Errorf("%+v, trouble %v", told, s.Trouble())
			}
			s.gives(governance.Review)
			if v := judge(t, before, act("x", "general", "{}")); v.Status != governance.Blocked {
				t.Errorf("who held on to the rules before sees them change to %s", v.Status)
			}
		})
	}
}

func TestABadFileKeepsThePolicyInForceAndSaysSo(t *testing.T) {
	for name, c := range map[string]struct{ text, word string }{
		"no YAML":          {"guardians: [", "YAML"},
		"emptied":          {"", "empty"},
		"an unknown key":   {"colour: red\n" + policyOf("blocked"), "colour"},
		"a rule's syntax":  {oneRule("entropy >"), "syntax"},
		"a rule's type":    {oneRule("entropy"), "true or false"},
		"a failing test":   {policyOf("blocked") + "tests: [{name: t, action: {}, expect: approved}]\n", `test "t"`},
		"a file too large": {policyOf("blocked") + "#" + strings.Repeat("x", 1<<20), "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newPolicyFile(t, "requires_co_signature")
			s := sit(t, f.path)
			before := s.InForce().Revision()
			f.replace(c.text)
			told := s.next()
			if !errors.Is(told.Err, governance.ErrPolicy) || told.Now != before || s.InForce().Revision() != before {
				t.Errorf("%+v", told)
			}
			if trouble := s.Trouble(); trouble == nil || !strings.Contains(trouble.Error(), c.word) || !strings.Contains(trouble.Error(), before+" stays in force") {
				t.Errorf("trouble: %v", trouble)
			}
			s.gives(governance.CoSign)
			f.replace(policyOf("blocked"))
			if told := s.next(); told.Err != nil || s.Trouble() != nil {
				t.Errorf("after it was mended: %+v, %v", told, s.Trouble())
			}
			s.gives(governance.Blocked)
		})
	}
}

func TestAFileThatVanishesKeepsThePolicyAndIsFoundAgain(t *testing.T) {
	f := newPolicyFile(t, "blocked")
	s := sit(t, f.path)
	f.remove()
	if told := s.next(); !errors.Is(told.Err, os.ErrNotExist) || !strings.Contains(s.Trouble().Error(), "is gone") {
		t.Errorf("%+v", told)
	}
	s.gives(governance.Blocked)
	f.write(policyOf("blocked"))
	if told := s.next(); told.Err != nil || told.Now != told.Before || s.Trouble() != nil {
		t.Errorf("the same again: %+v, %v", told, s.Trouble())
	}
}

func TestAFolderThatVanishesIsFoundAgain(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	make := func(status string) {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		policyFile{t, filepath.Join(folder, "p.yaml")}.write(policyOf(status))
	}
	make("blocked")
	s := sit(t, filepath.Join(folder, "p.yaml"))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	s.next()
	s.gives(governance.Blocked)
	make("requires_human_review")
	for s.next().Err != nil { // the folder may be seen before the file
	}
	s.gives(governance.Review)
}

func TestALinkedFileIsFollowed(t *testing.T) {
	f := newPolicyFile(t, "blocked")
	links := t.TempDir()
	link := filepath.Join(links, "p.yaml")
	if err := os.Symlink(f.path, link); err != nil {
		t.Skip(err)
	}
	s := sit(t, link)
	f.replace(policyOf("requires_human_review"))
	s.next()
	s.gives(governance.Review)

	other := newPolicyFile(t, "requires_co_signature")
	if err := os.Symlink(other.path, link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
	s.next()
	s.gives(governance.CoSign)
	other.write(policyOf("blocked"))
	s.next()
	s.gives(governance.Blocked)
}

func TestOtherFilesOfTheFolderAreNoChange(t *testing.T) {
	f := newPolicyFile(t, "blocked")
	s := sit(t, f.path)
	policyFile{t, f.path + ".swp"}.write("x")
	f.write(policyOf("blocked")) // the same text
	f.replace(policyOf("requires_human_review"))
	s.next()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes) != 1 {
		t.Errorf("%d changes: %+v", len(s.changes), s.changes)
	}
}

func TestAChamberDoesNotOpenWithoutAPolicy(t *testing.T) {
	f := newPolicyFile(t, "aproved")
	if _, err := governance.OpenChamber(f.path); !errors.Is(err, governance.ErrPolicy) {
		t.Errorf("a bad file: %v", err)
	}
	if _, err := governance.OpenChamber(filepath.Join(t.TempDir(), "none", "p.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestEmbeddedPoliciesNeverChange(t *testing.T) {
	for _, ref := range []string{"", "default", "s2"} {
		s := sit(t, ref)
		if s.Trouble() != nil || s.InForce().Revision() != load(t, ref).Revision() {
			t.Errorf("%q: %s, %v", ref, s.InForce().Revision(), s.Trouble())
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		}
	}
}

func TestWhoNoLongerListensIsNotTold(t *testing.T) {
	f := newPolicyFile(t, "blocked")
	s := sit(t, f.path)
	told := make(chan struct{}, 10)
	cancel := s.OnChange(func(governance.Change) { told <- struct{}{} })
	f.replace(policyOf("requires_human_review"))
	s.next()
	<-told
	cancel()
	f.replace(policyOf("blocked"))
	s.next()
	if len(told) != 0 {
		t.Error("it was told")
	}
}

func TestJudgingGoesOnWhileTheFileChanges(t *testing.T) {
	f := newPolicyFile(t, "blocked")
	s := sit(t, f.path)
	stop := make(chan struct{})
	var judges sync.WaitGroup
	for range 4 {
		judges.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if v := judge(t, s.InForce(), act("x", "general", "{}")); v.Status == governance.Approved {
					t.Errorf("approved by %s", s.InForce().Revision())
					return
				}
			}
		})
	}
	for _, text := range []string{policyOf("requires_human_review"), "bad", policyOf("blocked")} {
		f.replace(text)
		s.next()
	}
	close(stop)
	judges.Wait()
}
