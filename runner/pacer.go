package runner

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	"firstbell/scenarios/arrivals"
)

// pacer releases people from a goroutine of its own. Who is still to come is
// changed only while that goroutine stands still.
type pacer struct {
	todo   []arrivals.Arrival // not released yet, in order
	cancel context.CancelFunc
	going  sync.WaitGroup
}

// start lets f release people until it returns or [pacer.stop].
func (p *pacer) start(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.going.Go(func() { f(ctx) })
}

// stop returns when nobody is being released.
func (p *pacer) stop() {
	if p.cancel != nil {
		p.cancel()
		p.going.Wait()
		p.cancel = nil
	}
}

// pace releases everybody at the intended instant; it waits for no one.
func (r *run) pace(ctx context.Context) {
	if !r.prepareAhead(ctx) {
		return
	}
	for len(r.pacer.todo) > 0 {
		if r.cfg.Clock.SleepUntil(ctx, r.pacer.todo[0].At) != nil {
			return
		}
		now := r.cfg.Clock.Now()
		for len(r.pacer.todo) > 0 && r.pacer.todo[0].At <= now {
			// Asked after the clock: whoever is released was due while it was false.
			if r.held() || r.stopping.Load() || ctx.Err() != nil {
				return
			}
			a := r.pacer.todo[0]
			r.pacer.todo = r.pacer.todo[1:]
			r.workers.do(r.newPerson(a.ID, int(a.Cohort), a.At))
		}
	}
}

func (r *run) held() bool { return r.cfg.Held != nil && r.cfg.Held() }

// merged is two ordered lists in order.
func merged(a, b []arrivals.Arrival) []arrivals.Arrival {
	if len(a) == 0 {
		return b
	}
	out := make([]arrivals.Arrival, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if byInstant(a[0], b[0]) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// dueBefore splits an ordered list at an instant.
func dueBefore(list []arrivals.Arrival, at time.Duration) (before, from []arrivals.Arrival) {
	i := sort.Search(len(list), func(i int) bool { return list[i].At >= at })
	return list[:i:i], list[i:]
}

// known are all the people of a run, for who watches it.
type known struct {
	mu    sync.Mutex
	lists [][]arrivals.Arrival // each in order
}

func (k *known) add(list []arrivals.Arrival) {
	k.mu.Lock()
	k.lists = append(slices.Clip(k.lists), list)
	k.mu.Unlock()
}

// due counts the people intended up to an instant.
func (k *known) due(at time.Duration) int {
	k.mu.Lock()
	lists := k.lists
	k.mu.Unlock()
	n := 0
	for _, list := range lists {
		n += sort.Search(len(list), func(i int) bool { return list[i].At > at })
	}
	return n
}
