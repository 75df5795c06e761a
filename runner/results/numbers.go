package results

// Numbers is a set of a worker's sequence numbers, which begin at 1. It is small
// while they come about in order. The zero value is empty; it is not safe for
// concurrent use.
type Numbers struct {
	upTo uint64              // all from 1 to here
	more map[uint64]struct{} // beyond
	last uint64
}

// Has reports whether a number is in the set.
func (s *Numbers) Has(n uint64) bool {
	if n <= s.upTo {
		return true
	}
	_, ok := s.more[n]
	return ok
}

// Add puts a number, from 1, into the set; false when it was there.
func (s *Numbers) Add(n uint64) bool {
	if s.Has(n) {
		return false
	}
	s.last = max(s.last, n)
	if n != s.upTo+1 {
		if s.more == nil {
			s.more = map[uint64]struct{}{}
		}
		s.more[n] = struct{}{}
		return true
	}
	for s.upTo = n; len(s.more) > 0; s.upTo++ {
		if _, ok := s.more[s.upTo+1]; !ok {
			break
		}
		delete(s.more, s.upTo+1)
	}
	return true
}

// Missing is how many numbers below the last one are not there.
func (s *Numbers) Missing() uint64 { return s.last - s.upTo - uint64(len(s.more)) }

// Count is how many numbers are there.
func (s *Numbers) Count() uint64 { return s.upTo + uint64(len(s.more)) }

// UpTo is the highest number before which none is missing.
func (s *Numbers) UpTo() uint64 { return s.upTo }
