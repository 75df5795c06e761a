package results

import (
	"path/filepath"
	"testing"
	"time"
)

// TestSeriesAgreesWithTheLedger: random mornings, stopped at random moments;
// every count of the series is that of the ledgers, to the unit.
func TestSeriesAgreesWithTheLedger(t *testing.T) {
	for seed := range uint64(12) {
		r := historyRun(t, seed)
		s, l := SeriesOf(r), LedgerOf(r)
		var sum Ledger
		for i, x := range s.Seconds {
			want := l.People.Window(int32(i), int32(i)+1, nil)
			if uint64(x.Intended) != want.Intended || uint64(x.Started) != want.Started || uint64(x.NotSent) != want.NotSent {
				t.Fatalf("seed %d second %d: %+v, ledger %v", seed, i, x, want)
			}
			for o, n := range x.By {
				if uint64(n) != want.By[o] {
					t.Fatalf("seed %d second %d: %s %d, ledger %d", seed, i, Outcome(o), n, want.By[o])
				}
			}
			sum.Add(want)
		}
		if sum != l.People.Total {
			t.Errorf("seed %d: seconds sum to %v, total %v", seed, sum, l.People.Total)
		}
		sameSums(t, seed, r, s)
	}
}

// sameSums compares what is counted by written second, and the histograms.
func sameSums(t *testing.T, seed uint64, r *Run, s *Series) {
	t.Helper()
	var done, settled, attempts, want uint64
	for _, x := range s.Seconds {
		done, attempts = done+uint64(x.Done), attempts+uint64(x.Attempts)
		for _, n := range x.Settled {
			settled += uint64(n)
		}
	}
	inTime := map[bool]uint64{}
	for c, n := range r.Total.People {
		inTime[c.Outcome == InTime || c.Outcome == Late] += uint64(n)
	}
	for _, n := range r.Total.Tries {
		want += uint64(n)
	}
	if done != inTime[true] || settled != inTime[true]+inTime[false] || attempts != want {
		t.Errorf("seed %d: done %d settled %d attempts %d, run %v %d", seed, done, settled, attempts, inTime, want)
	}
	class, byTen := NewHist(ClassHist), NewHist(ClassHist)
	for _, h := range r.Total.Class {
		class.Merge(h)
	}
	for _, h := range s.Tens {
		byTen.Merge(h)
	}
	if class.Count() != byTen.Count() || class.Quantile(95, 100) != byTen.Quantile(95, 100) || class.Max() != byTen.Max() {
		t.Errorf("seed %d: class times %d, series %d", seed, class.Count(), byTen.Count())
	}
	var steps, ends, ended, people uint64
	var spent, inside time.Duration
	for _, h := range r.Total.Steps {
		steps += h.Count()
	}
	for _, n := range r.Total.Ends {
		ended += uint64(n)
	}
	for _, st := range s.Steps {
		for i := range st.Tens {
			steps -= st.Tens[i].Count() + st.Intended[i].Count()
			for _, n := range st.Ends[i] {
				ends += uint64(n)
			}
			spent += st.Spent[i]
		}
		for i := range st.Inside {
			inside += st.Inside[i]
			people += uint64(st.InFlight[i])
		}
	}
	for _, t := range r.Total.Spent {
		spent -= t
	}
	for _, g := range r.Total.Gauges {
		inside, people = inside-g.Inside, people-uint64(g.People)
	}
	if spent != 0 || inside != 0 || people != 0 {
		t.Errorf("seed %d: %v spent, %v inside, %d people left over", seed, spent, inside, people)
	}
	if steps != 0 || ends != ended {
		t.Errorf("seed %d: %d step times left over, %d ends of %d", seed, steps, ends, ended)
	}
}

// TestSeriesOfATrialThatHadDecided: who was still to come was never due.
func TestSeriesOfATrialThatHadDecided(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	p := &Plan{People: 6, Groups: []Group{{Persona: "a"}, {Persona: "b"}}, PlayTo: 4, Steps: []Step{{Name: "x"}},
		Intended: [][]uint32{{1, 1, 1, 0}, {0, 1, 1, 1}}, Conduct: &Conduct{Kind: TrialPlateau}, InTime: 3 * sec}
	f, err := Create(dir, p, []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDelta(0)
	for _, at := range []time.Duration{0, sec, 2 * sec} {
		d.AddStart(Start{Intended: at, Sent: at})
		d.AddAttempt(Attempt{Intended: at, Outcome: InTime})
		d.AddPerson(Person{Intended: at, Outcome: InTime, TimeToClass: sec, Attempts: 1})
	}
	for s, why := range map[time.Duration]Reason{sec: ReasonGenerator, 2 * sec: ReasonCut, 3 * sec: ReasonCut} {
		d.AddAttempt(Attempt{Group: 1, Intended: s, Outcome: NotSent, Reason: why})
		d.AddPerson(Person{Group: 1, Intended: s, Outcome: NotSent, Reason: why})
	}
	d.AddHealth(Health{Second: 2, InFlight: 3, Waiting: 2, Between: 1})
	d.Written = 2
	if err := f.Append(d); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(Ended{How: EndedEnough, LoadEnd: 2500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := LedgerOf(r).Check(); err != nil {
		t.Error(err)
	}
	s := SeriesOf(r)
	for i, want := range [][3]uint32{{1, 1, 0}, {2, 1, 1}, {1, 1, 0}, {0, 0, 0}} {
		x := s.Seconds[i]
		if got := [3]uint32{x.Intended, x.Started, x.NotSent}; got != want || x.By[NotSent] != want[2] {
			t.Errorf("second %d: intended, started, not sent %v; want %v", i, got, want)
		}
	}
	if x := s.Seconds[2]; x.InFlight != 3 || x.Waiting != 2 || x.Between != 1 || x.Done != 3 || x.Attempts != 3 {
		t.Errorf("second 2: %+v", x)
	}
	if s.Seconds[1].InFlight != -1 || s.Played != 4 || s.Due() != 2500*time.Millisecond || s.Conduct.Kind != TrialPlateau {
		t.Errorf("series %+v", s)
	}
	if n := s.Within(0, 10).Count(); n != 3 {
		t.Errorf("%d class times", n)
	}
}

// historyRun is a random morning in a folder, written second by second and stopped at a random moment, read again.
func historyRun(t *testing.T, seed uint64) *Run {
	t.Helper()
	h := newHistory(seed, int(seed*37%400), 1+int(seed%5), 1+int(seed*7%30))
	dir := filepath.Join(t.TempDir(), "run")
	f, err := Create(dir, h.plan, []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for s := range int(seed * 11 % 45) {
		d := NewDelta(0)
		h.tick(d, s)
		if err := f.Append(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(Ended{How: EndedInterrupted}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
