package console

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Patience is how long See and Gone wait unless Within says otherwise: long,
// since a busy machine must not fail a test that has nothing to do with time.
const Patience = 30 * time.Second

// Setup is how a console is started; zero values take what most tests want.
type Setup struct {
	Width, Height int      // 140x42
	Env           []string // added to a clean environment, and stronger
	Home          string   // for a console that shall find what another left; a new folder when empty
	Program       string   // another program than ifpacket
}

// Console is one running console and the terminal that it runs in.
type Console struct {
	*session
	patience time.Duration
}

type session struct {
	t       testing.TB
	cmd     *exec.Cmd
	tty     *os.File
	cooked  unix.Termios // the terminal's settings before
	home    string
	began   time.Time
	changed chan struct{} // a word that there is new output
	closed  chan struct{} // all output has been read
	ended   chan struct{} // the process is gone
	told    bool          // a failure has printed the screen already

	mu    sync.Mutex
	emu   *vt.Emulator
	raw   bytes.Buffer
	modes map[ansi.Mode]bool
}

// Start starts ifpacket in a terminal of 140x42; it ends with the test.
func Start(t testing.TB, args ...string) *Console {
	t.Helper()
	return Setup{}.Start(t, args...)
}

// Start starts ifpacket as the setup says.
func (s Setup) Start(t testing.TB, args ...string) *Console {
	t.Helper()
	if s.Width == 0 {
		s.Width, s.Height = 140, 42
	}
	if s.Home == "" {
		s.Home = t.TempDir()
	}
	if s.Program == "" {
		s.Program = binary
	}
	c := &session{
		t: t, home: s.Home, modes: map[ansi.Mode]bool{},
		changed: make(chan struct{}, 1), closed: make(chan struct{}), ended: make(chan struct{}),
		emu: vt.NewEmulator(s.Width, s.Height),
	}
	c.emu.SetCallbacks(vt.Callbacks{
		EnableMode:  func(m ansi.Mode) { c.modes[m] = true },
		DisableMode: func(m ansi.Mode) { c.modes[m] = false },
	})
	c.cmd = exec.Command(s.Program, args...)
	c.cmd.Env = environment(s.Home, s.Env)
	c.cmd.Dir = s.Home
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.open(s.Width, s.Height)
	return &Console{c, Patience}
}

// open starts the process and the three goroutines around it: its output to
// the emulator, the emulator's answers back, and one that waits for its end.
func (c *session) open(width, height int) {
	c.t.Helper()
	tty, child, err := pty.Open()
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = child.Close() }()
	c.tty = tty
	if err := pty.Setsize(tty, size(width, height)); err != nil {
		c.t.Fatal(err)
	}
	if c.cooked, err = c.settings(); err != nil {
		c.t.Fatal(err)
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = child, child, child
	c.cmd.SysProcAttr.Setsid, c.cmd.SysProcAttr.Setctty = true, true
	c.began = time.Now()
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() { c.listen(); close(c.closed) }()
	go func() { _, _ = io.Copy(tty, c.emu); close(answered) }()
	go func() { _ = c.cmd.Wait(); close(c.ended) }()
	c.t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
		<-c.closed
		_ = c.emu.InputPipe().(io.Closer).Close()
		<-answered
		_ = tty.Close()
		if c.t.Failed() && !c.told {
			c.t.Log(c.picture())
		}
		noRaces(c.t, c.home)
	})
}

// listen feeds the emulator until the terminal is closed at the other end.
func (c *session) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.tty.Read(buf)
		if n > 0 {
			c.mu.Lock()
			c.raw.Write(buf[:n])
			_, _ = c.emu.Write(buf[:n])
			c.mu.Unlock()
			select {
			case c.changed <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

// Within is the same console with another patience.
func (c *Console) Within(d time.Duration) *Console { return &Console{c.session, d} }

// Resize makes the terminal another size, as dragging its corner would.
func (c *Console) Resize(width, height int) *Console {
	c.t.Helper()
	c.mu.Lock()
	c.emu.Resize(width, height)
	c.mu.Unlock()
	if err := pty.Setsize(c.tty, size(width, height)); err != nil {
		c.t.Fatal(err)
	}
	return c
}

func size(width, height int) *pty.Winsize {
	return &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}
}

// settings are the terminal's own: whether it echoes, waits for whole lines,
// makes signals of keys.
func (c *session) settings() (unix.Termios, error) {
	found, err := unix.IoctlGetTermios(int(c.tty.Fd()), unix.TCGETS)
	if err != nil {
		return unix.Termios{}, err
	}
	return *found, nil
}

// Age is how long ago the console was started.
func (c *Console) Age() time.Duration { return time.Since(c.began) }

// Session is the id of the session that the console and all that it starts
// belong to.
func (c *Console) Session() int { return c.cmd.Process.Pid }

// Output is every byte that was sent to the terminal so far.
func (c *Console) Output() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.raw.Bytes())
}
