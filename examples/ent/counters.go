package ent

import "sync/atomic"

// Answer is how a request was answered. Every request has exactly one.
type Answer uint8

const (
	Served          Answer = iota // what was asked for, redirects included
	ServedStatic                  // a file
	ServedConsent                 // the consent file, in any mode
	QuotaPage                     // quota by sessions, by rate or on a full queue
	WaitingPage                   // waiting room, redirects into it included
	BlankPage                     // HTTP 200 without a body
	CallFailed                    // a call of a blank shell
	UnavailablePage               // 503
	Throttled                     // 429
	BadCredentials                // a wrong password
	LockedOut                     // an account with too many of them
	LostSession                   // a right password answered as a wrong one
	ProfileBlocked                // a right password of a blocked profile
	StaleForm                     // a CAS form whose token was used or has expired
	NoSession                     // sent to the login, or 401
	BadXSRF                       // 403
	ExerciseFailed                // a save that failed in the middle of the work
	TicketRefused                 // CAS validation failed
	BadRequest                    // a request the ENT cannot understand
	NotFound                      // 404 or 405
	CutOff                        // connection closed without an answer
	Abandoned                     // the client left before the answer
	GatewayTimeout                // 504: the proxy waited no longer
	Crashed                       // connection cut because the process went down, or was down
	answers
)

var answerNames = [answers]string{
	"served", "served_static", "served_consent", "quota", "waiting_room", "blank", "call_failed", "unavailable",
	"throttled", "bad_credentials", "locked", "lost_session", "profile_blocked", "stale_form", "no_session", "bad_xsrf",
	"exercise_failed", "ticket_refused", "bad_request", "not_found", "cut_off", "abandoned",
	"gateway_timeout", "crashed",
}

// String gives the name used in the admin handler's JSON.
func (a Answer) String() string {
	if a < answers {
		return answerNames[a]
	}
	return "unknown"
}

// Counters is what the ENT did since it was created. When no request is in
// flight, Arrivals is the sum of Answers, and Logins that of LoginsWeb, LoginsCAS
// and LoginsMobile.
type Counters struct {
	Arrivals int64            // requests on the load path
	InFlight int64            // arrived and not yet answered
	InQueue  int              // waiting for a worker
	Answers  [answers]int64   `json:"-"` // by Answer
	ByName   map[string]int64 // the same, by name

	Logins, LoginsWeb, LoginsCAS, LoginsMobile int64 // accepted passwords
	DistinctLogins                             int64 // accounts among them
	Sessions                                   int   // alive now
	Tickets                                    int64 // CAS service tickets issued
	Validations                                int64 // of them found valid, by anybody
	Waited                                     int64 // places given in the waiting room
	WrongIdentities                            int64 // sessions shown somebody else's name
	Saves                                      int64 // exercise saves accepted
	Crashes                                    int64 // times the process went down
}

type counters struct {
	arrivals, loginsWeb, loginsCAS, loginsMobile, distinct atomic.Int64
	tickets, validations, waited, wrongIdentities, saves   atomic.Int64
	crashes                                                atomic.Int64
	answers                                                [answers]atomic.Int64
}

// Counters gives a snapshot.
func (e *ENT) Counters() Counters {
	c := Counters{ByName: map[string]int64{}}
	n := &e.counters
	var done int64
	for i := range c.Answers {
		c.Answers[i] = n.answers[i].Load()
		c.ByName[Answer(i).String()] = c.Answers[i]
		done += c.Answers[i]
	}
	// Loaded last, so that InFlight is never negative.
	c.Arrivals = n.arrivals.Load()
	c.InFlight, c.InQueue = c.Arrivals-done, e.plant.inQueue()
	c.LoginsWeb, c.LoginsCAS, c.LoginsMobile = n.loginsWeb.Load(), n.loginsCAS.Load(), n.loginsMobile.Load()
	c.Logins = c.LoginsWeb + c.LoginsCAS + c.LoginsMobile
	c.DistinctLogins, c.Sessions = n.distinct.Load(), e.sessions.len()
	c.Tickets, c.Validations, c.Waited = n.tickets.Load(), n.validations.Load(), n.waited.Load()
	c.WrongIdentities, c.Saves, c.Crashes = n.wrongIdentities.Load(), n.saves.Load(), n.crashes.Load()
	return c
}
