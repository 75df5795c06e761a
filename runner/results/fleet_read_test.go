package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// fleetOf writes each worker's deltas, numbered, into a fleet's folder, and its end
// unless noEnd names it; then fleet.json.
func fleetOf(t *testing.T, p *Plan, rec *Fleet, deltas map[uint32][]*Delta, noEnd ...uint32) *Run {
	t.Helper()
	f, err := CreateFleet(filepath.Join(t.TempDir(), "run"), p, []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	enc := NewEncoder(LimitsOf(p))
	for _, w := range rec.Workers {
		seq := uint64(0)
		for _, d := range deltas[w.ID] {
			seq++
			if d == nil {
				continue // missing
			}
			d.Worker, d.Seq = w.ID, seq
			b, err := enc.Append(nil, d)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := f.Append(w.ID, b); err != nil {
				t.Fatal(err)
			}
		}
		if slices.Contains(noEnd, w.ID) {
			continue
		}
		b, err := enc.AppendEnd(nil, w.ID, seq+1, Ended{How: EndedPlanned, At: 9 * sec})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Append(w.ID, b); err != nil {
			t.Fatal(err)
		}
	}
	rec.Schema = FleetSchema
	if err := errors.Join(f.Record(rec), f.Close(Ended{How: EndedPlanned, At: 9 * sec})); err != nil {
		t.Fatal(err)
	}
	r, err := Open(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shards plays the same samples on n workers: who is whose depends on n, what
// happens to them does not.
func shards(t *testing.T, n int) *Run {
	t.Helper()
	const people, seconds = 6000, 40
	p := testPlan(2, seconds)
	rec := &Fleet{Kind: FleetLocal}
	deltas := map[uint32][]*Delta{}
	for w := range n {
		rec.Workers = append(rec.Workers, FleetWorker{ID: uint32(w)})
		for s := range seconds {
			d := NewDelta(0)
			d.Written = int32(s)
			deltas[uint32(w)] = append(deltas[uint32(w)], d)
		}
	}
	for id := range people {
		rng := rand.New(rand.NewPCG(7, uint64(id)))
		at := time.Duration(rng.Int64N(int64(seconds * sec)))
		long := time.Duration(rng.ExpFloat64() * float64(2*sec))
		sent := at + time.Duration(rng.ExpFloat64()*float64(300*time.Microsecond))
		w, g := id%n, id%2
		d := deltas[uint32(w)][SecondOf(at)]
		p.Intended[g][SecondOf(at)]++
		rec.Workers[w].People++
		d.AddStart(Start{Group: g, Intended: at, Sent: sent})
		d.AddLater(at, sent)
		d.AddAttempt(Attempt{Group: g, Number: 1, Intended: at, Outcome: InTime})
		d.AddStep(Sample{Step: id % 2, Group: g, Intended: at, Sent: sent, Done: sent + long, Inside: long, Outcome: InTime})
		d.AddHop(Hop{Step: id % 2, Number: 1, Status: 200, Connect: long / 9, FirstByte: long / 3, Intended: at})
		d.AddPerson(Person{Group: g, Intended: at, Outcome: InTime, TimeToClass: long, Attempts: 1})
	}
	p.People = people
	return fleetOf(t, p, rec, deltas)
}

// Merged percentiles are those of the concatenated samples, whatever the number of
// workers, to the nanosecond.
func TestMergedPercentilesAreThoseOfAllSamples(t *testing.T) {
	one := shards(t, 1)
	concatenated := NewHist(ClassHist)
	for id := range 6000 {
		rng := rand.New(rand.NewPCG(7, uint64(id)))
		rng.Int64N(int64(40 * sec))
		concatenated.Record(time.Duration(rng.ExpFloat64() * float64(2*sec)))
	}
	if one.Workers[0].Frames != 40 || LedgerOf(one).Check() != nil {
		t.Fatalf("%+v, %v", one.Workers, LedgerOf(one).Check())
	}
	for _, n := range []int{2, 5, 16} {
		r := shards(t, n)
		if err := LedgerOf(r).Check(); err != nil || len(r.Shares) != n {
			t.Fatalf("%d workers: %v", n, err)
		}
		if diff := cmp.Diff(one.Total, r.Total, sameDelta, cmpopts.IgnoreFields(Delta{}, "free")); diff != "" {
			t.Fatalf("%d workers: %s", n, diff)
		}
		all := NewHist(ClassHist)
		for _, h := range r.Total.Class {
			all.Merge(h)
		}
		for q := range int64(1001) {
			if got, want := all.Quantile(q, 1000), concatenated.Quantile(q, 1000); got != want {
				t.Fatalf("%d workers: %d ‰ is %v, of all samples %v", n, q, got, want)
			}
		}
		sameDerived(t, n, one, r)
	}
}

// sameDerived compares what is written from the merged deltas, byte for byte.
func sameDerived(t *testing.T, n int, one, r *Run) {
	t.Helper()
	for _, x := range []*Run{one, r} {
		if err := x.WriteDerived(x.Dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{OutcomesFile, HDRDir + "/steps.hlog", HDRDir + "/time_to_class.hlog", HDRDir + "/generator_delay.hlog"} {
		a, errA := os.ReadFile(filepath.Join(one.Dir, name))
		b, errB := os.ReadFile(filepath.Join(r.Dir, name))
		if err := errors.Join(errA, errB); err != nil || !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s of %d workers differs from that of one: %d and %d bytes, %v", name, n, len(a), len(b), err)
		}
	}
	sum := uint64(0)
	for _, s := range r.Shares {
		sum += s.AllDelays.Count()
	}
	if sum != 6000 {
		t.Errorf("%d workers: %d first clicks in the shares", n, sum)
	}
}

// The shares add up to the whole, and that of a run on one machine is the whole.
func TestSharesAddUp(t *testing.T) {
	for seed := range uint64(6) {
		one := historyRun(t, seed)
		if len(one.Shares) != 1 {
			t.Fatalf("seed %d: %d shares", seed, len(one.Shares))
		}
		if diff := cmp.Diff(wholeShare(one), one.Shares[0], sameShare); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
	r := shards(t, 5)
	onTime, intended, tens := 0, 0, map[int32]uint64{}
	for i, s := range r.Shares {
		if int(s.ID) != i || r.Workers[i].ID != s.ID || s.Starts != 1200 || s.InClass != 1200 || s.Ended == nil || s.Exchanges != 1200 {
			t.Errorf("share %d: %+v", i, s)
		}
		for _, x := range s.Seconds {
			onTime, intended = onTime+int(x.OnTime), intended+int(x.Intended)
		}
		for _, x := range append(slices.Clone(s.Delay), s.Later...) {
			tens[x.Ten] += x.N
			if x.P99 <= 0 || x.P99 > x.Max {
				t.Errorf("share %d: %+v", i, x)
			}
		}
	}
	if onTime != 6000 || intended != 6000 || len(tens) != 4 {
		t.Errorf("%d on time of %d, tens %v", onTime, intended, tens)
	}
}

var sameShare = cmp.Options{cmp.AllowUnexported(Hist{}), cmpopts.IgnoreFields(Share{}, "open"), cmpopts.EquateEmpty()}

// wholeShare is the one share of a run, read from its total and its plan.
func wholeShare(r *Run) Share {
	end := r.Ended
	s := Share{Ended: &end, AllDelays: NewHist(StepHist), Health: r.Total.Health, InFlight: map[GroupSecond]uint32{}}
	for _, m := range []map[int32]*Hist{r.Total.Delay, r.Total.Later} {
		var out []DelayTen
		for ten := range int32(100) {
			if h := m[ten]; h.Count() > 0 {
				out = append(out, DelayTen{ten, h.Count(), h.Quantile(99, 100), h.Max()})
			}
		}
		if s.Delay == nil {
			s.Delay = out
		} else {
			s.Later = out
		}
	}
	seconds := map[int32]*ShareSecond{}
	for _, l := range LedgerOf(r).People.Seconds {
		if seconds[l.Second] == nil {
			seconds[l.Second] = &ShareSecond{Second: l.Second}
		}
		seconds[l.Second].Intended += uint32(l.Intended)
	}
	for _, h := range r.Total.Delay {
		s.AllDelays.Merge(h)
	}
	for k, n := range r.Total.Starts {
		s.Starts += uint64(n)
		seconds[k.Second].OnTime += r.Total.OnTime[k]
	}
	for k, n := range r.Total.PulledPeople {
		s.Pulled += uint64(n)
		seconds[k.Second].Pulled += n
	}
	for c, n := range r.Total.People {
		switch c.Outcome {
		case NotSent:
			s.NotSent += uint64(n)
		case InTime, Late:
			s.InClass += uint64(n)
		}
		if c.Reason == ReasonInFlight {
			s.InFlight[GroupSecond{c.Group, c.Second}] += n
		}
	}
	for _, b := range r.Total.Beside {
		s.Retries += uint64(b.Retries)
	}
	for _, c := range r.Total.Sent {
		s.Exchanges, s.BytesIn, s.BytesOut = s.Exchanges+c.N, s.BytesIn+c.BytesIn, s.BytesOut+c.BytesOut
	}
	for second := range int32(100) {
		if x := seconds[second]; x != nil {
			s.Seconds = append(s.Seconds, *x)
		}
	}
	return s
}

// Gauges and health of the same second are added up over the workers; the worker's
// own health stays its own.
func TestSeriesOfAFleet(t *testing.T) {
	p := testPlan(1, 10)
	gauges := func(people uint32, in int) *Delta {
		d := NewDelta(0)
		d.Written = 4
		d.AddGauge(Gauge{Second: 4, Step: 1, People: people, Inside: time.Duration(people) * sec})
		d.AddHealth(Health{Second: 4, CPU: 0.1 * float64(people), InFlight: in, Waiting: 1, Between: 2})
		return d
	}
	rec := &Fleet{Workers: []FleetWorker{{ID: 0}, {ID: 1}, {ID: 7}}}
	r := fleetOf(t, p, rec, map[uint32][]*Delta{0: {gauges(3, 30)}, 1: {gauges(4, 40)}, 7: {gauges(5, 50)}})
	if want := []Gauge{{4, 1, 12, 12 * sec}}; !slices.Equal(r.Total.Gauges, want) {
		t.Errorf("gauges %v", r.Total.Gauges)
	}
	s := SeriesOf(r)
	if x := s.Seconds[4]; x.InFlight != 120 || x.Waiting != 3 || x.Between != 6 {
		t.Errorf("%+v", x)
	}
	if st := s.Steps[1]; st.InFlight[4] != 12 || st.Inside[4] != 12*sec {
		t.Errorf("%+v", st)
	}
	if len(r.Total.Health) != 3 || len(r.Shares[2].Health) != 1 || r.Shares[2].Health[0].InFlight != 50 {
		t.Errorf("health %v, of worker 7 %v", r.Total.Health, r.Shares[2].Health)
	}
}

// One worker of three is lost; what the ledgers and the gaps say of each second, by
// hand.
func TestALossByHand(t *testing.T) {
	p := testPlan(1, 8)
	for s := range p.Intended[0] {
		p.Intended[0][s] = 3 // one each
	}
	p.People = 24
	second := func(s int, settled bool) *Delta {
		d := NewDelta(0)
		d.Written = int32(s)
		at := time.Duration(s)*sec + sec/2
		d.AddStart(Start{Intended: at, Sent: at})
		if settled {
			d.AddAttempt(Attempt{Intended: at, Outcome: InTime})
			d.AddPerson(Person{Intended: at, Outcome: InTime, TimeToClass: sec})
		}
		return d
	}
	for name, c := range map[string]struct {
		loss Loss
		end  *Ended // of the lost worker, delivered
		drop int    // frame of the lost worker that is missing, from 1
		// by intended second of the lost worker's 8 people
		want string
		gaps []Gap
	}{
		// It wrote seconds 0, 1, 2; the person of 2 was on the way.
		"untaken": {Loss{Worker: 1, Expired: 4*sec + 1, TakenFrom: -1, Untaken: "no_room"}, nil, 0,
			"in in un un un lost lost lost", []Gap{{1, 2, 5, 3, 0}, {1, 5, 8, 0, 3}}},
		"expired on the second": {Loss{Worker: 1, Expired: 4 * sec, TakenFrom: -1, Untaken: "nobody_left"}, nil, 0,
			"in in un un lost lost lost lost", []Gap{{1, 2, 4, 2, 0}, {1, 4, 8, 0, 4}}},
		"stopped alone, all delivered": {Loss{Worker: 1, Expired: 4*sec + 1, TakenFrom: -1, Untaken: "no_room"}, &Ended{How: EndedAlone, At: 3 * sec}, 0,
			"in in flight lost lost lost lost lost", []Gap{{1, 3, 8, 0, 5}}},
		"one had not left when it was heard last": {Loss{Worker: 1, Expired: 4 * sec, TakenFrom: -1, Untaken: "no_room"}, nil, 2,
			"in un un un lost lost lost lost", []Gap{{1, 1, 4, 3, 0}, {1, 4, 8, 0, 4}}},
		"stopped alone, one missing": {Loss{Worker: 1, Expired: 4*sec + 1, TakenFrom: -1, Untaken: "no_room"}, &Ended{How: EndedAlone, At: 3 * sec}, 2,
			"in un un lost lost lost lost lost", []Gap{{1, 1, 3, 2, 0}, {1, 3, 8, 0, 5}}},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &Fleet{Losses: []Loss{c.loss, c.loss}} // said twice
			deltas := map[uint32][]*Delta{}
			for w := range uint32(3) {
				rec.Workers = append(rec.Workers, FleetWorker{ID: w, People: 8})
				for s := range 8 {
					if w == 1 && c.drop == s+1 {
						deltas[w] = append(deltas[w], nil)
					} else if w != 1 || s < 3 {
						deltas[w] = append(deltas[w], second(s, w != 1 || s < 2))
					}
				}
			}
			r := fleetOf(t, p, rec, deltas, 1)
			if c.end != nil {
				r = withEnd(t, r, 1, 4, *c.end)
			}
			l := LedgerOf(r)
			if err := l.Check(); err != nil && (c.end == nil || !strings.Contains(err.Error(), "1 people were not settled")) {
				t.Error(err)
			}
			var got []string
			for s := range int32(8) {
				got = append(got, whatOf(l, s))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
			if diff := cmp.Diff(c.gaps, r.Gaps()); diff != "" {
				t.Error(diff)
			}
			if !r.Workers[1].Lost || !r.Shares[1].Lost || r.Workers[0].Lost || r.Ended.How != EndedPlanned {
				t.Errorf("%+v %v", r.Workers, r.Ended)
			}
		})
	}
}

// withEnd delivers a worker's end late.
func withEnd(t *testing.T, r *Run, worker uint32, seq uint64, end Ended) *Run {
	t.Helper()
	f, err := ReopenFleet(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewEncoder(LimitsOf(r.Plan)).AppendEnd(nil, worker, seq, end)
	if err != nil {
		t.Fatal(err)
	}
	if _, fresh, err := f.Append(worker, b); err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	if err := f.Close(Ended{How: EndedInternal}); err != nil { // fleet.json has an end already
		t.Fatal(err)
	}
	if r, err = Open(r.Dir); err != nil {
		t.Fatal(err)
	}
	return r
}

// whatOf names what became of the third person of a second, two being in class.
func whatOf(l *Ledgers, second int32) string {
	for _, c := range l.People.Cells {
		if c.Second == second && c.Outcome != InTime {
			return map[Reason]string{ReasonUnobserved: "un", ReasonWorkerLost: "lost", ReasonInFlight: "flight", ReasonCut: "cut"}[c.Reason]
		}
	}
	return "in"
}

// People counted twice are found, also where somebody else's are missing.
func TestCheckFindsTheFaultsOfAFleet(t *testing.T) {
	p := testPlan(1, 8)
	p.Intended[0], p.People = []uint32{2, 2, 2, 2, 2, 2, 2, 2}, 16
	play := func(from, to int) []*Delta {
		var out []*Delta
		for s := from; s < to; s++ {
			d := NewDelta(0)
			d.Written = int32(s)
			at := time.Duration(s) * sec
			d.AddStart(Start{Intended: at, Sent: at})
			d.AddAttempt(Attempt{Intended: at, Outcome: InTime})
			d.AddPerson(Person{Intended: at, Outcome: InTime, TimeToClass: sec})
			out = append(out, d)
		}
		return out
	}
	unsent := func(from, to int) []*Delta {
		d := NewDelta(0)
		for s := from; s < to; s++ {
			d.AddAttempt(Attempt{Intended: time.Duration(s) * sec, Outcome: NotSent, Reason: ReasonCut})
			d.AddPerson(Person{Intended: time.Duration(s) * sec, Outcome: NotSent, Reason: ReasonCut})
		}
		return []*Delta{d}
	}
	lost := Loss{Worker: 1, Expired: 3 * sec, TakenFrom: 4 * sec, Takers: []Taking{{Worker: 0, People: 4}}}
	late := lost
	late.Expired, late.TakenFrom = 3*sec+1, 3*sec+2 // in mid-second
	for name, c := range map[string]struct {
		own0, own1, taken []*Delta
		people            [2]int
		losses            []Loss
		end1              bool
		want              string
	}{
		"sound":                      {play(0, 8), play(0, 8), nil, [2]int{8, 8}, nil, true, ""},
		"lost and taken over":        {play(0, 8), play(0, 3), play(4, 8), [2]int{8, 8}, []Loss{lost}, false, ""},
		"given away, and called cut": {play(0, 8), append(play(0, 3), unsent(3, 8)...), play(4, 8), [2]int{8, 8}, []Loss{late}, true, ""},
		"played twice":               {play(0, 8), play(0, 5), play(4, 8), [2]int{8, 8}, []Loss{lost}, false, "intended 2, started 3"},
		"twice, and another missing": {play(0, 4), play(0, 5), play(4, 8), [2]int{8, 8}, []Loss{lost}, false, "worker 1 recorded 1 people of second 4"},
		"more than given":            {play(0, 8), play(0, 8), play(0, 1), [2]int{8, 8}, nil, true, "worker 0 recorded 9 people and was given 8"},
		"dealt out wrongly":          {play(0, 8), play(0, 8), nil, [2]int{8, 9}, nil, true, "workers were given 17"},
		"no end, not lost":           {play(0, 8), play(0, 8), nil, [2]int{8, 8}, nil, false, "worker 1 has no end"},
		"taken, and not played":      {play(0, 8), play(0, 3), nil, [2]int{8, 8}, []Loss{lost}, false, "4 people never clicked"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &Fleet{Workers: []FleetWorker{{ID: 0, People: c.people[0]}, {ID: 1, People: c.people[1]}}, Losses: c.losses}
			var noEnd []uint32
			if !c.end1 {
				noEnd = []uint32{1}
			}
			r := fleetOf(t, p, rec, map[uint32][]*Delta{0: append(c.own0, c.taken...), 1: c.own1}, noEnd...)
			err := LedgerOf(r).Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// A coordinator that was killed and never taken up again leaves a run that was cut;
// one that was taken up again leaves people nobody released.
func TestFleetWithoutCoordinator(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	h := newHistory(3, 80, 2, 6)
	f, err := CreateFleet(dir, h.plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	enc, d := NewEncoder(LimitsOf(h.plan)), NewDelta(2)
	for s := range 3 {
		d.Reset()
		h.tick(d, s)
		d.Seq = uint64(s + 1)
		b, err := enc.Append(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Append(2, b); err != nil {
			t.Fatal(err)
		}
	}
	rec := &Fleet{Schema: FleetSchema, Workers: []FleetWorker{{ID: 2, People: 80}, {ID: 3}}}
	if err := errors.Join(f.Record(rec), f.shut()); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := h.truth()
	l := LedgerOf(r)
	if r.Ended.How != EndedCut || r.CutAt != 3*sec || l.People.Total != p || l.Check() != nil || len(l.Gaps) > 0 || len(r.Shares) != 2 {
		t.Errorf("%+v, %v, %v, %v", r.Ended, l.People.Total, l.Check(), l.Gaps)
	}
	// Taken up again; the worker never came back. It may have gone on for a second.
	rec.Outages = []Outage{{From: 3 * sec}}
	rec.Ended = &Ended{How: EndedAlone, At: 6 * sec}
	if f, err = ReopenFleet(dir); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Record(rec), f.Close(Ended{})); err != nil {
		t.Fatal(err)
	}
	if r, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	l = LedgerOf(r)
	if err := l.Check(); err != nil || r.Ended.How != EndedAlone {
		t.Errorf("%v %v", r.Ended, err)
	}
	for _, c := range l.People.Cells {
		if c.Reason == ReasonInFlight || (c.Reason == ReasonUnobserved && c.Second >= 4) || (c.Reason == ReasonCut && c.Second < 4) || c.Reason == ReasonWorkerLost {
			t.Errorf("%+v", c)
		}
	}
}

// Who was still to come when a trial had decided was never due, whoever was lost.
func TestALossBehindTheDecision(t *testing.T) {
	p := testPlan(1, 6)
	p.Intended[0], p.People = []uint32{1, 1, 1, 1, 1, 1}, 6
	rec := &Fleet{Workers: []FleetWorker{{ID: 0, People: 6}}, Losses: []Loss{{Expired: sec, TakenFrom: -1, Untaken: "nobody_left"}},
		Ended: &Ended{How: EndedEnough, At: 5 * sec, LoadEnd: 3*sec + 1}}
	r := fleetOf(t, p, rec, nil, 0)
	var got []string
	for s := range int32(6) {
		got = append(got, whatOf(LedgerOf(r), s))
	}
	if s := strings.Join(got, " "); s != "un lost lost cut cut cut" {
		t.Error(s)
	}
}

func TestFleetFileIsChecked(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":         {"", "unexpected end"},
		"another schema":  {`{"schema_version":"2.0"}`, `schema "2.0"`},
		"no schema":       {`{}`, `schema ""`},
		"workers twice":   {`{"schema_version":"1.0","workers":[{"id":1},{"id":1}]}`, "out of order"},
		"worker too high": {`{"schema_version":"1.0","workers":[{"id":10000}]}`, "out of order"},
		"less than none":  {`{"schema_version":"1.0","workers":[{"id":1,"people":-1}]}`, "cannot be"},
		"unknown loss":    {`{"schema_version":"1.0","workers":[{"id":1}],"losses":[{"worker":2}]}`, "worker 2 was lost and is not known"},
		"unknown taker":   {`{"schema_version":"1.0","workers":[{"id":1}],"losses":[{"worker":1,"takers":[{"worker":5}]}]}`, "taken over by worker 5"},
		"too many":        {`{"schema_version":"1.0","workers":[` + strings.TrimSuffix(strings.Repeat(`{},`, 10_001), ",") + `]}`, "too many"},
		"too large":       {strings.Repeat(" ", maxFleetFile+1), "larger than"},
		"sound":           {`{"schema_version":"1.7","workers":[{"id":1},{"id":4}],"losses":[{"worker":4,"takers":[{"worker":1}]}]}`, ""},
	} {
		f, _ := newFleet(t)
		if err := errors.Join(f.Close(Ended{}), write(f.Dir(), FleetFile, c.text)); err != nil {
			t.Fatal(err)
		}
		_, err := Open(f.Dir())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), FleetFile)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := ReadFleet(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	f, _ := newFleet(t)
	if err := f.Record(&Fleet{Schema: FleetSchema, Losses: []Loss{{Worker: 9}}}); err == nil {
		t.Error("what could not be read again was recorded")
	}
}

// workers.json lists every worker, those that never recorded anything too.
func TestWorkersFileOfAFleet(t *testing.T) {
	rec := &Fleet{Workers: []FleetWorker{{ID: 0}, {ID: 1}, {ID: 1000}}, Losses: []Loss{{Worker: 1, TakenFrom: -1}}}
	r := fleetOf(t, testPlan(2, 30), rec, map[uint32][]*Delta{0: {oneOfEach()}, 1000: {oneOfEach()}}, 1)
	if err := errors.Join(r.WriteDerived(r.Dir), WriteManifest(r.Dir)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(r.Dir, WorkersFile))
	if err != nil {
		t.Fatal(err)
	}
	var got []WorkerRun
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := []WorkerRun{{ID: 0, LastSeq: 1, Frames: 1, Ended: true}, {ID: 1, Lost: true}, {ID: 1000, LastSeq: 1, Frames: 1, Ended: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	manifest, err := os.ReadFile(filepath.Join(r.Dir, ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"deltas/w000.delta", "deltas/w1000.delta", FleetFile} {
		if !strings.Contains(string(manifest), "  "+name+"\n") {
			t.Errorf("manifest without %s", name)
		}
	}
}

func TestDeltaNamesSort(t *testing.T) {
	var names []string
	for w := range uint32(1000) {
		names = append(names, deltaName(w))
	}
	if !slices.IsSorted(names) || names[999] != "w999.delta" {
		t.Error("names of the first thousand workers do not sort")
	}
	for _, w := range []uint32{0, 7, 999, 1000, 123456} {
		if id, ok := workerOf(deltaName(w)); !ok || id != w {
			t.Errorf("worker %d reads as %d, %v", w, id, ok)
		}
	}
	for _, name := range []string{"w00.delta", "w0000.delta", "w-01.delta", "w001.delta.tmp", "x001.delta", fmt.Sprintf("w%d.delta", 1<<33)} {
		if _, ok := workerOf(name); ok {
			t.Errorf("%s is a worker's file", name)
		}
	}
}

// A lost worker may have brought an attempt into class and not yet the person; the
// frame in between is gone. One without anybody missing is a fault.
func TestAnAttemptInClassOfALostWorker(t *testing.T) {
	p := testPlan(1, 2)
	p.Intended[0], p.People = []uint32{1, 1}, 2
	for name, settled := range map[string]bool{"unobserved": false, "nobody missing": true} {
		d := NewDelta(0)
		for _, at := range []time.Duration{0, sec} {
			d.AddStart(Start{Intended: at})
			d.AddAttempt(Attempt{Intended: at, Outcome: InTime})
		}
		d.AddPerson(Person{Outcome: InTime})
		if settled {
			d.AddPerson(Person{Intended: sec, Outcome: Quota, Reason: ReasonQuotaPage})
		}
		rec := &Fleet{Workers: []FleetWorker{{ID: 0, People: 2}}, Losses: []Loss{{Expired: 2 * sec, TakenFrom: -1, Untaken: "nothing_left"}}}
		err := LedgerOf(fleetOf(t, p, rec, map[uint32][]*Delta{0: {d}}, 0)).Check()
		if settled != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of several workers each has the people it has said something of, once.
func TestPulledPeopleCountOnceInAShare(t *testing.T) {
	p := testPlan(1, 1)
	p.Intended[0], p.People = []uint32{2}, 2
	d := NewDelta(0)
	d.AddStart(Start{})
	d.AddPerson(Person{Outcome: NotSent, Reason: ReasonConsentLimit, Left: true})
	d.AddPerson(Person{Outcome: NotSent, Reason: ReasonGenerator})
	r := fleetOf(t, p, &Fleet{Workers: []FleetWorker{{ID: 0}, {ID: 1}}}, map[uint32][]*Delta{0: {d}})
	if s := r.Shares[0].Seconds; len(s) != 1 || s[0] != (ShareSecond{Intended: 2, OnTime: 1, Pulled: 1}) || len(r.Shares[1].Seconds) > 0 {
		t.Errorf("%+v", r.Shares)
	}
}

// A worker that is called lost twice takes only its own people with it.
func TestALossSaidTwice(t *testing.T) {
	p := testPlan(1, 1)
	p.Intended[0], p.People = []uint32{2}, 2
	d := func() *Delta {
		d := NewDelta(0)
		d.AddStart(Start{})
		return d
	}
	l := Loss{Worker: 1, Expired: sec, TakenFrom: -1}
	rec := &Fleet{Workers: []FleetWorker{{ID: 0}, {ID: 1}}, Losses: []Loss{l, l}, Ended: &Ended{How: EndedInterrupted, At: sec}}
	r := fleetOf(t, p, rec, map[uint32][]*Delta{0: {d()}, 1: {d()}}, 1)
	if got := reasonsOf(&LedgerOf(r).People); got[ReasonUnobserved] != 1 || got[ReasonInFlight] != 1 || got[ReasonWorkerLost] > 0 {
		t.Errorf("%v, gaps %v", got, r.Gaps())
	}
}
