// Package console drives the real binary in a pseudo terminal, as a person at
// a keyboard would: start it, see what is on the screen, press keys.
//
//	c := console.Start(t, "--demo")
//	c.See("Queues")
//	c.Press("2")
//	c.Within(time.Second).See("queue:council")
//	c.Quit()
//
// Nothing here sleeps: See and Gone wait until the screen is so. When it does
// not become so the test fails and prints the screen.
package console
