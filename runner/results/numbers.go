package results

// numbers is a set of a worker's sequence numbers. It is small while they come
// about in order.
type numbers struct {
	upTo uint64              // all from 1 to here
	more map[uint64]struct{} // beyond
	last uint64
}

func (s *numbers) has(n uint64) bool {
	if n <= s.upTo {
		return true
	}
	_, ok := s.more[n]
	return ok
}

// add puts a number, from 1, into the set; false when it was there.
func (s *numbers) add(n uint64) bool {
	if s.has(n) {
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

// missing is how many numbers below the last one are not there.
func (s *numbers) missing() uint64 { return s.last - s.upTo - uint64(len(s.more)) }
