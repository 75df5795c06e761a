package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"time"
)

// MaxFile is the largest scenario file that is read, in bytes.
const MaxFile = 1 << 20

// Options steer Parse.
type Options struct {
	Dir  string   // where relative files are looked for
	Name string   // file name for messages
	Set  []string // key=value overrides, in order
	Env  Lookup   // ${env.NAME}; nil: none is known
	// ReadFile gives the certificates and keys the file names, by the name it gives
	// them; nil: from Dir.
	ReadFile func(name string) ([]byte, error)
	// Table, when it is not nil, is taken in place of the accounts' CSV: it was read
	// and checked elsewhere, and another machine holds some of its logins.
	Table *Table
	// SkipFiles: do not open accounts and certificates and do not read the
	// environment (schema checks, rebuilding a report).
	SkipFiles bool
}

// Table is a CSV of accounts as [Accounts] holds it.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Parse reads one scenario file, applies the --set overrides, fills the
// defaults and checks everything. The error is a *[Mistakes] with every mistake
// of the file; the scenario is then nil. Hostile bytes give mistakes, never a
// panic.
func Parse(src []byte, o Options) (*Scenario, error) {
	sc, d := parse(src, o)
	if m := newMistakes(d.mistakes, d.file); m != nil {
		return nil, m
	}
	return sc, nil
}

func parse(src []byte, o Options) (*Scenario, *decoder) {
	d := &decoder{file: o.Name, opts: o, sc: &Scenario{Dir: o.Dir, Env: o.Env, Source: src, read: o.ReadFile},
		impliedShowUp: map[int]bool{}, ownPatienceKey: map[string]bool{}}
	if d.file == "" {
		d.file = "scenario.yaml"
	}
	top := d.loadTree(src)
	if top == nil {
		return nil, d
	}
	if len(o.Set) > 0 {
		d.applySet(top, o.Set)
	}
	d.scenario(top)
	if len(o.Set) > 0 && len(d.mistakes) == 0 {
		d.sc.Source = d.dump(top)
	}
	return d.sc, d
}

// scenario reads the file in the order in which its parts name each other.
func (d *decoder) scenario(top *node) {
	f, sc := d.open(top, fileTable), d.sc
	d.version(f.get("version"))
	sc.Version = 1
	if n := f.get("about"); n != nil {
		d.about(n)
	}
	d.addresses(f)
	if n := f.get("name"); n != nil {
		sc.Name = d.label(n, "name", 200)
	} else if sc.Target != nil {
		sc.Name = sc.Target.Host
	}
	d.access(f)
	profile := d.storm(f.get("storm"))
	d.readJourneys(f.get("journeys"))
	d.personas(f.get("personas"), f.get("population"))
	if n := f.get("accounts"); n != nil {
		d.accounts(n)
	}
	d.population(f.get("population"), profile)
	d.patience(f.get("patience"))
	d.signatures(f.get("signatures"))
	d.criteria(f.get("criteria"))
	d.limits(f.get("limits"))
	d.finishJourneys()
	d.checkGroups()
	d.assumptions(f)
}

func (d *decoder) version(n *node) {
	if n == nil {
		return
	}
	if s, ok := d.text(n, "version"); ok && s != "1" {
		d.fail(n, codeClosed, "version "+quoted(s)+" is not known to this firstbell", "", "write version: 1")
	}
}

func (d *decoder) about(n *node) {
	f, a := d.open(n, aboutTable), &d.sc.About
	for _, k := range []struct {
		name string
		to   *string
	}{{"required_by", &a.RequiredBy}, {"tester", &a.Tester}, {"staging", &a.Staging},
		{"staging_by", &a.StagingBy}, {"version", &a.Version}, {"valid_until", &a.ValidUntil}} {
		if v := f.get(k.name); v != nil {
			*k.to = d.label(v, "about: "+k.name, 1000)
		}
	}
	d.date(f.get("valid_until"), "about: valid_until")
}

func (d *decoder) date(n *node, what string) string {
	if n == nil {
		return ""
	}
	s, ok := d.text(n, what)
	if !ok {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		d.fail(n, codeTime, what+": "+quoted(s)+" is not a date", "", "write it as 2021-04-06")
	}
	return s
}

// ownPauses is what the drain leaves, above the longest time that is judged, for
// people's own pauses: these are not part of a time to class, but take as long.
const ownPauses = 30 * time.Second

func (d *decoder) limits(n *node) {
	l := &d.sc.Limits
	f := &fields{d: d, table: limitsTable}
	if n != nil {
		f = d.open(n, limitsTable)
	}
	l.RequestsPerSecond = d.rate(f.get("requests"), "limits: requests")
	l.ConnectionsPerSecond = d.rate(f.get("connections"), "limits: connections")
	longest := d.sc.Criteria.LongestTime()
	l.Drain = max(60*time.Second, longest+ownPauses)
	if n := f.get("drain"); n != nil {
		l.Drain = d.duration(n, "limits: drain", time.Second, 6*time.Hour)
		if l.Drain < longest && l.Drain > 0 {
			d.fail(n, codeDuration, "limits: drain is shorter than the time criterion", "the last people would be cut before their time is up", "at least "+longest.String())
		}
	}
	if n := f.get("ends_after"); n != nil {
		l.EndsAfter = d.duration(n, "limits: ends_after", time.Second, 24*time.Hour)
	}
	if n := f.get("dials"); n != nil {
		l.DialsInFlight, _ = d.number(n, "limits: dials", 1, 1000000)
	}
}

func (d *decoder) rate(n *node, what string) float64 {
	if n == nil {
		return 0
	}
	s, ok := d.text(n, what)
	if !ok {
		return 0
	}
	v, err := parseRate(s)
	if err != nil {
		d.fail(n, codeNumber, what+": "+quoted(s)+" is not a rate", "", err.Error())
	}
	return v
}

// Hash is the SHA-256 of Source, in hexadecimal.
func (s *Scenario) Hash() string {
	h := sha256.Sum256(s.Source)
	return hex.EncodeToString(h[:])
}

// ReadFile reads a certificate or a key that the scenario names: a file of at most
// 4 MiB. It is safe for concurrent use if Options.ReadFile is.
func (s *Scenario) ReadFile(name string) ([]byte, error) {
	if s.read != nil {
		return s.read(name)
	}
	return readPEM(s.Path(name))
}

// Path gives a file named in the scenario, relative to Dir.
func (s *Scenario) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir, name)
}
