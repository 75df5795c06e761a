package stats

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// simulated plays people against servers that take exponential times, event by
// event: the truth that the fluid is compared with. Every visit of a login joins
// the end of the one queue. It returns each person's time, in order of arrival.
func simulated(arrivals []float64, servers int, visits []float64, service func() float64) []float64 {
	took := make([]float64, len(arrivals))
	free := make(floatHeap, servers)
	if len(visits) == 1 { // nobody comes back: no need of a heap of events
		for i, at := range arrivals {
			free[0] = math.Max(at, free[0]) + service()*visits[0]
			took[i] = free[0] - at
			heap.Fix(&free, 0)
		}
		return took
	}
	var events eventHeap
	for i, at := range arrivals {
		events = append(events, event{at, i, 0})
	}
	heap.Init(&events)
	for events.Len() > 0 {
		e := heap.Pop(&events).(event)
		if e.visit == len(visits) {
			took[e.person] = e.at - arrivals[e.person]
			continue
		}
		// First come, first served: events come in order of time, so whoever comes
		// next takes the server that is free first.
		begin := math.Max(e.at, free[0])
		free[0] = begin + visits[e.visit]*service()
		at := free[0]
		heap.Fix(&free, 0)
		heap.Push(&events, event{at, e.person, e.visit + 1})
	}
	return took
}

type event struct {
	at     float64
	person int
	visit  int
}

type eventHeap []event

func (h eventHeap) Len() int           { return len(h) }
func (h eventHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h eventHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)        { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

type floatHeap []float64

func (h floatHeap) Len() int           { return len(h) }
func (h floatHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h floatHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *floatHeap) Push(x any)        { panic("never") }
func (h *floatHeap) Pop() any          { panic("never") }

// drawn is n instants of a curve, sorted.
func drawn(r *rand.Rand, curve []float64, n int) []float64 {
	cumulated := make([]float64, len(curve)+1)
	for i, c := range curve {
		cumulated[i+1] = cumulated[i] + c
	}
	out := make([]float64, n)
	for i := range out {
		u := r.Float64() * cumulated[len(curve)]
		second, _ := slices.BinarySearch(cumulated, u)
		second = max(0, second-1)
		out[i] = float64(second) + (u-cumulated[second])/curve[second]
	}
	slices.Sort(out)
	return out
}

func normalise(curve []float64) {
	var sum float64
	for _, c := range curve {
		sum += c
	}
	for i := range curve {
		curve[i] /= sum
	}
}

// Curves of a storm, as shares per second.
func bellCurve(seconds int, width float64) []float64 {
	out := make([]float64, seconds)
	for i := range out {
		e := math.Exp(-(float64(i) - float64(seconds)/3) / width)
		out[i] = e / (width * (1 + e) * (1 + e))
	}
	return out
}

// batchCurve has classes of 30 that open the portal together, over a bell.
func batchCurve(r *rand.Rand, seconds int) []float64 {
	out := bellCurve(seconds, 45)
	for range 200 {
		at := float64(seconds)/3 + 30*r.NormFloat64()
		for range 30 {
			if s := int(at + 3*r.ExpFloat64()); s >= 0 && s < seconds {
				out[s] += 0.8 / 6000
			}
		}
	}
	return out
}

// TestLargestStorm is known answer K12: the storm that M/M/16 holds, by the fluid
// with its chance and by simulating events, within 5 %.
func TestLargestStorm(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 0))
	checkLargest(t, []largestCase{
		{"bell, slow, tight", bellCurve(600, 45), 100, 1, []float64{1}},
		{"classes", batchCurve(r, 600), 300, 2, []float64{1}},
		{"three even visits", bellCurve(240, 10), 120, 8, []float64{1, 1, 1}},
	})
}

type largestCase struct {
	name     string
	curve    []float64 // shares per second
	capacity float64
	limit    float64
	visits   []float64
}

func checkLargest(t *testing.T, cases []largestCase) {
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			normalise(tc.curve)
			model := Storm{Arrivals: tc.curve, Capacity: tc.capacity, Base: 16 / tc.capacity, Visits: tc.visits, Scatter: 2, Seed: 7}
			got := LargestStorm(model, func(p *Passage) bool { return p.Within(tc.limit, 0, len(tc.curve)) >= 0.95 })
			for seed := range uint64(2) {
				truth := simulatedLargest(seed, tc.curve, tc.capacity, tc.limit, tc.visits, got)
				if math.Abs(got/truth-1) > 0.05 {
					t.Errorf("%.0f people, simulated %.0f", got, truth)
				}
			}
		})
	}
}

// simulatedLargest is the largest storm of which 95 % got in within limit, in
// people, where c = 16 servers do capacity logins a second, within 1 %; near is
// where to begin looking.
func simulatedLargest(seed uint64, curve []float64, capacity, limit float64, visits []float64, near float64) float64 {
	const servers = 16
	var sum float64
	for _, v := range visits {
		sum += v
	}
	holds := func(n int) bool {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		people := drawn(r, curve, n)
		in := 0
		for _, took := range simulated(people, servers, visits, func() float64 { return r.ExpFloat64() * servers / capacity / sum }) {
			if took <= limit {
				in++
			}
		}
		return float64(in) >= 0.95*float64(n)
	}
	lo, hi := int(0.9*near), int(1.1*near)
	for !holds(lo) {
		lo, hi = lo/2, lo
	}
	for holds(hi) {
		lo, hi = hi, 2*hi
	}
	for hi-lo > lo/100 {
		if mid := (lo + hi) / 2; holds(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return float64(lo)
}

// TestStormAgainstFormulas: the fluid where it has closed forms.
func TestStormAgainstFormulas(t *testing.T) {
	flat := slices.Repeat([]float64{500}, 240) // 120,000 people in 4 min
	p := Storm{Arrivals: flat, Capacity: 400, Base: 0.1}.Play(1)
	near(t, "people", p.People, 120_000, 1e-6)
	near(t, "worst wait", p.Worst, 120_000.0/400-240+0.1, 0.2)
	near(t, "everyone in", p.EveryoneIn, EveryoneIn(120_000, 400, 0)+0.1, 0.2)
	near(t, "median wait", p.Quantile(0.5, 0, 240), 30.1, 0.2)
	near(t, "share in time", p.Within(15.1, 0, 240), 0.25, 0.002)
	near(t, "share in time, second half", p.Within(45.1, 120, 240), 0.5, 0.004)
	near(t, "one attempt each", p.Attempts, 1, 1e-9)

	// Someone who comes back v times joins the end of the queue again: in a growing
	// backlog the delay grows 2v÷(v+1) times as fast, for a small excess.
	near(t, "three visits", Storm{Arrivals: slices.Repeat([]float64{410}, 2000), Capacity: 400, Visits: []float64{1, 1, 1}}.Play(1).Quantile(0.5, 0, 1000)/
		Storm{Arrivals: slices.Repeat([]float64{410}, 2000), Capacity: 400}.Play(1).Quantile(0.5, 0, 1000), 1.5, 0.05)

	// v ÷ Σ k·c_k with the costs c as shares: 3 ÷ (1·0.1 + 2·1 + 3·0.3) · 1.4.
	uneven := []float64{0.1, 1, 0.3}
	near(t, "uneven visits", Storm{Arrivals: slices.Repeat([]float64{410}, 2000), Capacity: 400, Visits: uneven}.Play(1).Quantile(0.5, 0, 1000)/
		Storm{Arrivals: slices.Repeat([]float64{410}, 2000), Capacity: 400}.Play(1).Quantile(0.5, 0, 1000), 1.4, 0.05)

	// With refreshes and dead work the backlog of a steady load grows above
	// C ÷ (1+R) and drains below: slope (λ(1+R)-C) ÷ C seconds per second.
	for _, r := range []float64{0.95, 1.05} {
		trigger := slices.Repeat([]float64{2000}, 60)
		base := slices.Repeat([]float64{r * 200}, 600)
		s := Storm{Arrivals: slices.Concat(trigger, base), Capacity: 400, Refreshes: 1, Patience: 8}
		p := s.Play(1)
		early, late := p.Quantile(0.5, 200, 210), p.Quantile(0.5, 600, 610)
		near(t, "slope of the wait", (late-early)/400, r-1, 0.01)
		near(t, "amplification", p.Attempts, 2, 0.1)
	}

	// Abandonment: waiting settles where λ(1-G(w)) = C.
	gone := func(w float64) float64 { return 1 - math.Exp(-w/20) }
	p = Storm{Arrivals: slices.Repeat([]float64{500}, 600), Capacity: 400, Gone: gone}.Play(1)
	near(t, "wait", p.Quantile(0.5, 400, 600), -20*math.Log(0.8), 0.2)
	near(t, "those who left", 1-p.Within(1e9, 400, 600), 0.2, 0.01)
	infinite(t, "p95 among those who never got in", p.Quantile(0.95, 400, 600))

	// Chance: a steady load waits as M/M/c does near saturation.
	p = Storm{Arrivals: slices.Repeat([]float64{380}, 3000), Capacity: 400, Scatter: 2}.Play(1)
	near(t, "p95 of the wait at 0.95", p.Quantile(0.95, 1000, 3000), 3.0/20, 0.06)
}

func TestStormEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for i, s := range []Storm{
		{}, {Capacity: 10}, {Arrivals: []float64{5}}, {Arrivals: []float64{5}, Capacity: nan}, {Arrivals: []float64{5}, Capacity: inf},
		{Arrivals: []float64{nan, inf, -3}, Capacity: 10},
		{Arrivals: []float64{5}, Capacity: 1e-9, Scatter: 2, Draws: 1},
		{Arrivals: []float64{5, 5}, Capacity: 4, Base: nan, Visits: []float64{0, 0}, Refreshes: 1 << 40, Patience: nan, Scatter: nan},
		{Arrivals: []float64{500, 5}, Capacity: 4, Visits: []float64{nan}, Refreshes: 1 << 40, Patience: 1, Gone: func(float64) float64 { return nan }},
		{Arrivals: []float64{500, 5}, Capacity: 400, Gone: func(float64) float64 { return 2 }},
	} {
		for _, factor := range []float64{1, 0, -1, nan, inf} {
			p := s.Play(factor)
			p.Within(1, 0, 10)
			p.Quantile(0.5, 0, 10)
			if i > 2 && factor == 1 && p.Never > p.People+1e-9 {
				t.Errorf("%d: %v of %v never got in", i, p.Never, p.People)
			}
		}
	}
	if p := (Storm{Arrivals: []float64{5}}).Play(1); p.Never != 5 || p.Within(1e9, 0, 1) != 0 {
		t.Errorf("without a capacity: %+v", p)
	}
	s := Storm{Arrivals: []float64{5, 6}, Capacity: 10}
	infinite(t, "always holds", LargestStorm(s, func(*Passage) bool { return true }))
	near(t, "never holds", LargestStorm(s, func(*Passage) bool { return false }), 0, 0)
	calls := LargestStormOf(s, Estimate{Value: 10, Interval: Interval{9, 11}, Sure: true}, func(p *Passage) bool { return p.EveryoneIn <= 100 })
	near(t, "value", calls.Value, 1000.0/11, 0.5)
	near(t, "low", calls.Lo, 900.0/11, 0.5)
	near(t, "high", calls.Hi, 1100.0/11, 0.5)
	if e := LargestStormOf(s, unsure(10), func(p *Passage) bool { return p.EveryoneIn <= 100 }); e.Sure || !(e.Value > 0) {
		t.Errorf("capacity unsure: %+v", e)
	}
	if a, b := (Storm{Arrivals: []float64{50}, Capacity: 10, Scatter: 2, Seed: 4}).Play(1), (Storm{Arrivals: []float64{50}, Capacity: 10, Scatter: 2, Seed: 4}).Play(1); a.EveryoneIn != b.EveryoneIn {
		t.Error("the same storm differs")
	}
}
