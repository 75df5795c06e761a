package capacity

import "time"

// Budget is the test time a search allows itself until its repeats, drains
// included.
func Budget(quick bool) time.Duration {
	if quick {
		return quickTime
	}
	return searchTime
}
