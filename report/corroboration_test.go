package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"firstbell/runner/results"
)

// nine is when the trials past the limit of these tests begin.
var nine = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// readEvery is what a monitoring that looks every so many seconds reads of one
// resource of a step during the trial past the limit.
func readEvery(every int, step string, name string, share func(second int) float64) []Reading {
	var out []Reading
	for s := 0; s < 90; s += every {
		out = append(out, Reading{At: nine.Add(time.Duration(s) * time.Second), Step: results.Step{Journey: "login", Name: step}, Resource: name, Value: share(s), Ceiling: 1})
	}
	return out
}

// places is the part of a station's servers that are busy, as its own pool would
// count them: the people inside the step, at most all places.
func places(trials []played, k, servers int) func(int) float64 {
	inFlight := onsetTrial(trials).Series.Steps[k].InFlight
	return func(s int) float64 { return math.Min(1, float64(inFlight[s])/float64(servers)) }
}

// watchedWorld is a certified session against a chain, its weakest step being the
// one given, and what its trials say.
func watchedWorld(servers, weakest int, seed uint64) ([]played, Attribution) {
	rates := []float64{220, 250, 230, 300}
	rates[weakest] = 100
	trials, whole := chainOf(servers, rates...).certified(100, 3, seed)
	trials[0].Began, trials[len(trials)-1].Began = nine.Add(-time.Hour), nine
	trials[0].Reading.State = results.StateMet // too short a plateau to say so itself
	return trials, attributionOf(trials, nil, whole)
}

func stepName(k int) string { return string(rune('a' + k)) }

// TestServersConfirm: when every step's own pool is read, the weakest one's confirms
// it. Its readings under another step's name never do, nor when they come 25 s late
// or early, nor too seldom, nor of other steps only.
func TestServersConfirm(t *testing.T) {
	confirmed, contradicted, named := 0, 0, 0
	for seed := range sessions {
		weakest := int(seed % 4)
		trials, a := watchedWorld(8, weakest, 100*seed)
		if a.Level != levelLowest {
			continue
		}
		named++
		pool := func(every, k int, as string) []Reading {
			return readEvery(every, as, "pool "+stepName(k), places(trials, k, 8))
		}
		own, other := stepName(weakest), stepName((weakest+1)%4)
		var all, without []Reading
		for k := range 4 {
			all = append(all, pool(5, k, stepName(k))...)
			if k != weakest {
				without = append(without, pool(5, k, stepName(k))...)
			}
		}
		if level, _ := told(a, trials, all); level == levelCorroborated {
			confirmed++
		}
		for name, row := range map[string]struct {
			readings []Reading
			keys     []string
		}{
			// A pool of eight places is now and then full by chance while the load is still
			// calm; it then tells nothing, whoever's it is.
			"under another name":         {pool(5, weakest, other), []string{"server_contradiction", "server_other_steps"}},
			"both at once":               {append(pool(5, weakest, own), pool(5, weakest, other)...), []string{"server_contradiction", "server_always"}},
			"too late":                   {moved(all, 25*time.Second), []string{"server_apart", "server_thin"}},
			"too early":                  {moved(all, -25*time.Second), []string{"server_apart", "server_always", "server_below", "server_thin"}},
			"too seldom":                 {pool(40, weakest, own), []string{"server_thin"}},
			"of others only":             {without, []string{"server_other_steps"}},
			"full all along":             {readEvery(5, own, "memory", func(int) float64 { return 0.97 }), []string{"server_always"}},
			"full while a load was held": {append(moved(readEvery(5, own, "pool "+own, func(int) float64 { return 1 }), -time.Hour), pool(5, weakest, own)...), []string{"server_always"}},
			"never full":                 {readEvery(5, own, "disk", func(int) float64 { return 0.4 }), []string{"server_below"}},
		} {
			level, key := told(a, trials, row.readings)
			if level != levelLowest || !slices.Contains(row.keys, key) {
				t.Errorf("seed %d, %s: %s, %s", seed, name, level, key)
			}
			if key == "server_contradiction" {
				contradicted++
			}
		}
	}
	t.Logf("named %d, confirmed %d, contradicted %d times, of %d", named, confirmed, contradicted, sessions)
	if named < int(sessions)*8/10 || 4*confirmed < 3*named || 4*contradicted < 3*2*named {
		t.Errorf("named %d, confirmed %d, contradicted %d times, of %d", named, confirmed, contradicted, sessions)
	}
}

// told is what readings make of an attribution: its level and the claim on them.
func told(a Attribution, trials []played, readings []Reading) (level, key string) {
	a.Proved, a.Compatible, a.Unmeasured = slices.Clone(a.Proved), slices.Clone(a.Compatible), slices.Clone(a.Unmeasured)
	slices.SortStableFunc(readings, compareReadings)
	corroborated(&a, trials, readings)
	for _, c := range slices.Concat(a.Proved, a.Compatible, a.Unmeasured) {
		if len(c.Key) > 7 && c.Key[:7] == "server_" {
			key = c.Key
		}
	}
	return a.Level, key
}

func moved(list []Reading, by time.Duration) []Reading {
	out := slices.Clone(list)
	for i := range out {
		out[i].At = out[i].At.Add(by)
	}
	return out
}

// TestRandomResourcesSeldomConfirm: resources that have nothing to do with the load,
// one a session, over 100 seeds. One that wanders confirms by chance at most in one
// session of twenty. One that fills for good at any moment of the trial does where
// that moment falls within a bin of the onset, and no rule can tell it from a true
// one: at most one in three, which is what the reach takes of the trial.
func TestRandomResourcesSeldomConfirm(t *testing.T) {
	trials, a := watchedWorld(8, 1, 7)
	if a.Level != levelLowest {
		t.Fatalf("level %q", a.Level)
	}
	wanders, noisy, fills := 0, 0, 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 11))
		at, filled := 0.5, 90*r.Float64()
		count := func(n *int, share func(int) float64) {
			if level, _ := told(a, trials, readEvery(5, "b", "any", share)); level == levelCorroborated {
				*n++
			}
		}
		count(&wanders, func(int) float64 {
			at = math.Abs(at + 0.1*r.NormFloat64())
			at = math.Min(at, 1)
			return at
		})
		count(&noisy, func(int) float64 { return 1.1 * r.Float64() })
		count(&fills, func(s int) float64 {
			if float64(s) >= filled {
				return 1
			}
			return 0.5
		})
	}
	t.Logf("of 100: %d that wander, %d that are noise, %d that fill at any moment", wanders, noisy, fills)
	if wanders > 5 || noisy > 0 || fills > 33 {
		t.Errorf("of 100 confirmed: %d that wander, %d that are noise, %d that fill at any moment", wanders, noisy, fills)
	}
}

// TestNothingToConfirm: readings without a trial past the limit, or without a step
// named at L1, raise nothing and are said.
func TestNothingToConfirm(t *testing.T) {
	trials, a := watchedWorld(8, 0, 3)
	readings := readEvery(5, "a", "pool a", places(trials, 0, 8))
	for name, row := range map[string]struct {
		change func(*Attribution) []played
		key    string
	}{
		"no trial past the limit": {func(*Attribution) []played { return trials[:2] }, "server_no_onset"},
		"no step":                 {func(a *Attribution) []played { a.Step, a.Level = "", ""; return trials }, "server_no_step"},
		"the first sign only":     {func(a *Attribution) []played { a.Level = levelFirst; return trials }, "server_no_step"},
		"no instant":              {func(*Attribution) []played { t := slices.Clone(trials); t[len(t)-1].Began = time.Time{}; return t }, "server_no_onset"},
	} {
		b := a
		list := row.change(&b)
		if level, key := told(b, list, readings); level != b.Level || key != row.key {
			t.Errorf("%s: %q, %s", name, level, key)
		}
	}
}
