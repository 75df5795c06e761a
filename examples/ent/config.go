package ent

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says what the ENT is. The zero value of a field means its default.
type Config struct {
	Name  string // shown in the pages; "Mon ENT"
	Entry Entry  // what GET / leads to; EntryEntcore
	Seed  uint64 // of the service times and of every share in Modes

	Accounts []Accounts // DefaultAccounts
	// Password gives the right password of a login: "mdp-" + login by default,
	// so that a load tool's generator can say it.
	Password func(login string) string

	Capacity Capacity
	Modes    Modes // at the start; see ENT.SetModes

	SessionIdle time.Duration // a session ends when not used for so long; 30m
	TicketLife  time.Duration // of a CAS service ticket; 10s
	MaxRetry    int           // wrong passwords before an account is locked; 5
	BanDelay    time.Duration // how long it stays locked; 15m

	// CookieDomain is the Domain attribute of the cookies, for tests of cookie
	// jars. None by default.
	CookieDomain string
	// Services are the addresses, besides those of the ENT's own host, whose
	// prefix a CAS service must have. Anything else is refused.
	Services []string
	// ConsentFile is the body of /.well-known/firstbell.json. Whether and how it
	// is served is Modes.Consent.
	ConsentFile []byte
	// TLS makes Serve speak TLS.
	TLS *tls.Config
}

// Entry is the door behind GET /.
type Entry string

const (
	EntryEntcore Entry = "entcore" // the portal at /timeline/timeline, login at /auth/login
	EntryCAS     Entry = "cas"     // the portal at /portail, login at /cas/login
)

// Accounts is a range of logins: Prefix followed by 1…Count, in decimal.
type Accounts struct {
	Prefix  string
	Count   int
	Persona string // shown as the user's profile
}

// DefaultAccounts are a million logins each of eleve1…, parent1…, enseignant1…,
// prof1… and personnel1….
func DefaultAccounts() []Accounts {
	const n = 1_000_000
	return []Accounts{
		{"eleve", n, "Élève"}, {"parent", n, "Parent"}, {"enseignant", n, "Enseignant"},
		{"prof", n, "Enseignant"}, {"personnel", n, "Personnel"},
	}
}

// Capacity says how much work the ENT can do. Workers serve one queue, first
// come first served; each request of a costing class takes its units × Service
// on average. Saturation throughput is Workers/(units×Service) requests per
// second, exactly: see [Capacity.PerSecond].
type Capacity struct {
	Workers int           // 0: no limit, nothing costs anything
	Service time.Duration // mean service time of one unit; 20ms
	// CV2 is the squared coefficient of variation of the service time: 0 constant,
	// 1 exponential, above 1 hyperexponential. Between 0 and 1 is refused.
	CV2    float64
	Queue  int  // requests waiting, at most; 10,000; negative: none. Beyond: see Modes.Overflow
	Zombie bool // the work of clients who left is done all the same

	Costs Costs // units per class; DefaultCosts when all zero

	// Chain gives each class workers of its own, in the place of Workers, Service
	// and Costs. CV2, Queue (of each class) and Zombie hold for them too.
	Chain Chain
	// SharedPool is the threads of a gateway in front of the workers: a request
	// waits for one, first come first served, and holds it until it is served, so
	// that one slow class can take them all. Queue then bounds the wait for a
	// thread. 0: no gateway.
	SharedPool int
}

const maxWorkers = 1_000_000

// Costs is what a request of each class takes, in units of Capacity.Service.
// Static files, redirects, waiting rooms and refusals are free.
type Costs struct {
	LoginPage float64 // GET of a login page
	Login     float64 // POST of a password, checked with BCrypt in the real one
	Home      float64 // the first page after the login
	Page      float64 // other pages
	Call      float64 // what the pages' scripts ask for, and saves
}

func (c Costs) of(k Class) float64 {
	return [classes]float64{0, c.LoginPage, c.Login, c.Home, c.Page, c.Call}[k]
}

// DefaultCosts makes the password the heaviest step, as on a real portal.
func DefaultCosts() Costs { return Costs{LoginPage: 0.1, Login: 1, Home: 0.3, Page: 0.2, Call: 0.1} }

// PerSecond gives the saturation throughput of requests (or journeys) that take
// the given units each: Workers/(units×Service). Without workers it is +Inf.
func (c Capacity) PerSecond(units float64) float64 {
	if c.Workers == 0 {
		return inf
	}
	return MDcCapacity(c.Workers, c.Service) / units
}

// PerLogin gives the units of a whole login with the given number of calls:
// login page, password, home, calls.
func (c Costs) PerLogin(calls int) float64 {
	return c.LoginPage + c.Login + c.Home + float64(calls)*c.Call
}

// ForLogins sizes a capacity for so many whole logins per second, each with the
// given number of calls, with DefaultCosts. The number of workers is such that one
// unit takes about 50 ms of a worker: what a BCrypt check takes. The queue holds
// about 4 s of work, so that a login of several steps outlasts a person's patience
// before the queue overflows.
func ForLogins(perSecond float64, calls int) Capacity {
	costs := DefaultCosts()
	units := perSecond * costs.PerLogin(calls) // per second
	c := max(1, int(units*0.05+0.5))
	return Capacity{
		Workers: c, Service: span(float64(c) / units), Costs: costs,
		Queue: max(1, int(4*perSecond)) * (3 + calls),
	}
}

// Overloaded gives the modes of the morning of 6 April 2021 for a portal that
// counts at most the given number of sessions: quota pages when they are full,
// and when the queue is full a mix of quota pages, blank pages and 503. What the
// page's scripts ask for then fails, and the pupil sees a blank page too.
func Overloaded(sessions int) Modes {
	return Modes{
		Quota:    Quota{Sessions: sessions, Wording: Wording20210406},
		Overflow: Overflow{Quota: 0.5, Blank: 0.3, Unavailable: 0.2},
	}
}

// withDefaults fills the zero fields.
func (c Config) withDefaults() Config {
	def(&c.Name, "Mon ENT")
	def(&c.Entry, EntryEntcore)
	def(&c.SessionIdle, 30*time.Minute)
	def(&c.TicketLife, 10*time.Second)
	def(&c.MaxRetry, 5)
	def(&c.BanDelay, 15*time.Minute)
	def(&c.Capacity.Service, 20*time.Millisecond)
	def(&c.Capacity.Queue, 10_000)
	def(&c.Capacity.Costs, DefaultCosts())
	if c.Accounts == nil {
		c.Accounts = DefaultAccounts()
	}
	if c.Password == nil {
		c.Password = func(login string) string { return "mdp-" + login }
	}
	return c
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Validate says everything that is wrong, defaults applied.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("ent: "+format, args...))
		}
	}
	bad(c.Entry != EntryEntcore && c.Entry != EntryCAS, "entry %q is neither entcore nor cas", c.Entry)
	for _, a := range c.Accounts {
		bad(a.Prefix == "" || a.Count < 0, "accounts need a prefix and a count")
	}
	k := c.Capacity
	bad(k.Workers < 0 || k.Workers > maxWorkers, "workers: %d is not within 0 and %d", k.Workers, maxWorkers)
	bad(k.SharedPool < 0 || k.SharedPool > maxWorkers, "shared pool: %d is not within 0 and %d", k.SharedPool, maxWorkers)
	bad(k.Workers > 0 && k.Chain != Chain{}, "either workers for all or a chain")
	for class := range classes {
		err := k.Chain.of(class).valid()
		bad(err != nil, "chain: %s: %v", class, err)
	}
	bad(k.Service < 0, "service time is negative")
	bad(!(k.CV2 == 0 || k.CV2 >= 1) || k.CV2 > 1e6, "cv2: %v is neither 0 nor at least 1", k.CV2)
	for _, u := range []float64{k.Costs.LoginPage, k.Costs.Login, k.Costs.Home, k.Costs.Page, k.Costs.Call} {
		bad(!(u >= 0 && u < 1e6), "cost %v is not within 0 and 1e6", u)
	}
	bad(c.SessionIdle < 0 || c.TicketLife < 0 || c.BanDelay < 0 || c.MaxRetry < 0, "a lifetime or count is negative")
	for _, s := range c.Services {
		u, err := url.Parse(s)
		bad(err != nil || u.Host == "", "service %q is not an absolute address", s)
	}
	return errors.Join(append(errs, c.Modes.Validate())...)
}
