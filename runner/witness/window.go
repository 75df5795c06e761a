package witness

import (
	"slices"
	"sync"
	"time"

	"firstbell/runner/results"
)

// never stands for a probe that did not get in.
const never = time.Duration(-1)

// maxProbes bounds the probes kept of one window: five a second for 8 hours.
const maxProbes = 150_000

// probe is one login, or one fetch.
type probe struct {
	began time.Duration
	took  time.Duration // without the person's own pauses; never
	over  bool
}

// window keeps the probes of one trial. Safe for concurrent use.
type window struct {
	mu     sync.Mutex
	trial  string
	open   bool
	limit  time.Duration // beyond it a login that goes on counts as never in
	probes []*probe
}

// begin opens a window; what is still under way belongs to no window any more.
func (w *window) begin(trial string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trial, w.open, w.probes = trial, true, nil
}

// started notes a probe, nil when no window is open.
func (w *window) started(at time.Duration) *probe {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open || len(w.probes) >= maxProbes {
		return nil
	}
	p := &probe{began: at}
	w.probes = append(w.probes, p)
	return p
}

// ended notes how a probe came out.
func (w *window) ended(p *probe, took time.Duration) {
	if p == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.took, p.over = took, true
}

// end closes the window and gives what it saw. slack is how long a probe may
// take beside its own time: the person's pauses.
func (w *window) end(now, slack time.Duration) results.Beheld {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = false
	var times []time.Duration
	b := results.Beheld{Trial: w.trial}
	for _, p := range w.probes {
		took := p.took
		switch {
		case !p.over && now-p.began <= w.limit+slack:
			continue // nobody can say yet
		case !p.over:
			took = never
		}
		b.N++
		if took == never {
			b.Failed++
		} else {
			times = append(times, took)
		}
		if took == never || w.limit > 0 && took > w.limit {
			b.Over++
		}
	}
	slices.Sort(times)
	b.P50, b.P95 = quantile(times, b.N, 50), quantile(times, b.N, 95)
	return b
}

// quantile is the value of rank ceil(n percent ÷ 100) among n, those who never
// got in last.
func quantile(sorted []time.Duration, n uint64, percent uint64) float64 {
	rank := (n*percent + 99) / 100
	if rank == 0 || rank > uint64(len(sorted)) {
		return results.Never
	}
	return sorted[rank-1].Seconds()
}
