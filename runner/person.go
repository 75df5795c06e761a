package runner

import (
	"context"
	"net/url"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// state is what a person is doing when nobody acts for them.
type state uint8

const (
	fresh     state = iota // has not clicked yet
	preparing              // is walked to the step an isolation plays
	thinking               // between two steps of an attempt
	waiting                // on a waiting page, or in a lobby
	between                // between two attempts
	done                   // settled, and off the page
)

// person is one running virtual user: a plain struct. While the person thinks
// it costs no goroutine and no buffer; a due step borrows both.
type person struct {
	browser
	draws   draws
	group   int
	cohort  int
	journey *scenarios.Journey
	base    int // Plan.Steps index of the journey's first step
	persona *scenarios.Persona

	intended time.Duration // first click
	due      time.Duration // when the next thing is meant to happen
	click    time.Duration // of the step being performed, its first poll if it polls
	tried    time.Duration // intended start of this attempt
	own      time.Duration // pauses and thinking so far
	waited   time.Duration // on waiting pages so far
	inside   time.Duration // the present step, so far: without the pauses of a waiting page
	waitFrom time.Duration // since when on the present one; 0: not
	stop     time.Duration // hard stop, from the first click; 0: none
	resume   *url.URL      // the waiting page's refresh
	tries    int
	step     int
	repeat   int
	state    state
	prepared browser // an isolation's, as it was before the step
	started  bool    // the first click left
	begun    bool    // this attempt's first request was handed over
	inClass  bool
	outcome  results.Outcome // of the last attempt
	reason   results.Reason
}

// newPerson makes the person of an arrival.
func (r *run) newPerson(id uint32, cohort int, at time.Duration) *person {
	s := r.site
	p := &person{
		draws:  draws{s.seed, uint64(id), r.patience},
		group:  int(s.groups[cohort]),
		cohort: cohort, persona: &s.sc.Personas[s.who[cohort]],
		intended: at, due: at,
	}
	j := p.draws.journey(p.persona.Journeys)
	if r.alone != nil {
		j = r.alone.journey
	}
	p.journey, p.base = &s.sc.Journeys[j], s.first[j]
	p.browser = browser{id: id, account: -1}
	if _, p.pinned = r.cfg.Pinned[p.persona.ID]; p.pinned {
		p.luck = uint32(s.who[cohort]) // who Smoke sends on this persona's journeys
	}
	p.tries, p.stop = p.draws.tries(p.persona.Role), p.draws.hardStop()
	if r.conduct.Refreshes > 0 {
		p.tries = 1 + r.conduct.Refreshes
	}
	if r.alone != nil {
		p.tries = 1
	}
	return p
}

// act does what is due for p: one step, and the next ones while no time lies
// between. It runs on a borrowed goroutine.
func (r *run) act(p *person) {
	if p.state == preparing {
		r.makeReady(p)
		return
	}
	for {
		if r.stopping.Load() {
			r.cut(p)
			return
		}
		if !r.prepare(p) {
			return
		}
		if r.skip(p) {
			if p.step == len(p.journey.Steps) {
				r.finish(p)
				return
			}
			continue
		}
		f := r.perform(p)
		if f.reason == results.ReasonInFlight {
			r.strand(p)
			return
		}
		if !r.advance(p, f) {
			return
		}
	}
}

// prepare opens the person's browser and begins an attempt.
func (r *run) prepare(p *person) bool {
	if r.alone != nil && p.session == nil && !r.takeReady(p) {
		r.notSent(p, results.ReasonUnprepared)
		return false
	}
	if p.session == nil {
		i, ok := r.accounts.take(p.id, p.persona.ID)
		if !ok {
			r.notSent(p, results.ReasonGenerator)
			return false
		}
		p.account, p.session = i, r.cfg.Driver.Open(p.id)
	}
	if p.state == fresh || p.state == between {
		p.attempt++
		p.tried, p.begun = p.due, false
		p.state = thinking
	}
	return true
}

// skip passes over a step whose `if` is false on the page shown.
func (r *run) skip(p *person) bool {
	st := &p.journey.Steps[p.step]
	if st.If == nil || p.resume != nil || p.repeat > 0 || r.alone != nil {
		return false
	}
	if p.page != nil {
		if ok, _ := p.page.Match(st.If, p.lookup(r.site, p.page.Final)); ok {
			return false
		}
	}
	p.step++
	return true
}

// perform walks one step, or asks once more for its page.
func (r *run) perform(p *person) finding {
	st := &p.journey.Steps[p.step]
	if p.waitFrom == 0 {
		p.click = p.due
	}
	v := showing{w: &r.walker, b: &p.browser, step: st, index: p.base + p.step, intended: p.due, resume: p.resume}
	later := p.started // the first click has its own count
	if !p.begun {
		v.left = func(at time.Duration) { r.begin(p, at) }
	}
	ctx, cancel := r.deadline(p, st)
	defer cancel()
	enter := r.cfg.Clock.Now()
	r.gauge(v.index, +1, enter)
	defer func() {
		leave := r.cfg.Clock.Now()
		r.gauge(v.index, -1, leave)
		p.inside += leave - enter
		if p.base+p.step != v.index { // alreadyIn: the page proved a later step
			r.spent(p, v.index)
		}
	}()
	f := v.run(ctx)
	if p.attempt > 1 && st.Verb == scenarios.Get && !p.inClass {
		f = r.alreadyIn(ctx, p, v, f)
	}
	if later && f.sent > 0 && !ours(f.reason) {
		r.rec.add(p.id, func(d *results.Delta) { d.AddLater(v.intended, f.sent) })
	}
	if !p.begun && v.number > 0 && !ours(f.reason) {
		r.begin(p, f.sent) // a driver that does not say when requests leave
	}
	return f
}

// alreadyIn looks at the first page of somebody who came back: with the cookies
// of an earlier attempt the portal may show what only the step in class would.
// A person sees that, and does not look for a login form any more.
func (r *run) alreadyIn(ctx context.Context, p *person, v showing, f finding) finding {
	if p.page == nil || f.wait || f.again || f.status == 0 || f.done == 0 {
		return f
	}
	for i := p.step + 1; i < len(p.journey.Steps); i++ {
		st := &p.journey.Steps[i]
		if !st.InClass {
			continue
		}
		if !p.page.MatchContent(st.Expect, p.lookup(r.site, p.page.Final)) {
			break
		}
		v.step, v.index = st, p.base+i
		in := v.accept(ctx, fetched{page: p.page, done: f.done}, good())
		in.sent, in.host, in.status, in.done = f.sent, f.host, f.status, r.cfg.Clock.Now()
		p.step = i
		return in
	}
	return f
}

// ours are reasons that keep a request from leaving.
func ours(r results.Reason) bool {
	switch r {
	case results.ReasonGenerator, results.ReasonConsentLimit, results.ReasonOutOfScope, results.ReasonInFlight:
		return true
	}
	return false
}

// begin counts an attempt, and the person with the first one.
func (r *run) begin(p *person, at time.Duration) {
	if p.begun {
		return
	}
	p.begun = true
	if p.started {
		r.rec.add(p.id, func(d *results.Delta) { d.AddAttemptStart(p.group, p.tried) })
		return
	}
	p.started = true
	r.live.started.Add(1)
	r.rec.add(p.id, func(d *results.Delta) {
		d.AddStart(results.Start{Group: p.group, Intended: p.intended, Sent: max(at, p.intended)})
	})
}

// advance decides what comes next; true: at once, on the same goroutine.
func (r *run) advance(p *person, f finding) bool {
	p.resume = nil
	switch {
	case f.wait:
		return r.stay(p, f)
	case f.again:
		return r.poll(p, f)
	case f.outcome == results.InTime:
		return r.succeed(p, f)
	case f.reason == results.ReasonGenerator && !p.started:
		// Ours to answer for: the click is delayed, and tried again.
		p.state, p.attempt, p.due = fresh, 0, p.intended
		r.timers.at(r.cfg.Clock.Now()+retryStart, p)
		return false
	}
	return r.fail(p, f)
}

// retryStart is how soon a click that could not leave is tried again.
const retryStart = 250 * time.Millisecond

// stay obeys a waiting page.
func (r *run) stay(p *person, f finding) bool {
	r.first(p, f)
	if p.waitFrom == 0 {
		p.waitFrom = f.proved
		if p.waitFrom == 0 {
			p.waitFrom = f.done
		}
	}
	p.resume, p.due = f.next, f.done+f.after
	return r.linger(p, f)
}

// poll asks once more for a page whose `until` is not true.
func (r *run) poll(p *person, f finding) bool {
	st := &p.journey.Steps[p.step]
	if p.waitFrom == 0 {
		p.waitFrom = f.done
	}
	if p.repeat++; st.Times > 0 && p.repeat >= st.Times {
		return r.fail(p, f)
	}
	p.due = f.done + st.Every
	return r.linger(p, f)
}

// linger keeps a person on a waiting page until the next look, or until the
// patience of the day is spent.
func (r *run) linger(p *person, f finding) bool {
	if p.stop > 0 && p.due-p.intended > p.stop && !p.inClass {
		f.leave = true
		return r.fail(p, f)
	}
	return r.later(p, waiting)
}

// later hands p to the timers, or goes on at once when it is due.
func (r *run) later(p *person, s state) bool {
	p.state = s
	if p.due <= r.cfg.Clock.Now() {
		return true
	}
	r.park(p)
	return false
}

// succeed goes on after a proved page.
func (r *run) succeed(p *person, f finding) bool {
	st := &p.journey.Steps[p.step]
	r.sample(p, f)
	if p.waitFrom > 0 {
		p.waited += max(0, f.proved-p.waitFrom)
		p.waitFrom = 0
	}
	if sendsPassword(st) {
		r.loginAnswered(results.InTime)
		r.accounts.worked(p.account)
	}
	if (st.InClass || r.alone != nil) && !p.inClass {
		r.arrive(p, f.proved)
		if r.alone != nil {
			r.giveBack(p)
		}
		if r.alone != nil || r.conduct.LoginOnly {
			r.release(p)
			return false
		}
	}
	if p.repeat++; st.Until == nil && p.repeat < st.Times {
		return r.pause(p, f.done, f.done+st.Every)
	}
	p.repeat = 0
	p.step++
	if p.step == len(p.journey.Steps) {
		r.finish(p)
		return false
	}
	r.keepPage(p)
	next := &p.journey.Steps[p.step]
	think := p.persona.Think
	if next.Pause != nil {
		think = *next.Pause
	}
	t := p.draws.time(think, streamThink, nth(p.attempt, p.step, 0))
	return r.pause(p, f.done, r.clicks(p, f.proved, t))
}

// pause is the person's own time: thinking, or an exercise's own pace.
func (r *run) pause(p *person, now, due time.Duration) bool {
	p.own += max(0, due-now)
	p.due = max(due, now)
	return r.later(p, thinking)
}

// keepPage drops a page that no later step looks at.
func (r *run) keepPage(p *person) {
	st := &p.journey.Steps[p.step]
	switch {
	case p.page == nil:
	case st.Verb == scenarios.Submit || st.If != nil:
		p.page.Compact()
	default:
		p.page.Drop()
	}
}

// arrive counts a person in class.
func (r *run) arrive(p *person, at time.Duration) {
	p.inClass = true
	if p.journey.Steps[p.step].InClass {
		r.accounts.worked(p.account)
	}
	took := at - p.intended - p.own
	o := results.InTime
	if took > r.site.sc.Criteria.InTime {
		o = results.Late
	}
	p.outcome, p.reason = o, results.NoReason
	r.endedAttempt(p, o, results.NoReason, at)
	r.settle(p, results.Person{Settled: at, Outcome: o, TimeToClass: took})
}

// finish is the end of the journey.
func (r *run) finish(p *person) {
	if !p.inClass {
		// The step that proves it was skipped by its `if`.
		r.endedAttempt(p, results.Error, results.ReasonExpectation, r.cfg.Clock.Now())
		p.outcome, p.reason = results.Error, results.ReasonExpectation
		r.settle(p, results.Person{Settled: r.cfg.Clock.Now(), Outcome: p.outcome, Reason: p.reason})
	}
	r.release(p)
}
