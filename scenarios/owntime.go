package scenarios

import "time"

// OwnTime is the longest time anybody spends pausing and thinking on the way to
// the page in class, at the medians: what a login takes of a portal that answers
// at once.
func (s *Scenario) OwnTime() time.Duration {
	longest := time.Duration(0)
	for i := range s.Personas {
		p := &s.Personas[i]
		for _, share := range p.Journeys {
			longest = max(longest, s.Journeys[share.Index].pauses(p.Think))
		}
	}
	return longest
}

// pauses adds up the pauses before the steps to class; there is none before the
// first unless the file says so.
func (j *Journey) pauses(think Think) (sum time.Duration) {
	for i := range j.Steps {
		st := &j.Steps[i]
		switch {
		case st.Pause != nil:
			sum += st.Pause.Median
		case i > 0:
			sum += think.Median
		}
		if st.InClass {
			break
		}
	}
	return sum
}
