package ent

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// exchange is one request being answered. It may have to wait several times; in
// between nobody but [ENT.leave] touches it.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	wake    func() // called in another goroutine when a wait is over
	m       *Modes
	route   *route
	session *session // nil without a valid one
	bearer  bool     // found by a bearer token
	form    url.Values

	next     step
	deadline time.Time // of a proxy's patience; zero for none
	answer   Answer

	job  atomic.Pointer[job] // what it waits for
	gone atomic.Bool         // the client left
}

// step is where an exchange goes on after a wait.
type step uint8

const (
	atDoor step = iota
	atConsent
	afterDelay
	afterFreeze
	atWork
)

// cuts says that the connection is to be closed without an answer.
func (a Answer) cuts() bool { return a == CutOff || a == Abandoned || a == Crashed }

// proceed answers a request, or returns false when it has to wait: x.wake is then
// called once, and proceed has to be called again.
func (e *ENT) proceed(x *exchange) (answered bool) {
	if x.m == nil {
		x.m = e.modes.Load()
		e.counters.arrivals.Add(1)
	}
	if j := x.job.Load(); j != nil && j.err != nil {
		x.answer = e.failed(x, j.err)
	} else if a, ok := e.advance(x); ok {
		x.answer = a
	} else if !x.gone.Load() || !e.plant.abandon(x.job.Load()) {
		return false
	} else {
		x.answer = Abandoned // left just before this wait began
	}
	e.counters.answers[x.answer].Add(1)
	return true
}

// leave is called when the client of a waiting exchange left. It returns true when
// that ends the exchange; otherwise x.wake has been called, or is about to be.
func (e *ENT) leave(x *exchange) bool {
	x.gone.Store(true)
	if j := x.job.Load(); j == nil || !e.plant.abandon(j) {
		return false
	}
	x.answer = Abandoned
	e.counters.answers[Abandoned].Add(1)
	return true
}

// advance passes the request through everything that stands before the portal,
// from where it stopped. It says whether it was answered.
func (e *ENT) advance(x *exchange) (a Answer, answered bool) {
	switch x.next {
	case atDoor:
		return e.door(x)
	case atConsent:
		return e.consent(x), true
	case afterDelay:
		return e.afterDelay(x)
	case afterFreeze:
		return e.dynamic(x)
	}
	return x.route.handle(x), true
}

// failed answers a request whose wait ended badly.
func (e *ENT) failed(x *exchange, err error) Answer {
	switch err {
	case errFull:
		return e.overflow(x)
	case errTimeout:
		e.pages.timeout.send(x.w, x.r, http.StatusGatewayTimeout)
		return GatewayTimeout
	}
	return Crashed
}

// until makes the exchange wait until t, and then go on with the next step.
func (e *ENT) until(x *exchange, t time.Time, next step) (Answer, bool) {
	x.next = next
	j := &job{over: x.wake}
	x.job.Store(j)
	e.plant.until(j, t, x.deadline)
	return 0, false
}

func (e *ENT) door(x *exchange) (Answer, bool) {
	path := x.r.URL.Path
	if !e.plant.arrive(x.m, x.r.Method == http.MethodPost && (path == "/auth/login" || path == "/cas/login" || path == "/auth/oauth2/token")) {
		return Crashed, true
	}
	if x.m.Close {
		x.w.Header()["Connection"] = closes
	}
	if path == consentPath {
		if x.m.Consent == ConsentSlow {
			return e.until(x, time.Now().Add(time.Minute), atConsent)
		}
		return e.consent(x), true
	}
	if x.m.GatewayTimeout > 0 {
		x.deadline = time.Now().Add(x.m.GatewayTimeout)
	}
	if x.m.Delay > 0 {
		return e.until(x, time.Now().Add(x.m.Delay), afterDelay)
	}
	return e.afterDelay(x)
}

func (e *ENT) afterDelay(x *exchange) (Answer, bool) {
	if e.draw(drawReset, x.m.Reset) {
		return CutOff, true
	}
	if p := x.m.PerIP; p.Rate > 0 && !e.client(x.r).take(time.Now(), p.Rate, max(1, p.Burst)) {
		return e.throttled(x), true
	}
	if x.m.Freeze.Length > 0 {
		now := time.Now()
		if end := x.m.Freeze.end(now, e.created); end.After(now) {
			return e.until(x, end, afterFreeze)
		}
	}
	return e.dynamic(x)
}

// dynamic answers a file at once, and anything else after its work.
func (e *ENT) dynamic(x *exchange) (Answer, bool) {
	if p := assets()[x.r.URL.Path]; p != nil {
		p.send(x.w, x.r, http.StatusOK)
		return ServedStatic, true
	}
	if a, refused := e.admitted(x); refused {
		return a, true
	}
	if x.route.class == free || x.route.free != nil && x.route.free(x) {
		return x.route.handle(x), true
	}
	if x.route.admission {
		if a, refused := e.admit(x); refused {
			return a, true
		}
	}
	return e.work(x)
}

// admitted finds the route and asks everything that may refuse the request before
// it costs work.
func (e *ENT) admitted(x *exchange) (a Answer, refused bool) {
	if x.route = e.find(x.r); x.route == nil {
		e.pages.notFound.send(x.w, x.r, http.StatusNotFound)
		return NotFound, true
	}
	if x.route.page && x.m.WaitingRoom.Rate > 0 {
		if a, waits := e.wait(x); waits {
			return a, true
		}
	}
	if e.draw(drawUnavailable, x.m.Unavailable.Share) {
		return e.unavailable(x), true
	}
	x.session, x.bearer = e.session(x.r)
	if a, refused := e.guard(x); refused {
		return a, true
	}
	if !e.read(x) {
		sendString(x.w, x.r, http.StatusBadRequest, typeJSON, `{"error":"bad_request"}`)
		return BadRequest, true
	}
	return 0, false
}

// work makes the request wait for its worker.
func (e *ENT) work(x *exchange) (Answer, bool) {
	x.next = atWork
	units := 1.0
	if e.cfg.Capacity.Workers > 0 {
		units = e.cfg.Capacity.Costs.of(x.route.class)
	}
	j := &job{over: x.wake}
	x.job.Store(j)
	switch waits, err := e.plant.enter(j, x.route.class, units, x.deadline); {
	case err != nil:
		return e.failed(x, err), true
	case waits:
		return 0, false
	}
	return x.route.handle(x), true
}
