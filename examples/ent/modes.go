package ent

import (
	"errors"
	"fmt"
	"math"
	"time"
)

var inf = math.Inf(1)

// Modes are the ways in which the ENT fails, all off in the zero value and free
// to combine. Shares are within 0 and 1 and drawn from Config.Seed.
type Modes struct {
	Quota       Quota
	Bucket      Bucket
	WaitingRoom WaitingRoom
	Overflow    Overflow
	Blank       Blank
	Unavailable Unavailable
	Freeze      Freeze
	PerIP       PerIP
	Consent     Consent

	Dips   Dips
	Drift  Drift
	Healer Healer
	Crash  Crash
	Accept Accept

	// GatewayTimeout is how long a proxy in front waits for an answer: exactly
	// then it gives 504. Behind it the work is taken back, unless Capacity.Zombie.
	GatewayTimeout time.Duration

	// LostSession is the share of right passwords answered with the page of a
	// wrong one, as platforms do that lost the session or the token meanwhile.
	LostSession float64
	// WrongIdentity is the share of logins that are shown somebody else's name.
	WrongIdentity float64
	// BlockedPersona is a profile kept out after its password was checked, as
	// parents were in April 2021: a login prefix of Config.Accounts.
	BlockedPersona string
	// ExerciseLost is the share of saves of an exercise that end the session.
	ExerciseLost float64
	// ExerciseError is the share of saves that answer 500.
	ExerciseError float64
	// Reset is the share of requests whose connection is cut without an answer.
	Reset float64
	// Delay is added to every answer.
	Delay time.Duration
	// Close closes the connection after each answer.
	Close bool
}

// Quota refuses the login page while more than Sessions sessions are alive, with
// an announcement served as HTTP 200, and the mobile login with HTTP 509.
type Quota struct {
	Sessions int // 0: no quota
	Wording  Wording
}

// Wording is the text of the quota page.
type Wording string

const (
	Wording20210406  Wording = "2021-04-06" // entcore, live that day; the default
	Wording20210419  Wording = "2021-04-19" // entcore, afterwards
	WordingOccitanie Wording = "occitanie"
	WordingGrandEst  Wording = "grand-est"
)

// Bucket lets in Rate logins per second on average, Burst at once, and refuses
// the login page to the others.
type Bucket struct {
	Rate, Burst float64 // Rate 0: off; Burst at least 1, a second's worth when 0
	Refusal     Refusal
}

// A bucket that is never full when somebody comes gives away every token: with
// the default depth the logins let in are Rate to the percent as soon as a few
// per cent more than Rate ask for one. With a depth of 1 a random stream of twice
// the rate is given a third less.
func (b Bucket) depth() float64 {
	if b.Burst == 0 {
		return max(1, b.Rate)
	}
	return max(1, b.Burst)
}

// Refusal is how a bucket says no.
type Refusal string

const (
	RefuseQuota       Refusal = "quota" // the quota page; the default
	RefuseUnavailable Refusal = "503"
	RefuseThrottled   Refusal = "429"
)

// WaitingRoom keeps people on a page of their own and lets them in at exactly
// Rate per second, in the order in which they came.
type WaitingRoom struct {
	Rate float64       // people per second; 0: off
	Poll time.Duration // the page refreshes itself; 20s. Whole seconds.
	// Redirect sends people to a room at an address of its own and back. Otherwise
	// the waiting page stands at the address asked for, and refreshes by a meta tag.
	Redirect bool
}

// Overflow is what a page answers when the queue before the workers is full:
// one of three, by weight. 503 when all are zero. Calls answer 503.
type Overflow struct{ Quota, Blank, Unavailable float64 }

// Blank makes the page after the login blank.
type Blank struct {
	Empty float64 // share of home pages that are HTTP 200 without a body
	Shell float64 // share of sessions whose home page is good and whose calls all fail
}

// Unavailable answers 503 to a share of what is not a static file.
type Unavailable struct {
	Share      float64
	RetryAfter time.Duration // 0: no Retry-After
}

// Freeze stops everything for Length, every Every, the first time at From: what
// arrives meanwhile waits until the freeze ends.
type Freeze struct {
	Length, Every time.Duration // Length 0: off
	From          time.Time     // the ENT's creation when zero
}

// end gives the end of the freeze that t falls in, and t itself outside.
func (f Freeze) end(t, created time.Time) time.Time {
	from := f.From
	if from.IsZero() {
		from = created
	}
	if f.Length <= 0 || f.Every <= 0 || t.Before(from) {
		return t
	}
	in := t.Sub(from) % f.Every
	return t.Add(max(0, f.Length-in))
}

// PerIP answers 429 to a client address over its rate, in requests per second.
type PerIP struct{ Rate, Burst float64 }

// Dips takes Share of the capacity away for Length, every Every, the first time at
// From. The mean capacity is (1 - Share·Length/Every)·C, see [Dips.Mean].
type Dips struct {
	Share         float64
	Length, Every time.Duration
	From          time.Time // when the mode is switched on, if zero
}

// Mean gives the mean capacity as a share of what it is outside the dips.
func (d Dips) Mean() float64 {
	if d.Every == 0 {
		return 1
	}
	return 1 - d.Share*d.Length.Seconds()/d.Every.Seconds()
}

// Drift takes Share of the capacity away, evenly during Over from From on, or in
// one step when Over is 0.
type Drift struct {
	Share float64
	Over  time.Duration
	From  time.Time // when the mode is switched on, if zero
}

// Healer is a portal that does not come back whole: when more than Queue requests
// wait, or one waited longer than Delay for its worker, all is done at Share of
// the capacity from then on, for ever or until For after it last happened.
// Changing the mode heals.
type Healer struct {
	Queue int           // 0: any
	Delay time.Duration // 0: any
	Share float64       // above 0
	For   time.Duration // 0: for ever
}

// Crash brings the process down when more than Rate requests, or Logins passwords,
// per second come during Window, to the unit, or when more than Queue requests
// wait. Everything in it is cut, and for Restart nobody is answered: [ENT.Serve]
// refuses connections. Then it is back, empty.
//
// A steady random load below the rate crashes it now and then too: over a window
// of w seconds the rate of a Poisson stream is uncertain by √(Rate/w). With 32 s
// and 200/s that is 1.25 %.
type Crash struct {
	Rate, Logins float64       // 0: any
	Window       time.Duration // 10s
	Queue        int           // 0: any
	Restart      time.Duration // 20s
}

func (c Crash) window() time.Duration {
	def(&c.Window, 10*time.Second)
	return c.Window
}

func (c Crash) restart() time.Duration {
	def(&c.Restart, 20*time.Second)
	return c.Restart
}

// Consent is how /.well-known/firstbell.json is served.
type Consent string

const (
	ConsentAbsent  Consent = ""        // 404
	ConsentPresent Consent = "present" // Config.ConsentFile
	ConsentStop    Consent = "stop"    // the same with "stop": true
	ConsentChanged Consent = "changed" // the same, consented to by somebody else
	ConsentError   Consent = "error"   // 503
	ConsentSlow    Consent = "slow"    // no answer within 60 s
)

// Validate says everything that is wrong.
func (m Modes) Validate() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("ent: "+format, args...))
		}
	}
	for name, v := range map[string]float64{
		"blank.empty": m.Blank.Empty, "blank.shell": m.Blank.Shell, "unavailable.share": m.Unavailable.Share,
		"lost_session": m.LostSession, "wrong_identity": m.WrongIdentity, "exercise_lost": m.ExerciseLost,
		"exercise_error": m.ExerciseError, "reset": m.Reset, "dips.share": m.Dips.Share, "healer.share": m.Healer.Share,
	} {
		bad(!(v >= 0 && v <= 1), "%s: %v is not within 0 and 1", name, v)
	}
	for name, v := range map[string]float64{
		"bucket.rate": m.Bucket.Rate, "bucket.burst": m.Bucket.Burst, "waiting_room.rate": m.WaitingRoom.Rate,
		"per_ip.rate": m.PerIP.Rate, "per_ip.burst": m.PerIP.Burst, "overflow.quota": m.Overflow.Quota,
		"overflow.blank": m.Overflow.Blank, "overflow.unavailable": m.Overflow.Unavailable,
		"accept.rate": m.Accept.Rate, "crash.rate": m.Crash.Rate, "crash.logins": m.Crash.Logins,
	} {
		bad(!(v >= 0 && v <= 1e9), "%s: %v is not within 0 and 1e9", name, v)
	}
	bad(m.Quota.Sessions < 0, "quota.sessions is negative")
	bad(quotaText[m.Quota.wording()] == "", "quota.wording: %q is unknown", m.Quota.Wording)
	switch m.Bucket.Refusal {
	case "", RefuseQuota, RefuseUnavailable, RefuseThrottled:
	default:
		bad(true, "bucket.refusal: %q is neither quota nor 503 nor 429", m.Bucket.Refusal)
	}
	switch m.Consent {
	case ConsentAbsent, ConsentPresent, ConsentStop, ConsentChanged, ConsentError, ConsentSlow:
	default:
		bad(true, "consent: %q is unknown", m.Consent)
	}
	bad(m.WaitingRoom.Poll < 0 || m.WaitingRoom.Poll%time.Second != 0, "waiting_room.poll is not whole seconds")
	bad(m.Unavailable.RetryAfter < 0 || m.Delay < 0, "a duration is negative")
	bad(m.Freeze.Length < 0 || m.Freeze.Length > 0 && m.Freeze.Every < m.Freeze.Length, "freeze.every is shorter than freeze.length")
	return errors.Join(append(errs, m.validatePlant()...)...)
}

// validatePlant says what is wrong with the modes that change the capacity.
func (m Modes) validatePlant() (errs []error) {
	bad := func(wrong bool, text string) {
		if wrong {
			errs = append(errs, errors.New("ent: "+text))
		}
	}
	d, h, c := m.Dips, m.Healer, m.Crash
	bad(d.Length < 0 || d.Every < d.Length || d.Share == 1, "dips: want length within 0 and every, and a share below 1")
	bad(!(m.Drift.Share >= 0 && m.Drift.Share < 1) || m.Drift.Over < 0, "drift: want a share within 0 and 1, and a duration")
	bad(h.Queue < 0 || h.Delay < 0 || h.For < 0, "healer: a number is negative")
	bad((h.Queue > 0 || h.Delay > 0) && h.Share == 0, "healer.share: nothing is left of the capacity")
	bad(c.Queue < 0 || c.Window < 0 || c.Restart < 0, "crash: a number is negative")
	bad(max(c.Rate, c.Logins)*c.window().Seconds() > 1e7, "crash: more than 1e7 requests in a window")
	a := m.Accept
	bad(a.Backlog < 0 || a.Pause < 0 || a.Pause > 0 && a.Every < a.Pause, "accept: want a backlog, and a pause shorter than every")
	bad(m.GatewayTimeout < 0, "gateway_timeout is negative")
	return errs
}

func (q Quota) wording() Wording {
	def(&q.Wording, Wording20210406)
	return q.Wording
}

func (w WaitingRoom) poll() time.Duration {
	def(&w.Poll, 20*time.Second)
	return w.Poll
}
