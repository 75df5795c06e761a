package results

// Door is how people fared, second by second, at a target that turns some away:
// In is people proved in class in each second from ≤ s < to, Out those who came in
// it and never got in, whatever they were told.
func (s *Series) Door(from, to int) (in, out []float64) {
	to = min(to, len(s.Seconds))
	for i := max(0, from); i < to; i++ {
		sec := &s.Seconds[i]
		in = append(in, float64(sec.Done))
		lost := uint32(0)
		for o, n := range sec.By {
			if turnedAway(Outcome(o)) {
				lost += n
			}
		}
		out = append(out, float64(lost))
	}
	return in, out
}

func turnedAway(o Outcome) bool {
	switch o {
	case NoOutcome, InTime, Late, Invalid, NotSent:
		return false
	}
	return true
}

// Limits of [Series.Unhurried].
const (
	hurriedTimes = 1.5
	hurriedBy    = 0.05 // seconds that say nothing on a busy machine
	leastBusy    = 0.5  // servers
)

// Unhurried reports whether those who got in, of the people due in seconds from ≤
// s < to (tens), waited for no server. They took as long as at rest; or, if longer,
// a server would be idle ([Rest.Idle]), so that something else makes them wait.
func (s *Series) Unhurried(rest Rest, from, to int) bool {
	h := s.Within(from, to)
	if h.Count() == 0 || !(rest.Time > 0) || to <= from {
		return false
	}
	now, rate := h.Quantile(1, 2).Seconds(), float64(h.Count())/float64(to-from)
	return now <= hurriedTimes*rest.Time || now-rest.Time < hurriedBy || rest.Idle(rate)
}

// Idle reports whether so few get in per second that one server would be idle most
// of the time: rate · time at rest is the servers that work (Little).
func (r Rest) Idle(rate float64) bool { return r.Time > 0 && rate*r.Time < leastBusy }
