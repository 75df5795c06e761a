package report

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

var calm = queue{servers: 8, mean: 0.08} // 100 a second

// TestReadingOfAPlateau: what came out, at half, at the limit and far beyond.
func TestReadingOfAPlateau(t *testing.T) {
	sc := onTime(big.NewRat(95, 100), 3)
	for _, row := range []struct {
		rate      float64
		state     results.State
		saturated bool
		step      string
		sign      string
	}{
		{50, results.StateMet, false, "", ""},
		{120, results.StateNotMet, true, "home", SignQueueing},
		{135, results.StateNotMet, true, "home", SignQueueing},
	} {
		s := calm.plateauOf(row.rate, 20, 120, 3, 60, 1)
		r := JudgeTrial(s, sc)
		if r.State != row.state || r.Saturated != row.saturated || r.Sign != row.sign || (r.First != "") != (row.state == results.StateNotMet) {
			t.Errorf("%v/s: %s saturated %v, sign %q, first %q", row.rate, r.State, r.Saturated, r.Sign, r.First)
		}
		out := min(row.rate, 100)
		if r.Goodput < 0.95*out || r.Goodput > 1.05*out || r.GoodputCI[0] > out || r.GoodputCI[1] < out {
			t.Errorf("%v/s: goodput %.1f %v, want %.0f", row.rate, r.Goodput, r.GoodputCI, out)
		}
		if r.From != 20 || r.To != 140 || r.Batches != 12 || r.Offered < 0.9*row.rate || r.Offered > 1.1*row.rate {
			t.Errorf("%v/s: window %d-%d, %d batches, offered %.1f", row.rate, r.From, r.To, r.Batches, r.Offered)
		}
		if s.Gates = []string{"V3"}; JudgeTrial(s, sc).State != results.StateUndecided {
			t.Errorf("%v/s: believed a sick generator", row.rate)
		}
	}
}

// TestCriteriaOfAPlateau: each criterion that makes sense on a plateau, and none
// that does not.
func TestCriteriaOfAPlateau(t *testing.T) {
	s := calm.plateauOf(60, 20, 120, 3, 60, 1)
	for i := 20; i < 140; i += 3 { // 40 of some 7,200 people meet a quota page
		sec := &s.Seconds[i]
		sec.By[results.InTime]--
		sec.By[results.Quota]++
	}
	rate := func(m scenarios.Metric, op string, thousandths int64) scenarios.Criterion {
		return scenarios.Criterion{ID: string(m), Metric: m, Op: op, Rate: big.NewRat(thousandths, 1000), Severity: scenarios.Blocking}
	}
	for name, row := range map[string]struct {
		c    scenarios.Criterion
		want results.State
	}{
		"quota under 1 %":        {rate(scenarios.MetricQuota, "<", 10), results.StateMet},
		"quota under 0.2 %":      {rate(scenarios.MetricQuota, "<", 2), results.StateNotMet},
		"quota under 0.55 %":     {rate(scenarios.MetricQuota, "<", 5), results.StateUndecided},
		"no quota at all":        {rate(scenarios.MetricQuota, "<=", 0), results.StateNotMet},
		"no blank page at all":   {rate(scenarios.MetricBlank, "<=", 0), results.StateMet},
		"99 % in class":          {rate(scenarios.MetricInClass, ">", 990), results.StateMet},
		"99.9 % in class":        {rate(scenarios.MetricInClass, ">=", 999), results.StateNotMet},
		"at most 1 % never in":   {rate(scenarios.MetricNever, "<", 10), results.StateMet},
		"giving up is not asked": {rate(scenarios.MetricLost, "<", 10), results.StateUndecided},
		"nor what comes after":   {rate(scenarios.MetricMidWork, "<", 10), results.StateUndecided},
	} {
		sc := &scenarios.Scenario{}
		sc.Criteria = scenarios.Criteria{InTime: 3 * time.Second, List: []scenarios.Criterion{row.c}}
		if r := JudgeTrial(s, sc); r.State != row.want {
			t.Errorf("%s: %s; want %s (%+v)", name, r.State, row.want, r.Criteria)
		}
		sc.Criteria.List[0].Severity = scenarios.Minor
		if r := JudgeTrial(s, sc); r.State != results.StateUndecided {
			t.Errorf("%s: a minor criterion alone decided %s", name, r.State)
		}
	}
}

// TestFirstToBreak: the criterion that broke first is named, by time.
func TestFirstToBreak(t *testing.T) {
	sc := onTime(big.NewRat(95, 100), 8)
	one := sc.Criteria.List[0]
	one.ID, one.Time = "sooner", 2*time.Second
	sc.Criteria.List = append(sc.Criteria.List, one)
	s := calm.plateauOf(115, 20, 200, 8, 60, 1)
	if r := JudgeTrial(s, sc); r.First != "sooner" {
		t.Errorf("first %q of %+v", r.First, r.Criteria)
	}
}

// TestSigns: the dominant way people failed.
func TestSigns(t *testing.T) {
	sc := onTime(big.NewRat(95, 100), 3)
	for want, o := range map[string]results.Outcome{
		SignQuota: results.Quota, SignWaiting: results.WaitingRoom, SignBlank: results.Blank, SignPool: results.Error, SignAccept: results.Unreachable,
	} {
		s := calm.plateauOf(60, 20, 120, 3, 60, 1)
		for i := 20; i < 140; i++ {
			sec := &s.Seconds[i]
			n := sec.By[results.InTime] / 4
			sec.By[results.InTime] -= n
			sec.By[o] += n
			s.Tens[i/10] = nil
		}
		if r := JudgeTrial(s, sc); r.Sign != want || r.State != results.StateNotMet {
			t.Errorf("%s: %s, sign %q", o, r.State, r.Sign)
		}
	}
	s := calm.plateauOf(60, 20, 120, 3, 60, 1)
	s.Gates = []string{"V10"}
	if r := JudgeTrial(s, sc); r.Sign != SignPerIP || r.State != results.StateUndecided {
		t.Errorf("%+v", r)
	}
}

// TestTrialThatDecidedEarly is read to where its load ended.
func TestTrialThatDecidedEarly(t *testing.T) {
	sc := onTime(big.NewRat(95, 100), 3)
	s := calm.plateauOf(200, 20, 60, 3, 60, 1)
	s.Conduct.Segments[0].Length = 300 * time.Second
	s.Ended = results.Ended{How: results.EndedEnough, LoadEnd: 77 * time.Second}
	if r := JudgeTrial(s, sc); r.To != 70 || r.State != results.StateNotMet {
		t.Errorf("to %d: %s", r.To, r.State)
	}
	s.Ended.LoadEnd = 30 * time.Second
	s = calm.plateauOf(50, 20, 60, 3, 60, 1)
	s.Ended = results.Ended{How: results.EndedEnough, LoadEnd: 40 * time.Second}
	if r := JudgeTrial(s, sc); r.State != results.StateUndecided || !r.Short {
		t.Errorf("two batches: %s, short %v", r.State, r.Short)
	}
}

// TestHostileSeries: whatever a folder holds, a reading comes of it.
func TestHostileSeries(t *testing.T) {
	sc := onTime(big.NewRat(95, 100), 3)
	r := rand.New(rand.NewPCG(5, 5))
	odd := []time.Duration{0, -1, time.Second, -time.Hour, 1 << 62, -1 << 62, 35 * time.Second, 100 * time.Second}
	pick := func() time.Duration { return odd[r.IntN(len(odd))] }
	ends := []results.EndedAs{results.EndedPlanned, results.EndedEnough, results.EndedCut, ""}
	for range 3000 {
		s := &results.Series{
			Conduct: results.Conduct{Kind: []results.TrialKind{results.TrialPlateau, results.TrialStorm, ""}[r.IntN(3)], Warmup: pick(),
				Segments: []results.Segment{{Rate: -1, Length: pick()}, {Length: pick()}}},
			Ended: results.Ended{How: ends[r.IntN(len(ends))], LoadEnd: pick(), At: pick()}, InTime: pick(),
			Seconds: make([]results.SeriesSecond, r.IntN(150)), Tens: make([]*results.Hist, r.IntN(4)), Steps: make([]results.StepSeries, r.IntN(3)),
		}
		for i := range s.Seconds {
			x := &s.Seconds[i]
			x.Started, x.Done, x.NotSent = r.Uint32N(5), r.Uint32(), r.Uint32N(3)
			x.By[r.IntN(len(x.By))] = r.Uint32() >> 1
			x.Settled[r.IntN(len(x.By))] = r.Uint32() >> 1
		}
		for i := range s.Steps {
			s.Steps[i].InFlight = make([]uint32, r.IntN(200))
		}
		got := JudgeTrial(s, sc)
		if got.State == "" || got.From > got.To || got.To > max(len(s.Seconds), got.From) {
			t.Fatalf("%+v", got)
		}
	}
	if JudgeTrial(nil, nil).State != results.StateUndecided {
		t.Error("nothing was believed")
	}
}
