package runner

import (
	"time"

	"firstbell/scenarios/arrivals"
)

// hurried is the longest that somebody still thinks once the last of a trial have
// clicked ([results.Plan.LastClicks]).
const hurried = 2 * time.Second

// clicks is when a person who begins to think at an instant acts again. In a
// trial nobody thinks far beyond the end of the load: one person in a hundred
// would still be typing when the drain is over, and be counted as kept out by the
// portal.
func (r *run) clicks(p *person, begins, think time.Duration) time.Duration {
	if r.cfg.Plan.Conduct == nil || think <= hurried {
		return begins + think
	}
	end := time.Duration(r.cfg.Plan.PlayTo-r.cfg.Plan.PlayFrom) * time.Second
	if ended := r.loadEnded(); ended > 0 {
		end = min(end, ended)
	}
	from, to := r.cfg.Plan.LastClicks(end)
	last := from + time.Duration(p.draws.u(arrivals.StreamHurry, 0)*float64(to-from))
	return min(begins+think, max(last, begins+hurried))
}
