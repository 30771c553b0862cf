package audit

import (
	"math"
	"math/rand/v2"
)

// z95 is the quantile of the normal distribution for 95 % on two sides.
const z95 = 1.959963984540054

// Wilson is the 95 % confidence interval of a share of which bad of n were
// seen (E. B. Wilson, 1927): both from 0 to 1; of n = 0 all of that.
func Wilson(bad, n int64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	p, size := float64(bad)/float64(n), float64(n)
	mid := p + z95*z95/(2*size)
	spread := z95 * math.Sqrt(p*(1-p)/size+z95*z95/(4*size*size))
	scale := 1 + z95*z95/size
	low, high = max(0, (mid-spread)/scale), min(1, (mid+spread)/scale)
	if bad == 0 {
		low = 0
	}
	if bad == n {
		high = 1
	}
	return low, high
}

// Sample draws at random from any number of items, each with the same chance,
// without knowing how many will come (Vitter's algorithm R).
type Sample[T any] struct {
	Size  int // how many are drawn
	Items []T
	Seen  int64
}

// Add offers an item.
func (s *Sample[T]) Add(item T) {
	if s.Seen++; len(s.Items) < s.Size {
		s.Items = append(s.Items, item)
	} else if i := rand.Int64N(s.Seen); i < int64(s.Size) {
		s.Items[i] = item
	}
}
