package reporttest

import (
	"cmp"
	"math/big"
	"strconv"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// People is some people of one group, due in one second, who ended alike.
type People struct {
	N       int
	Outcome results.Outcome
	Reason  results.Reason
	Took    time.Duration // time to class, or until the person ended
	Tries   int           // 0 counts as 1
	GaveUp  bool
	Waited  time.Duration
	Lost    time.Duration // class time lost
	MidWork results.Reason
	Delay   time.Duration // of the generator
	Later   time.Duration // of the generator, before the second click; 0: none is recorded
	Open    bool          // started, and never settled: what a cut run leaves
	Unsent  bool          // due, and nothing recorded at all
	Pulled  bool          // not_sent only: a later request was refused, the first had left
}

// Spec describes a run to fabricate. The zero value of a field takes the
// default written beside it.
type Spec struct {
	Lang     string          // fr
	Seed     uint64          // 20210406
	Groups   []results.Group // one group of pupils
	PlayFrom int             // 08:58:00, seconds since midnight
	Play     int             // 180 s
	PeakFrom int             // 0 and 0: the whole play
	PeakTo   int
	// Mix says who is due in a second of the played window.
	Mix func(second, group int) []People
	// Health changes the generator's record of one second; false drops it.
	Health   func(second int, h *results.Health) bool
	Ended    results.Ended // planned, 30 s after the last arrival
	Events   []results.Event
	Criteria scenarios.Criteria // Standard()
	About    scenarios.About
	Notes    []string
	Target   string
	Signs    []results.Sign
	// Conduct makes it a trial of a session; people then settle in the second in
	// which they did, not in that in which they were due.
	Conduct *results.Conduct
	InTime  time.Duration // Criteria.InTime, else 10 s
	// Fleet has several workers play it; nil: one process.
	Fleet *FleetSpec
}

const playFrom = 8*3600 + 58*60

// Standard is in_class > 99.5 %, p(95) of time to class < 10 s, blank < 1 %.
func Standard() scenarios.Criteria {
	return scenarios.Criteria{
		InTime: 10 * time.Second,
		List: []scenarios.Criterion{
			Rate(scenarios.MetricInClass, ">", 995, scenarios.Blocking),
			P95(10 * time.Second),
			Rate(scenarios.MetricBlank, "<", 10, scenarios.Major),
		},
	}
}

// Rate is a criterion on a share, in thousandths.
func Rate(m scenarios.Metric, op string, thousandths int64, s scenarios.Severity) scenarios.Criterion {
	text := strconv.FormatFloat(float64(thousandths)/10, 'f', -1, 64)
	return scenarios.Criterion{
		ID: string(m), Metric: m, Op: op, Rate: big.NewRat(thousandths, 1000), Severity: s,
		Text: "rate" + op + text + "%",
	}
}

// P95 is a blocking criterion p(95)<limit on time to class.
func P95(limit time.Duration) scenarios.Criterion {
	return scenarios.Criterion{
		ID: string(scenarios.MetricTimeToClass), Metric: scenarios.MetricTimeToClass, Quantile: big.NewRat(95, 100),
		Op: "<", Time: limit, Severity: scenarios.Blocking, Text: "p(95)<" + limit.String(),
	}
}

func (s *Spec) defaults() {
	if s.Lang == "" {
		s.Lang = "fr"
	}
	if s.Seed == 0 {
		s.Seed = 20210406
	}
	if len(s.Groups) == 0 {
		s.Groups = []results.Group{{Persona: "eleve"}}
	}
	if s.PlayFrom == 0 {
		s.PlayFrom = playFrom
	}
	if s.Play == 0 {
		s.Play = 180
	}
	if s.PeakTo == 0 {
		s.PeakTo = s.Play
	}
	if s.Mix == nil {
		s.Mix = func(int, int) []People { return nil }
	}
	if s.Ended.How == "" {
		s.Ended = results.Ended{How: results.EndedPlanned, At: time.Duration(s.Play+30) * time.Second}
	}
	if s.Target == "" {
		s.Target = "https://ent.preprod.example"
	}
}

// Build writes the folder under tb's temporary directory and reads it back.
func Build(tb testing.TB, s Spec) (*results.Run, *scenarios.Scenario) {
	tb.Helper()
	dir := Write(tb, s)
	run, err := results.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	s.defaults()
	return run, s.scenario()
}

// Write only writes the folder and gives its path.
func Write(tb testing.TB, s Spec) string {
	tb.Helper()
	s.defaults()
	dir := tb.TempDir() + "/run"
	if s.Fleet != nil {
		writeFleet(tb, dir, &s)
		return dir
	}
	f, err := results.Create(dir, s.plan(), []byte("version: 1\n"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, d := range s.deltas(newDealer(nil))[0] {
		if err := f.Append(d); err != nil {
			tb.Fatal(err)
		}
	}
	for _, e := range s.Events {
		if err := f.Event(e); err != nil {
			tb.Fatal(err)
		}
	}
	if s.Ended.How == results.EndedCut {
		return dir // as kill -9 leaves it
	}
	s.Ended.Wall = s.plan().Start.Add(s.Ended.At)
	if err := f.Close(s.Ended); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func (s *Spec) plan() *results.Plan {
	p := &results.Plan{
		Schema: "1.0", RunID: "20210406-" + "085800" + "-test", Name: "ENT d'essai",
		Tool:   results.Tool{Name: "firstbell", Version: "0.0.0-test", Go: "go1.26", OS: "linux/amd64"},
		Target: s.Target, Start: time.Date(2026, 11, 20, 14, 0, 0, 0, time.FixedZone("", 3600)), Seed: s.Seed,
		Digest: "d1d1", ScenarioHash: "5c5c", Profile: "2021-04-06", Date: "2021-04-06",
		PlayFrom: s.PlayFrom, PlayTo: s.PlayFrom + s.Play, PeakFrom: s.PlayFrom + s.PeakFrom, PeakTo: s.PlayFrom + s.PeakTo,
		Scale: 1, InTime: cmp.Or(s.InTime, s.Criteria.InTime, 10*time.Second), Conduct: s.Conduct, Drain: time.Minute, Ends: 30 * time.Minute, Workers: 1,
		Groups: s.Groups, Hosts: []string{"ent.preprod.example:443"}, Lang: s.Lang, Notes: s.Notes,
		Steps: []results.Step{
			{Journey: "connexion", Name: "1 get /"},
			{Journey: "connexion", Name: "2 post /auth/login", InClass: true},
		},
	}
	p.Intended = make([][]uint32, len(s.Groups))
	for g := range s.Groups {
		p.Intended[g] = make([]uint32, s.Play)
		for second := range s.Play {
			for _, x := range s.Mix(second, g) {
				p.Intended[g][second] += uint32(x.N)
				p.People += x.N
			}
		}
	}
	return p
}

func (s *Spec) scenario() *scenarios.Scenario {
	sc := &scenarios.Scenario{
		Version: 1, Name: "ENT d'essai", About: s.About, Criteria: s.Criteria,
		Storm: scenarios.Storm{
			Profile: "2021-04-06", Date: "2021-04-06", Play: scenarios.Window{From: at(s.PlayFrom), To: at(s.PlayFrom + s.Play)},
			Bells: []scenarios.TimeOfDay{scenarios.TimeOfDay(9 * time.Hour)},
		},
		Assumptions: []scenarios.Assumption{{Key: "patience.wait", Value: "{median: 8s, p90: 30s}", Source: "hypothèse"}},
	}
	return sc
}

func at(second int) scenarios.TimeOfDay {
	return scenarios.TimeOfDay(time.Duration(second) * time.Second)
}
