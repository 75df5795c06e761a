package runner

import (
	"context"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// An isolation plays one step alone. Browsers are walked to the step before it
// ahead of the played window, at a gentle pace and without pauses; nothing of
// that is counted. Their connections are closed then, for a step that follows
// minutes later would find them closed by either side. In the window each person
// takes the browser that has waited longest, performs the step at the intended
// instant and is settled by its own proof.
//
// A `get` gives its browser back, with the cookies it has by then and the page
// it was prepared on, so half as many browsers as arrivals are prepared; what a
// form or a ticket has used up is not used twice. Who finds no browser is
// not_sent, reason unprepared: so are a lost worker's people, unless browsers
// are to spare. What expires at the target in between (a one-time token) makes
// the step fail visibly.
//
// Workers prepare their own people, each over the whole time that all take
// together and out of step with the others, so that the pace of all is the plan's
// whatever their number.

const (
	// preparePart is the share of the offered load that preparing may take.
	preparePart = 4
	// prepareMargin lies between the last preparation and the first arrival: a
	// slow page, and time for the target to calm down.
	prepareMargin = 10 * time.Second
	// What a browser that waits takes, and the page in it when the step needs one.
	memoryReady     = 8 << 10
	memoryReadyPage = 48 << 10
)

// checkIsolation refuses a step that nobody who comes would ever perform, and
// fills in the pace of the preparation.
func checkIsolation(sc *scenarios.Scenario, c *results.Conduct) error {
	j, _, ok := stepAt(sc, c.Step)
	if !ok {
		return fmt.Errorf("isolation of step %d, which is not in the journeys", c.Step)
	}
	if c.PrepareRate < 0 || math.IsNaN(c.PrepareRate) || c.PrepareRate > 1e6 {
		return fmt.Errorf("%v preparations per second", c.PrepareRate)
	}
	if c.PrepareRate == 0 {
		for _, s := range c.Segments {
			c.PrepareRate = max(c.PrepareRate, s.Rate/preparePart)
		}
	}
	if len(walkersOf(sc, j).Population) == 0 {
		return fmt.Errorf("isolation of step %d: nobody walks its journey", c.Step)
	}
	return nil
}

// stepAt finds a step of Plan.Steps in the scenario's journeys.
func stepAt(sc *scenarios.Scenario, index int) (journey, step int, ok bool) {
	if index < 0 {
		return 0, 0, false
	}
	for i := range sc.Journeys {
		if n := len(sc.Journeys[i].Steps); index >= n {
			index -= n
			continue
		}
		return i, index, true
	}
	return 0, 0, false
}

// walkersOf is the scenario with nobody showing up but those whose persona
// walks a journey; an empty population when there are none.
func walkersOf(sc *scenarios.Scenario, journey int) *scenarios.Scenario {
	only := *sc
	only.Population = make([]scenarios.Cohort, len(sc.Population))
	some := false
	for i, c := range sc.Population {
		if !walks(&sc.Personas[personaOf(sc, i)], journey) {
			c.ShowUp = 0
		}
		some = some || c.ShowUp > 0 && c.People > 0
		only.Population[i] = c
	}
	if !some {
		only.Population = nil
	}
	return &only
}

func walks(p *scenarios.Persona, journey int) bool {
	for _, s := range p.Journeys {
		if s.Index == journey {
			return true
		}
	}
	return false
}

// PreparationTime is how long before Plan.Start a run must begin: the time an
// isolation takes to prepare its people, 0 for everything else. It is that of the
// whole plan: the same for every worker that plays a part of it.
func PreparationTime(sc *scenarios.Scenario, p *results.Plan) time.Duration {
	n := toPrepare(sc, p.Conduct, p.People)
	if n == 0 {
		return 0
	}
	return time.Duration(float64(n)/p.Conduct.PrepareRate*float64(time.Second)) + prepareMargin
}

// toPrepare is how many browsers a trial prepares.
func toPrepare(sc *scenarios.Scenario, c *results.Conduct, people int) int {
	if c == nil || c.Kind != results.TrialIsolation || people == 0 || !(c.PrepareRate > 0) {
		return 0
	}
	j, step, ok := stepAt(sc, c.Step)
	switch {
	case !ok || step == 0:
		return 0
	case sc.Journeys[j].Steps[step].Verb == scenarios.Get:
		return (people + 1) / 2
	}
	return people
}

// isolation is what a run keeps for one; nil in any other run.
type isolation struct {
	journey, step int
	reuse         bool
	total         int                // browsers of the whole plan; 0: nothing to prepare
	todo          []arrivals.Arrival // whom to prepare here, in order; the pacer's own
	next          int                // of them, likewise
	told          bool

	mu     sync.Mutex
	ready  map[string][]browser // by persona, the one that has waited longest first
	failed int
}

func newIsolation(sc *scenarios.Scenario, p *results.Plan) *isolation {
	if p.Conduct == nil || p.Conduct.Kind != results.TrialIsolation {
		return nil
	}
	j, step, ok := stepAt(sc, p.Conduct.Step)
	if !ok {
		return nil
	}
	return &isolation{journey: j, step: step, ready: map[string][]browser{},
		reuse: sc.Journeys[j].Steps[step].Verb == scenarios.Get, total: toPrepare(sc, p.Conduct, p.People)}
}

// give keeps a browser for the next person of a persona.
func (i *isolation) give(persona string, b browser) {
	i.mu.Lock()
	i.ready[persona] = append(i.ready[persona], b)
	i.mu.Unlock()
}

func (i *isolation) take(persona string) (browser, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := i.ready[persona]
	if len(list) == 0 {
		return browser{}, false
	}
	i.ready[persona] = list[1:]
	return list[0], true
}

// forget closes what nobody took.
func (i *isolation) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, list := range i.ready {
		for _, b := range list {
			b.session.Forget()
		}
	}
	clear(i.ready)
}

// forWhom are the people whose browsers are prepared: all of them or, where
// browsers are given back, the first half of each persona, so that a small part
// of a storm has one for everybody as the whole has.
func forWhom(sc *scenarios.Scenario, list []arrivals.Arrival, reuse bool) []arrivals.Arrival {
	if !reuse {
		return list
	}
	left := map[int]int{}
	for _, a := range list {
		left[personaOf(sc, int(a.Cohort))]++
	}
	for p, n := range left {
		left[p] = (n + 1) / 2
	}
	var out []arrivals.Arrival
	for _, a := range list {
		if p := personaOf(sc, int(a.Cohort)); left[p] > 0 {
			left[p]--
			out = append(out, a)
		}
	}
	return out
}

// prepareAhead releases the preparations, evenly, before the played window. It
// goes on where it was stopped; false: it was stopped.
func (r *run) prepareAhead(ctx context.Context) bool {
	i := r.alone
	if i == nil || i.total == 0 || i.told {
		return true
	}
	lead := PreparationTime(r.site.sc, r.cfg.Plan)
	every := float64(lead-prepareMargin) / float64(max(1, len(i.todo)))
	for ; i.next < len(i.todo); i.next++ {
		a := i.todo[i.next]
		at := -lead + time.Duration((float64(i.next)+r.turn(a.ID))*every)
		if r.cfg.Clock.SleepUntil(ctx, at) != nil || r.stopping.Load() || r.held() {
			return false
		}
		p := r.newPerson(a.ID, int(a.Cohort), a.At)
		p.state = preparing
		r.workers.do(p)
	}
	if r.cfg.Clock.SleepUntil(ctx, 0) != nil {
		return false
	}
	i.told = true
	i.mu.Lock()
	failed := i.failed
	i.mu.Unlock()
	r.event("prepared", "", map[string]string{"people": fmt.Sprint(len(i.todo)), "failed": fmt.Sprint(failed)})
	return true
}

// turn is this worker's place between two preparations of its own, 0 ≤ turn < 1:
// the workers' people differ by id modulo their number.
func (r *run) turn(id uint32) float64 {
	n := uint32(max(1, r.cfg.Plan.Workers))
	return float64(id%n) / float64(n)
}

// makeReady walks a person up to the step that is played alone.
func (r *run) makeReady(p *person) {
	i := r.alone
	account, ok := r.accounts.take(p.id, p.persona.ID)
	if ok {
		p.account, p.session, p.attempt = account, r.cfg.Driver.Open(p.id), 1
		ok = r.walkUpTo(p, i.step)
		p.session.Close()
	}
	if ok && !r.stopping.Load() {
		i.give(p.persona.ID, p.browser)
		return
	}
	if p.session != nil {
		p.session.Forget()
	}
	i.mu.Lock()
	i.failed++
	i.mu.Unlock()
}

// walkUpTo performs the steps before one, uncounted.
func (r *run) walkUpTo(p *person, step int) bool {
	w := r.walker
	w.hop = func(*showing, int, *Request, *Response, error) {}
	t := tour{w: &w, b: &p.browser, journey: p.journey, base: p.base}
	for k := 0; k < step; k++ {
		if t.skips(k) {
			continue
		}
		f := t.step(r.steps[p.id%ctxShards], k)
		if f.outcome != results.InTime || f.wait || f.again {
			return false
		}
		if sendsPassword(&p.journey.Steps[k]) {
			r.accounts.worked(p.account)
		}
	}
	p.step = step
	if t.skips(step) {
		return false
	}
	r.keepPage(p)
	return true
}

// takeReady gives a person the browser prepared for the step.
func (r *run) takeReady(p *person) bool {
	i := r.alone
	if i.total == 0 { // the journey's first step
		p.step = i.step
		account, ok := r.accounts.take(p.id, p.persona.ID)
		if ok {
			p.account, p.session = account, r.cfg.Driver.Open(p.id)
		}
		return ok
	}
	b, ok := i.take(p.persona.ID)
	if !ok {
		return false
	}
	p.browser, p.step = b, i.step
	p.attempt = 0
	p.vars = maps.Clone(b.vars)
	p.prepared = b
	return true
}

// giveBack lets the next person use a browser, as it was prepared.
func (r *run) giveBack(p *person) {
	if r.alone.reuse && r.alone.total > 0 && p.session != nil {
		p.session.Close()
		r.alone.give(p.persona.ID, p.prepared)
		p.session = nil
	}
}

// isolated plans the arrivals of an isolation: only people who walk the journey
// come.
func isolated(sc *scenarios.Scenario, c results.Conduct) *scenarios.Scenario {
	if c.Kind != results.TrialIsolation {
		return sc
	}
	j, _, _ := stepAt(sc, c.Step)
	return walkersOf(sc, j)
}

// moreMemory is what the prepared browsers take beside the rest.
func moreMemory(sc *scenarios.Scenario, p *results.Plan) int64 {
	n := int64(toPrepare(sc, p.Conduct, p.People))
	if n == 0 {
		return 0
	}
	j, step, _ := stepAt(sc, p.Conduct.Step)
	if st := &sc.Journeys[j].Steps[step]; st.Verb == scenarios.Submit || st.If != nil {
		return n * (memoryReady + memoryReadyPage)
	}
	return n * memoryReady
}
