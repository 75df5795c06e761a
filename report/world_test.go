package report

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// world is a target in arithmetic: stations with one queue each, first come
// first served, through which the steps of a login go in order. A server cannot
// know that a client has left: it does the work all the same.
type world struct {
	servers  []int     // of each station
	station  []int     // of each step
	service  []float64 // mean seconds of each step
	constant bool      // service times; else exponential
	patience float64   // a person leaves a page after so long and may come back; 0: 60 s, and nobody does
	speed    func(at float64) float64
	room     int                                        // places in each queue, 0: any; beyond it people are refused at once
	backlog  []float64                                  // set by play: seconds of work in the first queue, by second
	down     func(at float64, recent int) bool          // the process falls, by logins begun in the last 10 s
	admit    func(at float64) (refused results.Outcome) // at the door; NoOutcome lets in
}

// chainOf has a station for each step, with capacities in logins per second.
func chainOf(servers int, capacities ...float64) *world {
	w := &world{}
	for k, c := range capacities {
		w.servers = append(w.servers, servers)
		w.station = append(w.station, k)
		w.service = append(w.service, float64(servers)/c)
	}
	return w
}

// poolOf has one station for all steps; weights are the shares of the work of a
// login, capacity logins per second.
func poolOf(servers int, capacity float64, weights ...float64) *world {
	w := &world{servers: []int{servers}}
	sum := 0.0
	for _, x := range weights {
		sum += x
	}
	for _, x := range weights {
		w.station = append(w.station, 0)
		w.service = append(w.service, float64(servers)/capacity*x/sum)
	}
	return w
}

type visit struct {
	at      float64
	kind    int // served, impatient
	person  int
	attempt int
	step    int
	entered float64
}

const (
	served = iota
	impatient
	restart
)

type visits []visit

func (v visits) Len() int           { return len(v) }
func (v visits) Less(i, j int) bool { return v[i].at < v[j].at }
func (v visits) Swap(i, j int)      { v[i], v[j] = v[j], v[i] }
func (v *visits) Push(x any)        { *v = append(*v, x.(visit)) }
func (v *visits) Pop() any          { old := *v; x := old[len(old)-1]; *v = old[:len(old)-1]; return x }

type pupil struct {
	due     float64
	attempt int
	step    int
	entered float64
	tries   int
	gone    bool
}

// morningOf is one trial under way.
type morningOf struct {
	*world
	s      *results.Series
	c      results.Conduct
	rng    *rand.Rand
	people []pupil
	events visits
	queue  [][]visit
	free   []int
	inside []int
	at     []float64 // of the last change of inside
	begun  []float64 // instants of attempts, for down
	dead   float64   // until when the process is down
}

const downFor = 20.0

// play plays a trial; people in time are those within limit seconds.
func (w *world) play(c results.Conduct, limit float64, seed uint64) *results.Series {
	w.backlog = nil
	m := &morningOf{world: w, c: c, rng: rand.New(rand.NewPCG(seed, 5)), dead: -1}
	m.s = &results.Series{Conduct: c, InTime: time.Duration(limit * 1e9), Ended: results.Ended{How: results.EndedPlanned}}
	m.free = append(m.free, w.servers...)
	m.queue = make([][]visit, len(w.servers))
	m.inside, m.at = make([]int, len(w.station)), make([]float64, len(w.station))
	for k := range w.station {
		m.s.Steps = append(m.s.Steps, results.StepSeries{Step: results.Step{Journey: "login", Name: string(rune('a' + k)), InClass: k == len(w.station)-1}})
	}
	length := c.Length().Seconds()
	m.s.Played = int(length)
	m.grow(int(length) + 2)
	for _, at := range m.arrivals() {
		m.until(at)
		m.arrive(at)
	}
	m.until(length + 90)
	for i := range m.people {
		if !m.people[i].gone {
			m.leave(length+90, i, results.Unfinished)
		}
	}
	m.grow(len(m.s.Seconds) + 1)
	m.gauges()
	return m.s
}

func (m *morningOf) arrivals() []float64 {
	var out []float64
	start := 0.0
	for _, g := range m.c.Segments {
		end := start + g.Length.Seconds()
		for t := start + m.rng.ExpFloat64()/g.Rate; g.Rate > 0 && t < end; t += m.rng.ExpFloat64() / g.Rate {
			out = append(out, t)
		}
		start = end
	}
	return out
}

func (m *morningOf) grow(seconds int) {
	for len(m.s.Seconds) < seconds {
		m.s.Seconds = append(m.s.Seconds, results.SeriesSecond{})
		for k := range m.s.Steps {
			s := &m.s.Steps[k]
			s.Inside = append(s.Inside, 0)
			s.InFlight = append(s.InFlight, 0)
			if len(s.Ends)*10 < len(m.s.Seconds) {
				s.Ends = append(s.Ends, [outcomeCount]uint32{})
				s.Spent = append(s.Spent, 0)
				s.Tens = append(s.Tens, nil)
			}
		}
		if len(m.s.Tens)*10 < len(m.s.Seconds) {
			m.s.Tens = append(m.s.Tens, nil)
		}
	}
}

func (m *morningOf) second(t float64) *results.SeriesSecond {
	m.grow(int(t) + 1)
	return &m.s.Seconds[int(t)]
}

// count lets people in or out of a step and integrates their number.
func (m *morningOf) count(k, n int, t float64) {
	m.grow(int(t) + 1)
	s := &m.s.Steps[k]
	for from := m.at[k]; from < t; {
		to := math.Min(t, math.Floor(from)+1)
		s.Inside[int(from)] += time.Duration(float64(m.inside[k]) * (to - from) * 1e9)
		s.InFlight[int(from)] = uint32(m.inside[k])
		from = to
	}
	m.at[k] = t
	m.inside[k] += n
}

func (m *morningOf) gauges() {
	for k := range m.inside {
		m.count(k, 0, float64(len(m.s.Seconds)-1))
	}
	for t := range m.s.Seconds {
		for k := range m.s.Steps {
			m.s.Seconds[t].InFlight += int(m.s.Steps[k].InFlight[t])
		}
	}
}

func (m *morningOf) until(t float64) {
	for len(m.events) > 0 && m.events[0].at <= t {
		for float64(len(m.backlog)) < m.events[0].at {
			m.backlog = append(m.backlog, float64(len(m.queue[0]))*m.service[0]/float64(m.servers[0]))
		}
		e := heap.Pop(&m.events).(visit)
		p := &m.people[max(0, e.person)]
		switch e.kind {
		case restart:
			for st := range m.free {
				m.free[st] = m.servers[st]
			}
			continue
		case impatient:
			if !p.gone && p.attempt == e.attempt && p.step == e.step {
				m.timeout(e.at, e.person)
			}
			continue
		}
		if e.entered < m.dead-downFor { // its work died with the process
			continue
		}
		st := m.station[e.step]
		m.free[st]++
		if !p.gone && p.attempt == e.attempt && p.step == e.step {
			m.proved(e.at, e.person)
		}
		m.serve(e.at, st)
	}
}

func (m *morningOf) arrive(t float64) {
	p := pupil{due: t}
	if m.c.Refreshes > 0 && m.patience > 0 {
		p.tries = m.c.Refreshes
	}
	if m.c.Kind == results.TrialIsolation {
		p.step = m.c.Step
	}
	m.people = append(m.people, p)
	sec := m.second(t)
	sec.Intended++
	sec.Started++
	m.attempt(t, len(m.people)-1)
}

func (m *morningOf) attempt(t float64, id int) {
	m.second(t).Attempts++
	m.people[id].attempt++
	if m.admit != nil {
		if o := m.admit(t); o != results.NoOutcome {
			m.leave(t+0.001, id, o)
			return
		}
	}
	if m.down != nil && t >= m.dead {
		m.begun = append(m.begun, t)
		recent := 0
		for i := len(m.begun) - 1; i >= 0 && m.begun[i] > t-10; i-- {
			recent++
		}
		if m.down(t, recent) {
			m.fall(t)
		}
	}
	if t < m.dead {
		m.leave(t+0.001, id, results.Unreachable)
		return
	}
	m.enter(t, id)
}

// fall brings the process down: whoever is inside is cut off.
func (m *morningOf) fall(t float64) {
	m.dead, m.begun = t+downFor, nil
	for id := range m.people {
		if p := &m.people[id]; !p.gone && p.entered > 0 {
			m.ended(t, id, results.Unreachable)
			m.leave(t, id, results.Unreachable)
		}
	}
	for st := range m.queue {
		m.queue[st], m.free[st] = nil, 0
	}
	heap.Push(&m.events, visit{at: m.dead, kind: restart})
}

func (m *morningOf) enter(t float64, id int) {
	p := &m.people[id]
	p.entered = t
	m.count(p.step, 1, t)
	st := m.station[p.step]
	if m.room > 0 && len(m.queue[st]) >= m.room {
		m.ended(t, id, results.Error)
		m.leave(t, id, results.Error)
		return
	}
	wait := m.patience
	if wait == 0 || m.c.Refreshes == 0 {
		wait = 60
	}
	heap.Push(&m.events, visit{t + wait, impatient, id, p.attempt, p.step, t})
	m.queue[st] = append(m.queue[st], visit{person: id, attempt: p.attempt, step: p.step, entered: t})
	m.serve(t, st)
}

func (m *morningOf) serve(t float64, st int) {
	for m.free[st] > 0 && len(m.queue[st]) > 0 {
		v := m.queue[st][0]
		m.queue[st] = m.queue[st][1:]
		took := m.service[v.step]
		if !m.constant {
			took *= m.rng.ExpFloat64()
		}
		if m.speed != nil {
			took /= m.speed(t)
		}
		m.free[st]--
		v.at, v.kind = t+took, served
		heap.Push(&m.events, v)
	}
}

// ended counts a step performed, however it ended.
func (m *morningOf) ended(t float64, id int, o results.Outcome) {
	p := &m.people[id]
	m.count(p.step, -1, t)
	ten := int(p.entered) / 10
	m.s.Steps[p.step].Ends[ten][o]++
	s := &m.s.Steps[p.step]
	s.Spent[ten] += time.Duration((t - p.entered) * 1e9)
	if s.Tens[ten] == nil {
		s.Tens[ten] = results.NewHist(results.StepHist)
	}
	s.Tens[ten].Record(time.Duration((t - p.entered) * 1e9))
}

func (m *morningOf) proved(t float64, id int) {
	p := &m.people[id]
	m.ended(t, id, results.InTime)
	if m.c.Kind != results.TrialIsolation && p.step+1 < len(m.station) {
		p.step++
		m.enter(t, id)
		return
	}
	o := results.InTime
	if t-p.due > m.s.InTime.Seconds() {
		o = results.Late
	}
	ten := int(p.due) / 10
	if m.s.Tens[ten] == nil {
		m.s.Tens[ten] = results.NewHist(results.ClassHist)
	}
	m.s.Tens[ten].Record(time.Duration((t - p.due) * 1e9))
	m.leave(t, id, o)
}

func (m *morningOf) timeout(t float64, id int) {
	p := &m.people[id]
	m.ended(t, id, results.Timeout)
	if p.tries == 0 {
		m.leave(t, id, results.Timeout)
		return
	}
	p.tries--
	p.step = 0
	m.attempt(t, id)
}

func (m *morningOf) leave(t float64, id int, o results.Outcome) {
	p := &m.people[id]
	p.gone = true
	m.s.Seconds[int(p.due)].By[o]++
	now := m.second(t)
	now.Settled[o]++
	if o == results.InTime || o == results.Late {
		now.Done++
	}
}

// asked is a scenario with one criterion: 95 % in class within limit seconds.
func asked(limit float64) *scenarios.Scenario {
	sc := &scenarios.Scenario{}
	d := time.Duration(limit * 1e9)
	sc.Criteria.InTime = d
	sc.Criteria.List = []scenarios.Criterion{{ID: "time_to_class", Metric: scenarios.MetricTimeToClass, Quantile: p95, Op: "<", Time: d, Severity: scenarios.Blocking}}
	sc.Patience.Tries = 3
	return sc
}

// steadily is a plateau of one load.
func steadily(kind results.TrialKind, rate float64, seconds int) results.Conduct {
	return results.Conduct{Kind: kind, LoginOnly: true, Warmup: 10 * time.Second,
		Segments: []results.Segment{{Name: "plateau", Rate: rate, Length: time.Duration(seconds) * time.Second}}}
}

// trial plays and reads one.
func (w *world) trial(name, stage string, c results.Conduct, sc *scenarios.Scenario, seed uint64) played {
	s := w.play(c, sc.Criteria.InTime.Seconds(), seed)
	return played{Trial: results.Trial{Name: name, Stage: stage, Conduct: c, Seed: seed}, Series: s, Reading: JudgeTrial(s, sc)}
}
