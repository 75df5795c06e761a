package report

import (
	"math"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// comeBack is base, trigger and the same base again, in seconds.
func comeBack(base, trigger float64, refreshes, before, excess, after, shed int) results.Conduct {
	s := func(n int) time.Duration { return time.Duration(n) * time.Second }
	c := results.Conduct{Kind: results.TrialRecovery, LoginOnly: true, Refreshes: refreshes, Segments: []results.Segment{
		{Name: segmentBase, Rate: base, Length: s(before)}, {Name: segmentTrigger, Rate: trigger, Length: s(excess)},
		{Name: segmentAfter, Rate: base, Length: s(after)}}}
	if shed > 0 {
		c.Segments = append(c.Segments, results.Segment{Name: segmentShed, Length: s(shed)}, results.Segment{Name: segmentAgain, Rate: base, Length: s(360)})
	}
	return c
}

func knownExactly(c float64) loadKnown {
	return loadKnown{capacity: stats.Estimate{Value: c, Interval: stats.Interval{Lo: 0.99 * c, Hi: 1.01 * c}, Sure: true}}
}

// oneRecovery plays a recovery, and the plateau that follows it.
func oneRecovery(w *world, c results.Conduct, load loadKnown, seed uint64) RecoveryRow {
	sc := asked(3)
	trials := []played{w.trial("001-recovery", results.StageRecovery, c, sc, seed)}
	after := *w
	if w.speed != nil { // the target as the trial has left it
		end := c.Length().Seconds()
		after.speed = func(at float64) float64 { return w.speed(end + at) }
	}
	trials = append(trials, after.trial("002-recovery", results.StageRecovery, steadily(results.TrialPlateau, 1.3*load.capacity.Value, 50), sc, seed+1))
	return recoveryOf(trials, load, sc).Trials[0]
}

// TestMetastable (K7): a server that does the work of requests nobody waits for
// any more, R refreshes. The threshold is C÷(1+R): above it the portal stays
// down under the base load it held before, below it the backlog shrinks, at
// (λ(1+R)-C)÷C seconds per second.
func TestMetastable(t *testing.T) {
	const capacity = 100.0
	for _, row := range []struct {
		refreshes int
		share     float64 // of the threshold
		state     string
	}{
		{1, 0.9, stateDraining}, {1, 1.1, stateMetastable}, {3, 0.9, stateDraining}, {3, 1.1, stateMetastable},
		{2, 0.8, stateDraining}, {2, 1.25, stateMetastable}, {5, 0.85, stateDraining}, {5, 1.15, stateMetastable},
	} {
		for seed := range uint64(3) {
			w := poolOf(16, capacity, 1)
			w.patience = 5
			base := row.share * capacity / float64(1+row.refreshes)
			got := oneRecovery(w, comeBack(base, 1.5*capacity, row.refreshes, 60, 60, 600, 0), knownExactly(capacity), seed)
			if got.State != row.state {
				t.Errorf("R=%d at %v of the threshold: %s; want %s (%+v)", row.refreshes, row.share, got.State, row.state, got)
			}
			// What the server's own queue did, seconds of work per second: its mean is
			// (λ(1+R)-C)÷C, its value that of the arrivals drawn.
			want := (w.backlog[715] - w.backlog[420]) / 295
			if theory := base*float64(1+row.refreshes)/capacity - 1; math.Abs(want-theory) > 0.04 {
				t.Fatalf("R=%d at %v: the target itself has slope %.4f, theory %.4f", row.refreshes, row.share, want, theory)
			}
			if s := got.Slope.Float() / capacity; math.Abs(s-want) > 0.01 {
				t.Errorf("R=%d at %v: slope %.4f s/s; want %.4f", row.refreshes, row.share, s, want)
			}
			if row.state == stateDraining && !(got.ETA.Float() > 0) {
				t.Errorf("no ETA: %q", got.ETA)
			}
			if amplified := got.Amplified.Float(); amplified < 1+0.9*float64(row.refreshes) || amplified > 1+float64(row.refreshes) {
				t.Errorf("R=%d: %v attempts per person", row.refreshes, amplified)
			}
		}
	}
}

// TestRehearsal: two and a half minutes are enough to see the slope.
func TestRehearsal(t *testing.T) {
	for seed := range uint64(5) {
		w := poolOf(16, 100, 1)
		w.patience = 5
		if got := oneRecovery(w, comeBack(30, 150, 5, 60, 60, 150, 0), knownExactly(100), seed); got.State != stateMetastable {
			t.Errorf("R=5 at 0.3 of the capacity: %s (%+v)", got.State, got.SlopeCI)
		}
		if got := oneRecovery(w, comeBack(30, 150, 0, 60, 60, 150, 0), knownExactly(100), seed); got.State != stateRecovered {
			t.Errorf("R=0: %s", got.State)
		}
	}
}

// TestShedding: a minute without load heals what a quarter of an hour of base
// load did not.
func TestShedding(t *testing.T) {
	w := poolOf(16, 100, 1)
	w.patience = 5
	got := oneRecovery(w, comeBack(40, 130, 2, 60, 60, 120, 400), knownExactly(100), 1)
	if got.State != stateMetastable || got.Shed != "recovered_after_shedding" {
		t.Errorf("%s, %s", got.State, got.Shed)
	}
	got = oneRecovery(w, comeBack(40, 130, 2, 60, 60, 600, 20), knownExactly(100), 1)
	if got.State != stateMetastable || got.Shed != "not_after_shedding" {
		t.Errorf("%s, %s: twenty seconds do not empty ten minutes of backlog", got.State, got.Shed)
	}
}

// TestRecovered: patient people, and the backlog gone when it should be.
func TestRecovered(t *testing.T) {
	for seed := range uint64(5) {
		got := oneRecovery(poolOf(16, 100, 1), comeBack(30, 150, 0, 120, 60, 900, 0), knownExactly(100), seed)
		if got.State != stateRecovered {
			t.Fatalf("%s: %+v", got.State, got)
		}
		// 3,000 people at 70 a second; the last to wait over 3 s come 3 s before.
		if d := got.Predicted.Float(); math.Abs(d-43) > 6 {
			t.Errorf("drain of %v s predicted; 43 by hand", d)
		}
		if d := got.Recovered.Float(); d < 30 || d > 60 {
			t.Errorf("recovered after %v s", d)
		}
		if len(got.Success) != len(got.InFlight) || len(got.Success) != 108 {
			t.Errorf("%d and %d bins", len(got.Success), len(got.InFlight))
		}
	}
}

// TestSlowHealer (K18): good again at the base load, and 30 % of the capacity
// gone: degraded, not recovered.
func TestSlowHealer(t *testing.T) {
	for seed := range uint64(5) {
		w := poolOf(16, 100, 1)
		w.speed = func(at float64) float64 {
			if at > 150 {
				return 0.7
			}
			return 1
		}
		if got := oneRecovery(w, comeBack(30, 150, 0, 120, 60, 900, 0), knownExactly(100), seed); got.State != stateDegraded {
			t.Errorf("seed %d: %s: %+v", seed, got.State, got)
		}
	}
}

// TestWeaker: a capacity lost is one below 0.95 of the old one, beyond what both
// measurements leave open.
func TestWeaker(t *testing.T) {
	for _, row := range []struct {
		value, half float64
		weaker      bool
	}{{70, 3, true}, {93, 1, true}, {93, 9, false}, {96, 0.5, false}, {100, 1, false}, {70, math.Inf(1), false}} {
		now := stats.Estimate{Value: row.value, Interval: stats.Interval{Lo: row.value - row.half, Hi: row.value + row.half}, Sure: true}
		r := recovering{load: knownExactly(100), healed: &now}
		if r.weaker() != row.weaker {
			t.Errorf("%v ± %v of 100: weaker %v", row.value, row.half, !row.weaker)
		}
	}
}

// TestNothingTested: a trigger that overloads nothing, and a generator that was
// the limit, say nothing.
func TestNothingTested(t *testing.T) {
	c := comeBack(30, 90, 0, 60, 60, 200, 0)
	if got := oneRecovery(poolOf(16, 100, 1), c, knownExactly(100), 1); got.State != stateNotTested {
		t.Errorf("a trigger of 0.9 C: %s", got.State)
	}
	c = comeBack(30, 150, 0, 60, 60, 200, 0)
	p := poolOf(16, 100, 1).trial("001", results.StageRecovery, c, asked(3), 1)
	p.Reading.Gates = []string{"V1"}
	if got := recoveryOf([]played{p}, knownExactly(100), asked(3)); got.Trials[0].State != stateNotTested || got.Status != Undecided {
		t.Errorf("a slow generator: %s, %s", got.Trials[0].State, got.Status)
	}
}

// TestVulnerable: R of the scenario's own patience.
func TestVulnerable(t *testing.T) {
	sc := asked(3) // three tries: two refreshes
	p := poolOf(16, 100, 1).trial("001", results.StageRecovery, comeBack(30, 150, 0, 60, 60, 200, 0), sc, 1)
	if got := recoveryOf([]played{p}, knownExactly(100), sc); got.VulnerR != 2 || got.Vulnerable != "0.3333" {
		t.Errorf("vulnerable above %s with R=%d", got.Vulnerable, got.VulnerR)
	}
}
