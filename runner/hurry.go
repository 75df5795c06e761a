package runner

import (
	"time"

	"firstbell/scenarios/arrivals"
)

const (
	// lastClicks is the part of a trial's drain before which nobody is hurried,
	// and over which those who are click: the rest is the portal's to answer.
	lastClicks = 4
	// hurried is the longest that somebody still thinks after that.
	hurried = 2 * time.Second
)

// clicks is when a person who begins to think at an instant acts again. In a
// trial nobody thinks far beyond the end of the load: one person in a hundred
// would still be typing when the drain is over, and be counted as kept out by the
// portal. Their last clicks are spread over a quarter of the drain, as much as the
// quarter before it is left alone.
func (r *run) clicks(p *person, from time.Duration, think time.Duration) time.Duration {
	if r.cfg.Plan.Conduct == nil || think <= hurried {
		return from + think
	}
	end := time.Duration(r.cfg.Plan.PlayTo-r.cfg.Plan.PlayFrom) * time.Second
	if ended := r.loadEnded(); ended > 0 {
		end = min(end, ended)
	}
	quarter := r.cfg.Plan.Drain / lastClicks
	last := end + quarter + time.Duration(p.draws.u(arrivals.StreamHurry, 0)*float64(quarter))
	return min(from+think, max(last, from+hurried))
}
