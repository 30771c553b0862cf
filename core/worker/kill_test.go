package worker

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/infrafabric/ifpacket/internal/testredis"
)

// Workers are killed with -9 at any step of their cycle, again and again: no
// task is lost, and each that a killed worker held is done within its lease
// and two seconds.
func TestWorkersMayBeKilledAtAnyMoment(t *testing.T) {
	kills := 30
	if os.Getenv("IFPACKET_LONG") != "" {
		kills = 1000
	}
	y := open(t, testredis.Start(t).URL())
	dir := t.TempDir()
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), workerAt+"="+y.url+" "+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	victims := []*exec.Cmd{start(), start()}
	end := func(i int) {
		_ = victims[i].Process.Kill()
		_ = victims[i].Wait()
	}
	defer func() {
		for i := range victims {
			end(i)
		}
	}()
	var ids []string
	for k := range kills {
		ids = append(ids, y.posts("q", 60)...)
		time.Sleep(rand.N(60 * time.Millisecond)) // the moment is anybody's guess: that is the test
		end(k % 2)
		victims[k%2] = start()
	}
	begin := time.Now()
	testredis.Eventually(t, "every task is done", func() bool { return y.doneAll(ids) })
	took := time.Since(begin)
	twice := 0
	for _, id := range ids {
		if info, err := os.Stat(dir + "/" + id); err != nil {
			t.Errorf("%s was completed and never done", id)
		} else if info.Size() > 1 {
			twice++
		}
	}
	t.Logf("%d kills, %d tasks, %d done twice by a killed worker's unfinished work, the last %s after the last kill", kills, len(ids), twice, took)
	if twice > kills*8 {
		t.Errorf("%d tasks were done twice", twice)
	}
}
