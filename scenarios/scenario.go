package scenarios

import (
	"net/url"
	"time"
)

// Scenario is one parsed and validated scenario file. It is read-only after
// [Parse]: every goroutine of a run may read it at the same time.
type Scenario struct {
	Version    int
	Name       string // title of the report; the target's host when the file gives none
	About      About
	Target     *url.URL // scheme, host, port; steps with a path start here
	Hosts      []Host   // the other hosts anybody may be sent to, in file order, Target not included
	TLS        TLS
	Resolve    []Resolve  // a staging under the production name
	Proxy      *url.URL   // explicit forward proxy; nil for none. The environment is never read.
	BasicAuth  *BasicAuth // HTTP Basic in front of the staging; nil for none
	Consent    ConsentMode
	Accounts   Accounts
	Population []Cohort
	Storm      Storm
	Personas   []Persona
	Journeys   []Journey // `use` expanded
	Patience   Patience
	Signatures []Signature // the file's own first, in file order, then the built-in ones
	Criteria   Criteria
	Limits     Limits

	// Assumptions lists every default without data behind it that this
	// scenario relies on, in a fixed order; check and the report print them.
	Assumptions []Assumption

	// Source is the file as it was read, after --set: what the run folder
	// keeps and what Hash covers.
	Source []byte
	// Dir is the folder relative file names (accounts, CA) start from.
	Dir string
	// Env is Options.Env: what ${env.NAME} reads. nil: none is known.
	Env Lookup

	read func(name string) ([]byte, error) // Options.ReadFile
}

// About is what a person declares around the test; empty fields print
// "non déclaré".
type About struct {
	RequiredBy string // who chose the required size and the criteria
	Tester     string // who tests
	Staging    string // staging compared with production
	StagingBy  string // who declares that comparison
	Version    string // version of the portal under test
	ValidUntil string // YYYY-MM-DD
}

// Host is a named address; its name is the "organisation" of the report and a
// variable (${name}) of the templates.
type Host struct {
	Name string
	URL  *url.URL
	Line int
}

// Resolve sends one host name to a fixed address.
type Resolve struct {
	Host    string // name, or name:port
	Address string // IP, or IP:port
	Line    int
}

// TLS says how servers are trusted.
type TLS struct {
	CA       string // PEM file, relative to Scenario.Dir; system roots when empty
	Cert     string // client certificate, PEM file
	Key      string // its key, PEM file
	Insecure bool   // verification off: printed in the report
	HTTP     string // "1.1"
}

// BasicAuth is the password in front of a staging, not a person's account.
type BasicAuth struct{ User, Password Template }

// ConsentMode says when a consent file is asked for.
type ConsentMode string

const (
	ConsentDefault  ConsentMode = ""         // every host but loopback
	ConsentRequired ConsentMode = "required" // loopback too
)

// Accounts is where people get their logins.
type Accounts struct {
	CSV       string // file, relative to Dir; "" with a generator
	Columns   []string
	Rows      [][]string // the CSV's rows, in file order; nil with a generator
	Generate  *Generator // nil with a CSV
	Synthetic bool       // always true in a valid scenario
	Reuse     Reuse
}

// Generator makes accounts from a number: every column is a template over ${n}
// (from 1) and ${env.NAME}. Generated accounts serve any persona.
type Generator struct {
	Count           int
	Login, Password Template
	Extra           []Field // further columns
	env             Lookup
}

// Reuse says whether an account may serve a second person.
type Reuse string

const (
	ReuseNever    Reuse = ""          // at least one account per person
	ReuseAfterEnd Reuse = "after_end" // a settled person hands the account on
)

// Cohort is one line of the population.
type Cohort struct {
	Persona string  // Persona.ID
	Region  string  // "" when the file does not split by region
	Level   string  // "" likewise: ecole, college, lycee…
	People  int     // accounts in existence
	ShowUp  float64 // share that comes on the day, 0..1
	Line    int
}

// TimeOfDay is an offset from midnight, wall clock of the replayed morning.
type TimeOfDay time.Duration

// Window is a half-open span of the morning.
type Window struct{ From, To TimeOfDay }

// Storm is who comes when.
type Storm struct {
	Profile string // name of the profile; "" for the file's own curve
	Date    string // YYYY-MM-DD of the morning replayed; "" when it is no date
	Play    Window // the part that is played, at its real pace
	Peak    Window // where criteria are judged, inside Play
	Curve   []Interval
	Bells   []TimeOfDay // starts of class, for the drawings and for lost minutes
	Batches Batches
	// Background is the extra behind the profile, a sentence for the report.
	Background string
}

// Interval is a piece of the curve: Share of the cohort starts in it.
type Interval struct {
	Window
	Share float64 // of those who show up, 0..1; the intervals of a day add up to 1 at most
}

// Batches is the class effect inside an interval: a teacher says "now".
type Batches struct {
	Share  float64       // of classes that come as one batch (default 0.45)
	Mean   time.Duration // mean of the exponential delay after the class start (default 3s)
	Class  int           // people per class (default 30)
	School int           // people per school (default 600)
}

// Persona is a kind of person.
type Persona struct {
	ID       string
	Role     Role // picks the patience
	Devices  []Share
	Think    Think
	Journeys []Share // Name is Journey.Name, Index its place in Scenario.Journeys
	Line     int
}

// Role groups personas by obligation.
type Role string

const (
	RolePupil   Role = "pupil"
	RoleTeacher Role = "teacher"
	RoleParent  Role = "parent"
	RoleStaff   Role = "staff"
)

// Share is a named part of a whole.
type Share struct {
	Name  string
	Index int
	Part  float64 // 0..1; the parts of a list add up to 1
}

// Think is a log-normal time; the zero value is no time at all.
type Think struct {
	Median time.Duration
	P95    time.Duration // == Median means a fixed time
}

// Patience is how people wait, refresh and give up (domain defaults printed as
// assumptions).
type Patience struct {
	Name string // "morning-2021", "none", or "" for the file's own values

	// None: nobody refreshes, nobody comes back; one attempt each.
	None bool

	Wait           Think         // on a slow page before a refresh: median 8s, p95 from p90 30s
	ImpatientShare float64       // 0.25
	ImpatientWait  time.Duration // 3s
	AfterError     Think         // before trying again after an error or a blank page
	QuotaObey      float64       // 0.5 wait as told…
	QuotaWait      time.Duration // …180s
	QuotaSpread    time.Duration // ±30s
	QuotaRetryFrom time.Duration // the others come back after 10s…
	QuotaRetryTo   time.Duration // …to 30s
	Tries          int           // median of a geometric number of tries: 6
	TriesTeacher   int           // 10
	HardStop       time.Duration // 45m
	LateStop       time.Duration // 90m…
	LateShare      float64       // …for 5 %
}

// Limits bound what the run may do.
type Limits struct {
	RequestsPerSecond    float64       // 0: none but the consent's
	ConnectionsPerSecond float64       // 0: none but the consent's
	EndsAfter            time.Duration // wall-clock end; 0: play + drain + 1 minute
	Drain                time.Duration // after the last arrival, default 60s, at least the time criterion
	// Typing is what a run waits longer than Drain, when the file gives neither
	// drain nor ends_after, for people whose own pauses are long: who types slowly
	// is not kept out by the portal. The trials of a session have Drain alone, and
	// hurry the last of them.
	Typing        time.Duration
	DialsInFlight int // 0: computed by plan
}

// Assumption is a default a reader may want to contest.
type Assumption struct {
	Key    string // path in the file, e.g. "patience.wait"
	Value  string // as it would be written in the file
	Source string // where it comes from; "" for none
}

// Field is one name with a template value, in file order.
type Field struct {
	Name  string
	Value Template
	Line  int
}
