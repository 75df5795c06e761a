package capacity

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// simTarget is a target in arithmetic: stations of servers with one queue each,
// first come first served, through which a login's steps go in order.
type simTarget struct {
	servers []int     // of each station
	station []int     // of each step
	service []float64 // mean of each step, seconds
	cv2     float64   // squared coefficient of variation: 0, 1 or more
	pause   float64   // before every step but the first, seconds
	// speed multiplies the servers' at an instant of the session; nil: 1.
	speed func(at float64, waiting int) float64
	// quota admits so many logins per second, burst at once; 0: all.
	quota, burst float64
	// waitingRoom keeps those the quota refuses on a waiting page.
	waitingRoom bool
	refusal     results.Outcome // of the quota; Quota when zero
	byAddress   bool            // the quota is each address's own
	dead        bool            // after each person nobody for 1/quota seconds
	places      int             // people inside at most, the rest refused; 0: any
	ban         float64         // people a second over which an address is shut out
	timeout     float64
}

// shared is n equal steps on one pool of c servers that serves capacity logins a
// second; chain has a pool for each, the first one the weakest.
func shared(capacity float64, c, n int, cv2 float64) *simTarget {
	t := &simTarget{servers: []int{c}, cv2: cv2, timeout: 60}
	for range n {
		t.station = append(t.station, 0)
		t.service = append(t.service, float64(c)/capacity/float64(n))
	}
	return t
}

func chain(capacity float64, c, n int, cv2 float64) *simTarget {
	t := &simTarget{cv2: cv2, timeout: 60}
	for k := range n {
		t.servers = append(t.servers, c)
		t.station = append(t.station, k)
		weakest := (n - 1) / 2
		t.service = append(t.service, float64(c)/capacity/(1+0.15*math.Abs(float64(k-weakest))))
	}
	return t
}

// capacity is logins per second at full speed.
func (t *simTarget) capacity() float64 {
	work := make([]float64, len(t.servers))
	for k, st := range t.station {
		work[st] += t.service[k]
	}
	least := math.Inf(1)
	for st, c := range t.servers {
		if work[st] > 0 {
			least = min(least, float64(c)/work[st])
		}
	}
	return least
}

func (t *simTarget) draw(rng *rand.Rand, step int) float64 {
	m := t.service[step]
	switch {
	case t.cv2 == 0:
		return m
	case t.cv2 == 1:
		return m * rng.ExpFloat64()
	}
	p := (1 + math.Sqrt((t.cv2-1)/(t.cv2+1))) / 2
	if rng.Float64() < p {
		return m / (2 * p) * rng.ExpFloat64()
	}
	return m / (2 * (1 - p)) * rng.ExpFloat64()
}

// simEvent is the end of a person's service or pause.
type simEvent struct {
	at     float64
	person int32
	kind   uint8
}

const (
	simServed uint8 = iota
	simThought
)

type simHeap []simEvent

func (h *simHeap) push(e simEvent) {
	*h = append(*h, e)
	a := *h
	i := len(a) - 1
	for i > 0 {
		p := (i - 1) / 2
		if a[p].at <= a[i].at {
			break
		}
		a[p], a[i] = a[i], a[p]
		i = p
	}
}

func (h *simHeap) pop() simEvent {
	a := *h
	top := a[0]
	n := len(a) - 1
	a[0] = a[n]
	a = a[:n]
	*h = a
	i := 0
	for {
		l := 2*i + 1
		if l >= n {
			return top
		}
		if r := l + 1; r < n && a[r].at < a[l].at {
			l = r
		}
		if a[i].at <= a[l].at {
			return top
		}
		a[i], a[l] = a[l], a[i]
		i = l
	}
}

type simPerson struct {
	due, entered float64
	step         int16
}

// simPlayer plays trials on a target in virtual arithmetic. Its clock runs on
// from trial to trial.
type simPlayer struct {
	target *simTarget
	limit  time.Duration
	now    float64 // of the session
	steps  bool    // record the steps' own times in the whole trial, not only its start
	drain  time.Duration
	played []Spec
	gates  func(n int) []string // of the n-th trial
}

// simRun is one trial under way.
type simRun struct {
	*simPlayer
	rng     *rand.Rand
	series  *results.Series
	people  []simPerson
	heap    simHeap
	free    []int
	queue   [][]int32
	head    []int
	inside  []uint32
	between int
	waiting int
	m       Moment
	tokens  float64
	filled  float64 // when the bucket was last filled
	at      float64
}

func (p *simPlayer) Play(ctx context.Context, spec Spec, enough func(Moment) bool) (*results.Series, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.played = append(p.played, spec)
	r := &simRun{simPlayer: p, rng: rand.New(rand.NewPCG(spec.Seed, 77)), tokens: p.target.burst}
	r.free = append(r.free, p.target.servers...)
	r.queue, r.head = make([][]int32, len(r.free)), make([]int, len(r.free))
	r.inside = make([]uint32, len(p.target.station))
	r.series = &results.Series{Conduct: spec.Conduct, InTime: p.limit}
	for k := range p.target.station {
		r.series.Steps = append(r.series.Steps, results.StepSeries{Step: results.Step{Journey: "login", Name: string(rune('a' + k))}})
	}
	r.play(spec.Conduct, enough)
	p.now += r.at + 5
	if p.gates != nil {
		r.series.Gates = p.gates(len(p.played))
	}
	return r.series, nil
}

func (r *simRun) play(c results.Conduct, enough func(Moment) bool) {
	length := c.Length().Seconds()
	r.series.Played = int(length)
	r.series.Ended.How = results.EndedPlanned
	var arrivals []float64
	start := 0.0
	for _, seg := range c.Segments {
		end := start + seg.Length.Seconds()
		for t := start + r.rng.ExpFloat64()/seg.Rate; t < end; t += r.rng.ExpFloat64() / seg.Rate {
			arrivals = append(arrivals, t)
		}
		start = end
	}
	stop, next := length, 0
	drain := r.drain.Seconds()
	if drain == 0 {
		drain = 60
	}
	for second := 0; ; second++ {
		end := float64(second + 1)
		r.grow(second)
		for {
			t, arrival := math.Inf(1), false
			if next < len(arrivals) && arrivals[next] < stop {
				t, arrival = arrivals[next], true
			}
			if len(r.heap) > 0 && r.heap[0].at < t {
				t, arrival = r.heap[0].at, false
			}
			if t >= end {
				break
			}
			r.at = t
			if arrival {
				next++
				r.arrive(t)
			} else {
				r.event(r.heap.pop())
			}
		}
		r.at = end
		r.gauge(second, c)
		loaded := end < stop
		if loaded && enough != nil && enough(r.m) {
			stop = end
			r.series.Ended.How, r.series.Ended.LoadEnd = results.EndedEnough, time.Duration(end)*time.Second
		}
		idle := r.m.Started == r.m.Done+r.m.Failed
		if end >= stop && (idle || end >= stop+drain) {
			break
		}
	}
	for i := range r.people { // still in flight
		if p := &r.people[i]; p.step >= 0 {
			r.settle(p, results.Unfinished)
		}
	}
	r.series.Ended.At = time.Duration(r.at * 1e9)
}

func (r *simRun) grow(second int) {
	r.series.Seconds = append(r.series.Seconds, results.SeriesSecond{})
	if second%10 == 0 {
		r.series.Tens = append(r.series.Tens, nil)
		for k := range r.series.Steps {
			st := &r.series.Steps[k]
			st.Tens = append(st.Tens, nil)
			st.Ends = slices.Grow(st.Ends, 1)[:len(st.Tens)]
		}
	}
}

func (r *simRun) gauge(second int, c results.Conduct) {
	sec := &r.series.Seconds[second]
	n := 0
	for k := range r.inside {
		n += int(r.inside[k])
		r.series.Steps[k].InFlight = append(r.series.Steps[k].InFlight, r.inside[k])
	}
	sec.InFlight, sec.Between, sec.Waiting = n, r.between, r.waiting
	r.m.Second, r.m.InFlight, r.m.Open = second, n, n
	end := 0.0
	for i, seg := range c.Segments {
		r.m.Segment = i
		if end += seg.Length.Seconds(); float64(second) < end {
			break
		}
	}
}

func (r *simRun) arrive(t float64) {
	r.people = append(r.people, simPerson{due: t, entered: t})
	sec := &r.series.Seconds[int(t)]
	sec.Intended++
	sec.Started++
	sec.Attempts++
	r.m.Started++
	id := int32(len(r.people) - 1)
	if q := r.target.quota; q > 0 {
		if r.target.byAddress {
			q *= float64(max(1, r.series.Conduct.Sources))
		}
		r.tokens = min(max(r.target.burst, 1), r.tokens+q*(t-r.filled))
		r.filled = t
		if r.tokens < 1 {
			if r.target.waitingRoom {
				r.waiting++
				r.heap.push(simEvent{t + 1 + r.rng.Float64(), id, simThought})
				r.people[id].step = -2
				return
			}
			r.settle(&r.people[id], cmp.Or(r.target.refusal, results.Quota))
			return
		}
		r.tokens--
		if r.target.dead {
			r.tokens = 0
		}
	}
	if b := r.target.ban; b > 0 {
		recent := 0
		for i := len(r.people) - 1; i >= 0 && r.people[i].due > t-10; i-- {
			recent++
		}
		if float64(recent) > 10*b*float64(max(1, r.series.Conduct.Sources)) {
			r.settle(&r.people[id], results.Error)
			return
		}
	}
	if n := r.target.places; n > 0 && int(r.inside[0]) >= n {
		r.settle(&r.people[id], r.target.refusal)
		return
	}
	r.enter(t, id)
}

func (r *simRun) enter(t float64, id int32) {
	p := &r.people[id]
	p.entered = t
	r.inside[p.step]++
	st := r.target.station[p.step]
	r.queue[st] = append(r.queue[st], id)
	r.serve(t, st)
}

func (r *simRun) serve(t float64, st int) {
	for r.free[st] > 0 && r.head[st] < len(r.queue[st]) {
		id := r.queue[st][r.head[st]]
		r.head[st]++
		p := &r.people[id]
		if t-p.entered > r.target.timeout {
			r.inside[p.step]--
			r.settle(p, results.Timeout)
			continue
		}
		speed := 1.0
		if r.target.speed != nil {
			speed = r.target.speed(r.now+t, len(r.queue[st])-r.head[st])
		}
		r.free[st]--
		r.heap.push(simEvent{t + r.target.draw(r.rng, int(p.step))/speed, id, simServed})
	}
}

func (r *simRun) event(e simEvent) {
	p := &r.people[e.person]
	if p.step == -2 { // asks the waiting room again
		q := r.target.quota
		r.tokens = min(max(r.target.burst, 1), r.tokens+q*(e.at-r.filled))
		r.filled = e.at
		if r.tokens < 1 {
			r.heap.push(simEvent{e.at + 1 + r.rng.Float64(), e.person, simThought})
			return
		}
		r.tokens--
		r.waiting--
		p.step = 0
		r.enter(e.at, e.person)
		return
	}
	if e.kind == simThought {
		r.between--
		r.enter(e.at, e.person)
		return
	}
	step := int(p.step)
	st := r.target.station[step]
	r.inside[step]--
	r.free[st]++
	if r.simPlayer.steps || e.at < 21 {
		record(r.series.Steps[step].Tens, p.entered, e.at-p.entered, results.StepHist)
	}
	if step+1 == len(r.target.station) {
		took := e.at - p.due - r.target.pause*float64(step)
		record(r.series.Tens, p.due, took, results.ClassHist)
		o := results.InTime
		if took > r.limit.Seconds() {
			o = results.Late
		}
		r.settle(p, o)
	} else {
		p.step++
		if r.target.pause > 0 {
			r.between++
			r.heap.push(simEvent{e.at + r.target.pause, e.person, simThought})
		} else {
			r.enter(e.at, e.person)
		}
	}
	r.serve(e.at, st)
}

func record(tens []*results.Hist, at, took float64, kind results.HistKind) {
	i := int(at / 10)
	if i >= len(tens) {
		return
	}
	if tens[i] == nil {
		tens[i] = results.NewHist(kind)
	}
	tens[i].Record(time.Duration(took * 1e9))
}

func (r *simRun) settle(p *simPerson, o results.Outcome) {
	if p.step >= 0 {
		r.series.Steps[p.step].Ends[int(p.due)/10][o]++
	}
	p.step = -1
	r.series.Seconds[int(p.due)].By[o]++
	now := &r.series.Seconds[min(int(r.at), len(r.series.Seconds)-1)]
	now.Settled[o]++
	switch o {
	case results.InTime, results.Late:
		now.Done++
		r.m.Done++
		if o == results.InTime {
			r.m.InTime++
		}
	default:
		r.m.Failed++
	}
}

// simJudge reads a plateau as a report does: batches of ten seconds after the
// warm-up, the share of people late or not in class against what is allowed.
func simJudge(quantile float64) Judge {
	return simJudgeWith(quantile, true)
}

func simJudgeWith(quantile float64, batched bool) Judge {
	return func(s *results.Series) results.Reading {
		r := results.Reading{State: results.StateUndecided, P50: results.Never, P95: results.Never, Gates: s.Gates}
		r.From = min(int(s.Conduct.Warmup/time.Second+9)/10*10, int(s.Due()/time.Second))
		r.To = int(s.Due()/time.Second) / 10 * 10
		if r.To <= r.From {
			return r
		}
		var blocks []stats.Block
		var done, late []float64
		var started, in, bad uint64
		for at := r.From; at < r.To; at += 10 {
			var b stats.Block
			for _, sec := range s.Seconds[at : at+10] {
				b.N += uint64(sec.Started)
				b.K += uint64(sec.Started - sec.By[results.InTime])
				in += uint64(sec.By[results.InTime] + sec.By[results.Late])
				done = append(done, float64(sec.Done))
				late = append(late, float64(sec.InFlight))
			}
			started += b.N
			bad += b.K
			blocks = append(blocks, b)
		}
		if started == 0 {
			return r
		}
		share := stats.ShareOver(blocks, 1).Interval
		if !batched {
			share = stats.Wilson(bad, started, stats.Z95)
		}
		c := results.CriterionReading{ID: "class", Bad: float64(bad) / float64(started), CI: [2]float64{share.Lo, share.Hi}, Limit: 1 - quantile, N: started}
		c.State = results.StateUndecided
		switch {
		case share.Hi < c.Limit:
			c.State = results.StateMet
		case share.Lo > c.Limit:
			c.State, r.First = results.StateNotMet, c.ID
		}
		r.Criteria, r.State = []results.CriterionReading{c}, c.State
		if len(s.Gates) > 0 {
			r.State = results.StateUndecided
		}
		g := stats.Mean(stats.Fold(done, 10))
		r.Offered, r.Goodput, r.GoodputCI = float64(started)/float64(r.To-r.From), g.Value, [2]float64{g.Lo, g.Hi}
		r.Success = float64(in) / float64(started)
		r.Backlog = late[len(late)-1]
		h := s.Within(r.From, r.To)
		if n := h.Count(); n > 0 {
			r.P50 = quantileOf(h, 0.5)
			r.P95 = quantileOf(h, 0.95)
		}
		return r
	}
}

func quantileOf(h *results.Hist, q float64) float64 {
	want, seen := uint64(math.Ceil(q*float64(h.Count()))), uint64(0)
	at := 0.0
	h.Each(func(_, hi time.Duration, n uint64) {
		if seen < want {
			at = hi.Seconds()
		}
		seen += n
	})
	return at
}

// truth is the rate whose plateau has exactly the allowed share of people over
// the limit, by bisection over a mean of seeds.
func truth(target *simTarget, limit time.Duration, quantile float64, warmup, length time.Duration, seeds int) float64 {
	lo, hi := 0.8*target.capacity(), 1.15*target.capacity()
	for hi-lo > 0.003*hi {
		rate := (lo + hi) / 2
		bad, n := 0.0, 0.0
		for seed := range seeds {
			p := &simPlayer{target: target, limit: limit}
			s, _ := p.Play(context.Background(), Spec{Seed: uint64(seed) + 1e6, Conduct: results.Conduct{Warmup: warmup,
				Segments: []results.Segment{{Rate: rate, Length: warmup + length}}}}, nil)
			r := simJudge(quantile)(s)
			bad += r.Criteria[0].Bad * float64(r.Criteria[0].N)
			n += float64(r.Criteria[0].N)
		}
		if bad > (1-quantile)*n {
			hi = rate
		} else {
			lo = rate
		}
	}
	return (lo + hi) / 2
}
