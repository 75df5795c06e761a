package runner

import (
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// fail ends the attempt, and decides whether the person comes back.
func (r *run) fail(p *person, f finding) bool {
	f = r.failedStep(p, f)
	if p.inClass {
		r.midWork(p, f)
		r.release(p)
		return false
	}
	now := max(f.done, r.cfg.Clock.Now())
	p.outcome, p.reason = f.outcome, f.reason
	switch f.outcome {
	case results.NotSent:
		r.pulled(p, now)
		return false
	case results.Invalid:
		r.rejected(p, now)
		return false
	}
	r.endedAttempt(p, f.outcome, f.reason, now)
	wait := p.draws.comeBack(f, p.attempt)
	if f.leave || p.attempt >= p.tries || p.stop > 0 && now+wait-p.intended > p.stop {
		r.settle(p, results.Person{Settled: now, Outcome: f.outcome, Reason: f.reason, GaveUp: true})
		r.release(p)
		return false
	}
	p.step = startAgain(p.journey, p.step)
	p.page, p.resume, p.signedIn = nil, nil, false
	p.due = now + wait
	return r.later(p, between)
}

// failedStep records a step that failed.
func (r *run) failedStep(p *person, f finding) finding {
	st := &p.journey.Steps[p.step]
	if f.outcome == results.Invalid && r.accounts.hasWorked(p.account) {
		f.outcome, f.reason = results.Error, results.ReasonRejectedAfterGood
	}
	if p.waitFrom > 0 {
		p.waited += max(0, f.done-p.waitFrom)
		p.waitFrom = 0
	}
	p.repeat = 0
	r.sample(p, f)
	r.sign(p, f)
	r.first(p, f)
	if sendsPassword(st) && f.reason.Answered() {
		r.loginAnswered(f.outcome)
	}
	switch f.outcome {
	case results.Timeout, results.Unreachable:
		p.session.Close() // as a browser that is refreshed
	}
	return f
}

// startAgain is the last `get` at or before the failed step: one-time tokens
// are read again by construction.
func startAgain(j *scenarios.Journey, step int) int {
	for ; step > 0; step-- {
		if j.Steps[step].Verb == scenarios.Get {
			return step
		}
	}
	return 0
}

// midWork counts what breaks after class: a loss, not a failed login.
func (r *run) midWork(p *person, f finding) {
	r.rec.add(p.id, func(d *results.Delta) {
		d.MidWork[results.Cell{Group: uint16(p.group), Outcome: f.outcome, Reason: f.reason,
			Second: results.SecondOf(p.intended)}]++
	})
}

// pulled ends an attempt whose request was refused on our side: over the
// consented rate, or out of descriptors.
func (r *run) pulled(p *person, now time.Duration) {
	r.rec.add(p.id, func(d *results.Delta) {
		d.AddAttempt(results.Attempt{Group: p.group, Number: p.attempt, Intended: p.tried, Ended: now,
			Outcome: results.NotSent, Reason: p.reason, Left: p.begun})
	})
	r.settle(p, results.Person{Settled: now, Outcome: results.NotSent, Reason: p.reason, Left: p.started})
	r.release(p)
}

// notSent settles a person whose first click never left.
func (r *run) notSent(p *person, why results.Reason) {
	now := r.cfg.Clock.Now()
	p.outcome, p.reason, p.tried = results.NotSent, why, p.intended
	p.attempt = 1
	r.pulled(p, now)
}

// endedAttempt counts an attempt. One that was judged before any request could
// leave (a page without its form) has begun all the same.
func (r *run) endedAttempt(p *person, o results.Outcome, why results.Reason, at time.Duration) {
	r.begin(p, at)
	r.rec.add(p.id, func(d *results.Delta) {
		d.AddAttempt(results.Attempt{Group: p.group, Number: p.attempt, Intended: p.tried, Ended: at, Outcome: o, Reason: why})
	})
}

// settle counts a person once and for all.
func (r *run) settle(p *person, x results.Person) {
	x.Group, x.Intended, x.Attempts = p.group, p.intended, max(1, p.attempt)
	x.OwnTime, x.Waited = p.own, p.waited
	x.ClassLost = r.classLost(p, x)
	r.rec.add(p.id, func(d *results.Delta) { d.AddPerson(x) })
	r.live.settled(x.Outcome)
}

// maxClassLost is a lesson.
const maxClassLost = 55 * time.Minute

// classLost is what a pupil missed: from the own click, or the bell if later,
// to being in class, or to the end of what was observed. Who got in lost at most
// what the portal took of that: typing a password is nobody's loss.
func (r *run) classLost(p *person, x results.Person) time.Duration {
	switch {
	case p.persona.Role != scenarios.RolePupil, x.Outcome == results.NotSent, x.Outcome == results.Invalid:
		return 0
	}
	from := p.intended
	for _, bell := range r.site.sc.Storm.Bells {
		at := time.Duration(bell - r.site.sc.Storm.Play.From)
		if at >= p.intended && at-p.intended <= beforeBell {
			from = at
			break
		}
	}
	lost := min(max(0, x.Settled-from), maxClassLost)
	if x.Outcome == results.InTime || x.Outcome == results.Late {
		lost = min(lost, x.TimeToClass)
	}
	return lost
}

// beforeBell is how early somebody comes for a bell.
const beforeBell = 15 * time.Minute

// release gives back what the person used.
func (r *run) release(p *person) {
	r.spent(p, p.base+p.step) // a step that was cut
	p.state = done
	if p.session != nil {
		p.session.Forget()
		p.session = nil
	}
	r.accounts.give(p.id, p.account)
	p.page, p.vars, p.warm, p.resume = nil, nil, nil, nil
	r.off(1)
}

// cut settles a person when the run stops, as they are.
func (r *run) cut(p *person) {
	now := r.cfg.Clock.Now()
	switch {
	case p.state == done:
		return
	case p.inClass: // in class is settled
		r.release(p)
		return
	case p.state == fresh || !p.started:
		r.notSent(p, unsentBecause(p, r.stoppedAt()))
		return
	case p.state == between:
		r.settle(p, results.Person{Settled: now, Outcome: p.outcome, Reason: p.reason, StillTrying: true})
		r.release(p)
		return
	}
	if p.state == waiting {
		p.outcome, p.reason = results.WaitingRoom, results.ReasonWaitingPage
		if p.journey.Steps[p.step].Until != nil {
			p.reason = results.ReasonLobby
		}
		p.waited += max(0, now-p.waitFrom)
		r.endedAttempt(p, p.outcome, p.reason, now)
	} else if p.begun || p.attempt <= 1 {
		p.outcome, p.reason = results.Unfinished, results.ReasonInFlight
		r.endedAttempt(p, p.outcome, p.reason, now)
	}
	// A second attempt that had not begun yet is none: the last outcome stays.
	if !p.begun && p.attempt > 1 {
		p.attempt--
	}
	still := p.outcome != results.Unfinished && p.outcome != results.WaitingRoom
	r.settle(p, results.Person{Settled: now, Outcome: p.outcome, Reason: p.reason, StillTrying: still})
	r.release(p)
}

// strand settles somebody whose request was refused because everything stops: as
// they were before it. A guard refuses a moment before the run knows.
func (r *run) strand(p *person) {
	if r.stopping.Load() {
		r.cut(p)
		return
	}
	r.pendingMu.Lock()
	r.stranded = append(r.stranded, p)
	r.pendingMu.Unlock()
}

// notReleased settles somebody whose instant the run did not reach, or who was
// due a second or more before its end: why says whose fault that is.
func (r *run) notReleased(a arrivals.Arrival, why results.Reason) {
	end := r.stoppedAt()
	if ended := r.loadEnded(); ended > 0 {
		end = min(end, ended)
	}
	p := r.newPerson(a.ID, int(a.Cohort), a.At)
	if unsentBecause(p, end) == results.ReasonCut {
		why = results.ReasonCut
	}
	r.notSent(p, why)
}

// unsentBecause blames the generator for a click that was due a second or more
// before the end.
func unsentBecause(p *person, end time.Duration) results.Reason {
	if p.intended+time.Second < end {
		return results.ReasonGenerator
	}
	return results.ReasonCut
}
