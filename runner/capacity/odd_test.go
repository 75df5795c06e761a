package capacity

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

func searched(t *testing.T, cfg Config) *Found {
	t.Helper()
	f, err := Search(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			describe(t, f)
		}
	})
	return f
}

// K17: a target that loses a tenth of its capacity while it is searched.
func TestK17DriftIsFlagged(t *testing.T) {
	for seed := range uint64(2) {
		target := shared(150, 8, 2, 1)
		target.speed = func(at float64, _ int) float64 { return 1 - 0.1*math.Min(1, at/1200) }
		cfg, _ := simConfig(target, 3*time.Second, seed)
		if f := searched(t, cfg); f.Why == "" {
			t.Errorf("seed %d: a capacity that fell by a tenth was answered with %+v", seed, f.Held)
		}
		target = shared(150, 8, 2, 1)
		cfg, _ = simConfig(target, 3*time.Second, seed)
		if f := searched(t, cfg); f.Why != "" {
			t.Errorf("seed %d: a steady target: %s", seed, f.Why)
		}
	}
}

// A capacity that dips for five seconds in every twenty-five.
func TestDipsAreCoveredOrNotAnswered(t *testing.T) {
	for seed := range uint64(3) {
		target := shared(150, 12, 2, 1)
		target.speed = func(at float64, _ int) float64 {
			if math.Mod(at, 25) < 5 {
				return 0.7
			}
			return 1
		}
		const limit = 3 * time.Second
		cfg, _ := simConfig(target, limit, seed)
		f := searched(t, cfg)
		if want := truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 4); f.Why == "" && !(f.Held.Low <= 1.005*want && f.Held.High >= 0.995*want) {
			t.Errorf("seed %d: %+v does not hold %.1f", seed, f.Held, want)
		}
	}
}

// A bucket that lets exactly q people a second in is a quota, and so is a waiting
// room; neither is a breaking point.
func TestQuotaIsNoBreakingPoint(t *testing.T) {
	for name, change := range map[string]func(*simTarget){
		"quota":        func(x *simTarget) {},
		"waiting_room": func(x *simTarget) { x.waitingRoom = true },
	} {
		t.Run(name, func(t *testing.T) {
			target := shared(600, 32, 3, 1)
			target.quota, target.burst = 173, 400
			change(target)
			cfg, _ := simConfig(target, 3*time.Second, 3)
			f := searched(t, cfg)
			if f.Why != WhyQuota || f.Quota == nil || f.Quota.Sign != name {
				t.Fatalf("why %q, quota %+v", f.Why, f.Quota)
			}
			if math.Abs(f.Quota.Rate.Value/target.quota-1) > 0.01 {
				t.Errorf("quota of %v, want %v within 1 %%", f.Quota.Rate, target.quota)
			}
		})
	}
}

// A limiter that says nothing of a quota is one all the same, with a burst or
// without; a limit of each address is not the portal's, and one address cannot
// tell. A pool that refuses whom it has no place for is neither.
func TestLimitersThatDoNotSaySo(t *testing.T) {
	for name, tt := range map[string]struct {
		change    func(*simTarget)
		addresses int
		want      *stats.Cap
		why       string
	}{
		"of all":          {func(x *simTarget) {}, 250, &stats.Cap{Sign: "quota"}, WhyQuota},
		"one address":     {func(x *simTarget) { x.byAddress = true }, 1, &stats.Cap{Sign: "quota", Alone: true}, WhyQuota},
		"of each address": {func(x *simTarget) { x.byAddress = true }, 250, &stats.Cap{Sign: "per_ip"}, WhyBlocked},
		"a slow one":      {func(x *simTarget) { x.quota = 11 }, 250, &stats.Cap{Sign: "quota"}, WhyQuota},
		"a small burst":   {func(x *simTarget) { x.burst = 3 }, 250, &stats.Cap{Sign: "quota"}, WhyQuota},
		"a ban":           {func(x *simTarget) { x.quota, x.ban = 0, 9 }, 250, &stats.Cap{Sign: "per_ip"}, WhyBlocked},
		"no answer":       {func(x *simTarget) { x.refusal = results.Timeout }, 250, &stats.Cap{Sign: "quota"}, WhyQuota},
		"without a burst": {func(x *simTarget) { x.burst = 1; x.dead = true }, 250, &stats.Cap{Sign: "quota", Spaced: true}, WhyQuota},
		"a pool":          {func(x *simTarget) { x.quota, x.places = 0, 40 }, 250, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			target := shared(600, 32, 1, 1)
			target.quota, target.burst, target.refusal = 61, 20, results.Error
			tt.change(target)
			cfg, _ := simConfig(target, 3*time.Second, 3)
			cfg.Addresses = tt.addresses
			f := searched(t, cfg)
			if tt.want == nil {
				if f.Quota != nil {
					t.Errorf("a cap: %+v", f.Quota)
				}
				return
			}
			if f.Why != tt.why || f.Quota == nil || f.Quota.Sign != tt.want.Sign || f.Quota.Spaced != tt.want.Spaced || f.Quota.Alone != tt.want.Alone {
				t.Fatalf("why %q, quota %+v; want %q, %+v", f.Why, f.Quota, tt.why, tt.want)
			}
			if target.quota > 0 && math.Abs(f.Quota.Rate.Value/target.quota-1) > 0.01 {
				t.Errorf("quota of %v, want %v within 1 %%", f.Quota.Rate, target.quota)
			}
		})
	}
}

// Nothing above the highest rate allowed is offered: what it holds is then all
// that can be said.
func TestNeverFailsIsAtLeast(t *testing.T) {
	cfg, p := simConfig(shared(500, 16, 2, 1), 3*time.Second, 1)
	cfg.Settings.MaxRate, cfg.Settings.MaxWhy = 200, "consent"
	f := searched(t, cfg)
	if f.Held.Censored != stats.CensoredAtLeast || f.Held.Low != 200 || f.Why != "" {
		t.Errorf("a target that never failed: %+v, why %q", f.Held, f.Why)
	}
	for _, spec := range p.played {
		for _, seg := range spec.Conduct.Segments {
			if seg.Rate > 200 {
				t.Errorf("%s offered %v, more than allowed", spec.Name, seg.Rate)
			}
		}
	}
}

func TestFailsAtOnceIsLessThan(t *testing.T) {
	target := shared(500, 16, 2, 0)
	target.service[0] = 4 // nobody is ever in time
	target.servers[0] = 100_000
	cfg, _ := simConfig(target, 3*time.Second, 1)
	cfg.Start, cfg.Settings.MaxRate = 20, 100
	f := searched(t, cfg)
	if f.Held.Censored != stats.CensoredLessThan && f.Held.Censored != stats.CensoredNone || f.Held.Low != 0 {
		t.Errorf("a target that always failed: %+v, why %q", f.Held, f.Why)
	}
	if f.Total > 40*time.Minute {
		t.Errorf("took %s to see it", f.Total)
	}
}

// A first load that is already too much starts the probe again, lower.
func TestStartsAboveTheCapacity(t *testing.T) {
	target := shared(150, 8, 3, 1)
	const limit = 3 * time.Second
	cfg, _ := simConfig(target, limit, 2)
	cfg.Start = 600
	f := searched(t, cfg)
	want := truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 3)
	if f.Why != "" || f.Held.Low < 0.95*want || f.Held.High > 1.06*want {
		t.Errorf("found %+v, why %q; want around %.1f", f.Held, f.Why, want)
	}
}

// A target that serves less the longer its queue is: what it sustains is above
// what it gives in overload, and both are told.
func TestCollapse(t *testing.T) {
	target := shared(200, 16, 2, 1)
	target.speed = func(_ float64, waiting int) float64 { return 1 / (1 + float64(max(0, waiting-100))/300) }
	cfg, _ := simConfig(target, 3*time.Second, 4)
	f := searched(t, cfg)
	// What it sustains is only known from what it held: no better than a bracket.
	if f.Why != "" || math.Abs(f.Saturation.Value/200-1) > 0.08 || f.Held.Low > 205 || f.Held.High < 195 {
		t.Errorf("saturation %+v, why %q", f.Saturation, f.Why)
	}
	if !(f.Overload.Value < 0.8*f.Saturation.Value) {
		t.Errorf("overload %+v is not below saturation %+v", f.Overload, f.Saturation)
	}
}

// Pauses of seconds inside a login shift its load; they are not the portal's.
func TestPausesAreNotTheTargets(t *testing.T) {
	target := shared(150, 8, 2, 1)
	target.pause = 7
	const limit = 3 * time.Second
	cfg, _ := simConfig(target, limit, 2)
	cfg.OwnTime = 7 * time.Second
	f := searched(t, cfg)
	want := truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 3)
	if f.Why != "" || math.Abs(f.Saturation.Value/150-1) > 0.03 || f.Held.Low < 0.94*want || f.Held.High > 1.06*want {
		t.Errorf("found %+v around %.1f, saturation %+v, why %q", f.Held, want, f.Saturation, f.Why)
	}
	if f.Settings.Warmup < cfg.OwnTime {
		t.Errorf("a warm-up of %s for journeys of %s", f.Settings.Warmup, cfg.OwnTime)
	}
}

// A crash under load is a limit like another.
func TestCrash(t *testing.T) {
	target := shared(400, 16, 2, 1)
	down := -1.0
	target.speed = func(at float64, waiting int) float64 {
		if waiting > 300 && at > down {
			down = at + 20
		}
		if at < down {
			return 0.01
		}
		return 1
	}
	cfg, _ := simConfig(target, 3*time.Second, 1)
	f := searched(t, cfg)
	if f.Held.High == 0 || f.Held.High > 1.1*400 {
		t.Errorf("found %+v of a target that crashes above 400", f.Held)
	}
}

func TestInvalidTrialsArePlayedOnceMore(t *testing.T) {
	cfg, p := simConfig(shared(150, 8, 1, 1), 3*time.Second, 1)
	p.gates = func(n int) []string {
		if n == 4 {
			return []string{"V2"}
		}
		return nil
	}
	f := searched(t, cfg)
	if f.Why != "" || len(p.played) < 5 || p.played[3].Conduct.Segments[0] != p.played[4].Conduct.Segments[0] {
		t.Errorf("why %q; the trial whose gate failed was not played again", f.Why)
	}
	if p.played[3].Seed == p.played[4].Seed {
		t.Error("with the same seed")
	}

	cfg, p = simConfig(shared(150, 8, 1, 1), 3*time.Second, 1)
	p.gates = func(n int) []string {
		if n >= 4 {
			return []string{"V1", "V2"}
		}
		return nil
	}
	if f := searched(t, cfg); f.Why != WhyInvalid || len(p.played) != 5 {
		t.Errorf("why %q after %d trials, want %q after 5", f.Why, len(p.played), WhyInvalid)
	}
}

func TestTakenForAnAttackerEndsAtOnce(t *testing.T) {
	cfg, p := simConfig(shared(150, 8, 1, 1), 3*time.Second, 1)
	judge := cfg.Judge
	cfg.Judge = func(s *results.Series) results.Reading {
		r := judge(s)
		if len(p.played) == 3 {
			r.Sign = "per_ip"
		}
		return r
	}
	if f := searched(t, cfg); f.Why != WhyBlocked || len(p.played) != 3 {
		t.Errorf("why %q after %d trials", f.Why, len(p.played))
	}
}

// With the same answers the search asks the same questions: that is how a killed
// session goes on.
func TestSameAnswersSameQuestions(t *testing.T) {
	cfg, p := simConfig(shared(120, 8, 2, 1), time.Second, 9)
	first := searched(t, cfg)
	again, q := simConfig(shared(120, 8, 2, 1), time.Second, 9)
	second := searched(t, again)
	if !reflect.DeepEqual(p.played, q.played) || !reflect.DeepEqual(first.Held, second.Held) {
		t.Error("two searches with the same answers differ")
	}
	names := map[string]bool{}
	for _, spec := range p.played {
		if names[spec.Name] {
			t.Errorf("two trials are called %s", spec.Name)
		}
		names[spec.Name] = true
	}
	if p.played[0].Name != "001-probe" || first.Next != len(p.played)+1 {
		t.Errorf("first %s, next %d of %d", p.played[0].Name, first.Next, len(p.played))
	}
}

// reread answers from what another player has played, as a folder does: without
// asking whether it is enough.
type reread struct{ played map[string]*results.Series }

func (r *reread) Play(_ context.Context, spec Spec, _ func(Moment) bool) (*results.Series, error) {
	s, ok := r.played[spec.Name]
	if !ok || !reflect.DeepEqual(s.Conduct, spec.Conduct) {
		return nil, errStop
	}
	return s, nil
}

type keeping struct {
	Player
	played map[string]*results.Series
}

func (k *keeping) Play(ctx context.Context, spec Spec, enough func(Moment) bool) (*results.Series, error) {
	s, err := k.Player.Play(ctx, spec, enough)
	k.played[spec.Name] = s
	return s, err
}

func TestTrialsReadAnswerLikeTrialsPlayed(t *testing.T) {
	cfg, p := simConfig(shared(120, 8, 2, 1), time.Second, 9)
	k := &keeping{p, map[string]*results.Series{}}
	cfg.Player = k
	played := searched(t, cfg)
	cfg.Player = &reread{k.played}
	read := searched(t, cfg)
	if !reflect.DeepEqual(played, read) {
		t.Errorf("read: %+v after %d trials, played: %+v after %d", read.Held, len(read.Trials), played.Held, len(played.Trials))
	}
}

var errStop = errors.New("the target said stop")

type stopping struct {
	Player
	after int
}

func (s *stopping) Play(ctx context.Context, spec Spec, enough func(Moment) bool) (*results.Series, error) {
	if s.after--; s.after < 0 {
		return nil, errStop
	}
	return s.Player.Play(ctx, spec, enough)
}

func TestPlayersErrorEndsTheSearch(t *testing.T) {
	cfg, p := simConfig(shared(120, 8, 2, 1), time.Second, 9)
	cfg.Player = &stopping{p, 3}
	f, err := Search(context.Background(), cfg)
	if !errors.Is(err, errStop) || f == nil || len(f.Trials) != 3 {
		t.Errorf("error %v, found %+v", err, f)
	}
	if _, err := Search(context.Background(), Config{}); err == nil {
		t.Error("a search of nothing")
	}
}

// A generator that runs out of connections ends a probe, and what follows stays
// within what it could do.
func TestDescriptorsEndAProbe(t *testing.T) {
	cfg, _ := simConfig(shared(400, 16, 2, 1), 3*time.Second, 1)
	cfg.MaxOpen = 1500
	f := searched(t, cfg)
	if f.Held.Low < 0.9*400 {
		t.Errorf("found %+v, why %q", f.Held, f.Why)
	}
}

func TestQuickIsQuick(t *testing.T) {
	for seed := range uint64(3) {
		target := shared(200, 16, 2, 1)
		const limit = 3 * time.Second
		cfg, _ := simConfig(target, limit, seed)
		cfg.Quick = true
		cfg.Settings = SettingsFor(0.95, limit, true)
		cfg.Settings.MaxRate = 5000
		f := searched(t, cfg)
		want := truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 3)
		if f.Total > 8*time.Minute || f.Why != "" || f.Held.Low < 0.93*want || f.Held.High > 1.08*want || f.Held.Low > want || f.Held.High < want {
			t.Errorf("seed %d: %s, %+v around %.1f, why %q", seed, f.Total, f.Held, want, f.Why)
		}
	}
}

// A target that stands still for eight seconds while it is probed gives a reading
// far too low; the search does not climb from there step by step.
func TestStandstillInTheProbe(t *testing.T) {
	const limit, from, length = 3 * time.Second, 20.0, 8.0
	for seed := range uint64(3) {
		target := shared(100, 10, 3, 1)
		cfg, _ := simConfig(target, limit, seed)
		want := truth(target, limit, 0.95, cfg.Settings.Warmup, cfg.Settings.Plateau, 3)
		mean := target.service[0]
		target.speed = func(at float64, _ int) float64 {
			if at < from || at >= from+length {
				return 1
			}
			return mean / (mean + from + length - at)
		}
		f := searched(t, cfg)
		if f.Held.Low < 0.93*want || f.Held.High > 1.07*want || f.Held.High == 0 {
			t.Errorf("seed %d: %+v around %.1f", seed, f.Held, want)
		}
		if f.Search > searchTime+5*time.Minute {
			t.Errorf("seed %d: took %s to find it", seed, f.Search)
		}
	}
}

// A portal whose requests give up after five seconds in its queue: whom it lets
// down leaves as fast as others come, and is no work done.
func TestGivingUpIsNoWork(t *testing.T) {
	for name, target := range map[string]*simTarget{"pool": shared(100, 10, 3, 1), "chain": chain(100, 10, 3, 1)} {
		target.timeout = 5
		const limit = 4 * time.Second
		cfg, _ := simConfig(target, limit, 0)
		f := searched(t, cfg)
		want := truth(target, limit, 0.95, f.Settings.Warmup, f.Settings.Plateau, 3)
		// Counted as served, they make it 115 and a target that drifted.
		if c := target.capacity(); math.Abs(f.Saturation.Value/c-1) > 0.03 {
			t.Errorf("%s: saturation %v, want %v", name, f.Saturation, c)
		}
		if f.Why != "" || f.Held.Low < 0.95*want || f.Held.Low > 1.005*want || f.Held.High < 0.995*want {
			t.Errorf("%s: held %+v, why %q, want around %.1f", name, f.Held, f.Why, want)
		}
	}
}

// The probe stops after the doubling that is too much: with a long time limit nobody
// is late yet, and the one after the next would bring many times what a portal serves.
func TestProbeStopsInTime(t *testing.T) {
	for seed := range uint64(3) {
		target := shared(120, 12, 1, 1)
		cfg, p := simConfig(target, 10*time.Second, seed)
		cfg.Start = 27
		f, _ := Search(context.Background(), Config{Player: &stopping{p, 1}, Judge: cfg.Judge, Settings: cfg.Settings, Start: cfg.Start, Seed: seed, First: 1})
		if rate := f.Trials[0].Rate; rate > 4*120 {
			t.Errorf("seed %d: probed up to %.0f people per second of a target that serves 120", seed, rate)
		}
	}
}
