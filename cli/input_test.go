package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestLinesOfAnyLengthAreReadAndLongOnesPassedOver(t *testing.T) {
	long := strings.Repeat("x", 100)
	from := lines{from: bufio.NewReaderSize(strings.NewReader("a\n\n"+long+"\n"+long[:50]+"\nlast"), 16), max: 60}
	for i, want := range []string{"a\n", "\n", "too long", long[:50] + "\n", "last"} {
		line, tooLong, err := from.next()
		if tooLong {
			line = []byte("too long")
		}
		if err != nil || string(line) != want || from.number != i+1 {
			t.Errorf("line %d is %q (number %d), %v; not %q", i+1, line, from.number, err, want)
		}
	}
	if line, _, err := from.next(); err != io.EOF || len(line) > 0 {
		t.Errorf("behind the last line there is %q, %v", line, err)
	}
}

func TestWaitingForInputEndsWithTheContext(t *testing.T) {
	silent, hang := io.Pipe()
	defer func() { _ = hang.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	a := &app{in: silent}
	in := a.input(ctx)
	read := make(chan error)
	go func() { _, err := io.ReadAll(in); read <- err }()
	cancel()
	if err := <-read; !errors.Is(err, errInterrupted) {
		t.Errorf("reading ended with %v", err)
	}
}

func TestTheWorstCodeDecides(t *testing.T) {
	order := []int{exitFailed, exitUnproven, exitInvalid, exitHeld, exitNothing, exitDone}
	for i, worst := range order {
		for _, better := range order[i:] {
			if worse(worst, better) != worst || worse(better, worst) != worst {
				t.Errorf("%d is not worse than %d", worst, better)
			}
		}
	}
}
