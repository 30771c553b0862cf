package ledger

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/infrafabric/ifpacket/core/custody/keyring"
	"github.com/infrafabric/ifpacket/core/store"
	"github.com/infrafabric/ifpacket/internal/durable"
	"github.com/infrafabric/ifpacket/internal/testredis"
)

const sealerAt = "IFPACKET_TEST_SEALER"

// sealUntil is another process, which seals once and is killed before one of
// its writes: "url folder number".
func sealUntil() {
	url, rest, _ := strings.Cut(os.Getenv(sealerAt), " ")
	dir, number, _ := strings.Cut(rest, " ")
	left, _ := strconv.Atoi(number)
	die := func(string) {
		if left--; left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	step, durable.Step = die, die
	sealLot, tileLot = 600, 1 // so that there are several writes of tiles, and two checkpoints
	s, err := store.Open(url, store.Options{})
	if err != nil {
		panic(err)
	}
	files := keyring.Files(dir)
	l := Open(s, keyring.Open(s, files, here), files, Options{Identity: here})
	if found, err := l.Seal(ctx); err != nil || found.Trouble != nil {
		fmt.Fprintln(os.Stderr, err, found)
		os.Exit(1)
	}
	os.Exit(0)
}

// A sealer that is killed before any of its writes leaves a ledger that is in
// order for itself, for a witness, and for an audit, and that the next one
// seals to its end.
func TestASealerMayBeKilledBeforeAnyOfItsWrites(t *testing.T) {
	url := testredis.Start(t).URL()
	log, witness := newMachine(t, url).withLogKey(), newMachine(t, url)
	log.record(20)
	log.seals()
	log.keeps()
	died := 0
	for number := 1; ; number++ {
		log.record(1000)
		sealer := exec.Command(os.Args[0], "-test.run=^$")
		sealer.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", sealerAt, url, log.dir, number))
		out, err := sealer.CombinedOutput()
		if sealer.ProcessState.ExitCode() > 0 {
			t.Fatalf("%v: %s", err, out)
		}
		log, witness = log.again(), witness.again()
		log.accepts()
		witness.accepts()
		s := log.seals()
		if a, err := log.Audit(ctx, nil); err != nil || len(a.Findings) > 0 || a.Unsealed != 0 {
			t.Fatal(number, a, err)
		}
		if _, err := log.Prove(ctx, s.Position); err != nil {
			t.Fatal(number, err)
		}
		log.keeps()
		if err == nil {
			break
		}
		died++
	}
	if died < 8 {
		t.Fatalf("it was killed %d times only", died)
	}
	t.Logf("killed before each of %d writes", died)
}
