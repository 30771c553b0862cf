//go:build !unix

package cli

import "time"

// cpuTime is not told here.
func cpuTime() time.Duration { return 0 }
