//go:build !unix

package carcel

// alive cannot tell here, and so has the lease run out.
func alive(int) bool { return true }
