package nulltarget

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// Rig is the generator as a trial uses it. Health, Probe, Open and Close may be
// nil.
type Rig struct {
	Driver runner.Driver
	Health func(second int) results.Health
	Probe  func(ctx context.Context) // runs beside the load until ctx is done
	Open   func() int                // connections open
	Close  func() error
}

// Config is what a calibration needs.
type Config struct {
	Scenario *scenarios.Scenario
	Tape     *Tape
	Sink     netip.AddrPort
	// Plan names the tool, the machine and the run; Seed and Start are set here.
	Plan runner.PlanOptions
	// Rig makes the generator for one trial: the very driver and health probe of
	// the real load, over the scenario, clock and guard given here.
	Rig func(sc *scenarios.Scenario, plan *results.Plan, clock runner.Clock, guard runner.Guard) (*Rig, error)
	// Dir holds the trials' folders, and Name names the n-th, from 0.
	Dir  string
	Name func(n int) string
	// Gates lists the gates of the generator that a trial has failed.
	Gates func(*results.Run) []string
	// Limit is the smallest time criterion; 0 for none.
	Limit time.Duration
	// First is the load tried first, and Ceiling the highest worth trying:
	// logins per second.
	First, Ceiling float64
	// Need is the load that decides: 1.5 times the planned peak; 0 for none. A
	// load up to it that breaks a gate of the generator is played once more: one
	// hiccup of the machine refuses no session.
	Need float64
	// Window is how long each load is held once people are everywhere on their
	// way; 0: DefaultWindow.
	Window time.Duration
	// Clock gives a trial's clock; nil: runner.NewClock.
	Clock func(start time.Time) runner.Clock
	// Tell is told how each trial came out, before the next begins. May be nil.
	Tell func(Trial)
}

// DefaultWindow is one block of the gates.
const DefaultWindow = 10 * time.Second

// Trial is one load, played against the sink.
type Trial struct {
	results.Trial
	Rate      float64
	P99       time.Duration // time to class; negative: never
	Completed float64       // share of those who started that got in class
	Broke     []string      // V1, V2, V3, p99, journey; empty: honest
}

// Result is a calibration. Calibration.Stopped is "journey", with Why, when the
// recording does not stand for the journeys: the figure then says nothing.
type Result struct {
	results.Calibration
	Trials []Trial
	Limit  time.Duration // what p99 was held to
	Why    string        // "" unless Stopped is journey
}

// Allows reports whether a load of peak logins per second may be planned on
// this generator: 1.5 times as much was played honestly (gate V4).
func (r *Result) Allows(peak float64) bool { return Allows(r.Calibration, peak) }

// Margin is how much more than the planned peak must have been played.
const Margin = 1.5

// Allows is [Result.Allows] for a calibration read back.
func Allows(c results.Calibration, peak float64) bool {
	return c.Stopped != brokeJourney && c.Rate >= Margin*peak
}

const (
	brokeP99     = "p99"
	brokeJourney = "journey"
	// completes is the share that must get in class.
	completes = 0.99
)

// Calibrate plays the recorded journeys against the sink: a calm rehearsal, then
// doubled loads until one is not honest or the ceiling is reached, then one load
// in the middle of the last good and the first bad. When the first load fails,
// halves of it are tried. The error is an internal one or the context's end.
func Calibrate(ctx context.Context, cfg Config) (*Result, error) {
	if cfg.First <= 0 || cfg.Ceiling < cfg.First || cfg.Rig == nil || cfg.Gates == nil || cfg.Name == nil || cfg.Tape.Len() == 0 {
		return nil, errors.New("calibrate: no tape, no rig, or no load to begin with")
	}
	if cfg.Window <= 0 {
		cfg.Window = DefaultWindow
	}
	if cfg.Clock == nil {
		cfg.Clock = func(start time.Time) runner.Clock { return runner.NewClock(start) }
	}
	c := &calibration{cfg: cfg}
	var err error
	if c.calm, err = Calm(cfg.Scenario, cfg.Sink); err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	if c.guard, err = Guard(c.calm, cfg.Sink); err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	c.out.At, c.out.Ceiling = time.Now(), cfg.Ceiling
	if err := c.rehearse(ctx); err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	if c.out.Why != "" {
		c.out.Stopped = brokeJourney
		return &c.out, nil
	}
	best, stopped, err := climb(cfg.First, cfg.Ceiling, func(rate float64) ([]string, error) {
		t, err := c.play(ctx, rate)
		if err == nil && len(t.Broke) > 0 && t.Broke[0] != brokeJourney && rate <= cfg.Need {
			t, err = c.play(ctx, rate)
		}
		return t.Broke, err
	})
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	c.conclude(best, stopped)
	return &c.out, nil
}

type calibration struct {
	cfg   Config
	calm  *scenarios.Scenario
	guard runner.Guard
	out   Result
}

// conclude fills in what the best load gave.
func (c *calibration) conclude(best float64, stopped string) {
	c.out.Rate, c.out.Stopped = best, stopped
	for _, t := range c.out.Trials {
		if t.Rate == best || best == 0 {
			c.out.P99, c.out.Completed = t.P99.Seconds(), t.Completed
			if t.P99 < 0 {
				c.out.P99 = results.Never
			}
		}
	}
	if stopped == brokeJourney && best == 0 {
		c.out.Why = "the recorded journey does not replay: fewer than 99 % got in class against the recording"
	}
}

// lowest is a load below which nothing is worth calibrating.
const lowest = 0.5

// climb doubles the load from first until it breaks something or reaches the
// ceiling, halving it first as long as it breaks at once, and refines the last
// step once. It gives the highest load that broke nothing, 0 for none, and what
// the lowest bad one broke.
func climb(first, ceiling float64, try func(rate float64) (broke []string, err error)) (best float64, stopped string, err error) {
	rate, bad := first, 0.0
	for rate >= lowest {
		broke, err := try(rate)
		if err != nil {
			return 0, "", err
		}
		if len(broke) > 0 {
			bad, stopped = rate, broke[0]
			if best > 0 || stopped == brokeJourney {
				break
			}
			rate /= 2
			continue
		}
		best = rate
		if bad > 0 || rate >= ceiling {
			break
		}
		rate = min(2*rate, ceiling)
	}
	if best == 0 || bad == 0 {
		return best, stopped, nil
	}
	middle := (best + bad) / 2
	broke, err := try(middle)
	switch {
	case err != nil:
		return 0, "", err
	case len(broke) > 0:
		stopped = broke[0]
	default:
		best = middle
	}
	return best, stopped, nil
}

// play plays one load and reads what it gave.
func (c *calibration) play(ctx context.Context, rate float64) (Trial, error) {
	n := len(c.out.Trials)
	warm := c.calm.OwnTime()
	conduct := results.Conduct{Kind: results.TrialCalibration, LoginOnly: true, Warmup: warm,
		Segments: []results.Segment{{Name: "plateau", Rate: rate, Length: warm + c.cfg.Window}}}
	t := Trial{Rate: rate, Trial: results.Trial{Name: c.cfg.Name(n), Stage: results.StageCalibration,
		Conduct: conduct, Seed: c.cfg.Tape.Seed, Started: time.Now()}}
	run, pulled, err := c.run(ctx, conduct, filepath.Join(c.cfg.Dir, t.Name))
	if err != nil {
		return t, err
	}
	t.Ended = time.Now()
	t.P99, t.Completed = loginsOf(run)
	t.Broke = c.broke(run, &t, pulled)
	c.out.Trials = append(c.out.Trials, t)
	if c.cfg.Tell != nil {
		c.cfg.Tell(t)
	}
	return t, nil
}

// broke lists what a load broke, the generator's gates first: a generator that
// is late does not prove that the recording is wrong.
func (c *calibration) broke(run *results.Run, t *Trial, pulled bool) []string {
	broke := slices.Clone(c.cfg.Gates(run))
	if len(broke) == 0 && pulled {
		broke = append(broke, "V2")
	}
	if len(broke) == 0 && t.Completed < completes {
		broke = append(broke, brokeJourney)
	}
	if len(broke) == 0 && (t.P99 < 0 || t.P99 > c.out.Limit) {
		broke = append(broke, brokeP99)
	}
	return broke
}

// lead is how far ahead of now a trial's first instant is set.
const lead = 500 * time.Millisecond

// hopeless is a delay of first clicks at which a load is given up at once.
const hopeless = time.Second

// run plays a trial into a folder. pulled: it was given up early.
func (c *calibration) run(ctx context.Context, conduct results.Conduct, dir string) (_ *results.Run, pulled bool, err error) {
	o := c.cfg.Plan
	o.Seed, o.Start = c.cfg.Tape.Seed, time.Now().Add(lead)
	plan, list, err := runner.NewTrialPlan(c.calm, o, conduct)
	if err != nil {
		return nil, false, err
	}
	parts, err := runner.Cast(c.calm, plan, list)
	if err != nil {
		return nil, false, err
	}
	clock := c.cfg.Clock(o.Start)
	rig, err := c.cfg.Rig(c.calm, plan, clock, c.guard)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, rig.close()) }()
	driver, err := Replay(rig.Driver, c.cfg.Tape, parts)
	if err != nil {
		return nil, false, err
	}
	folder, err := results.Create(dir, plan, c.cfg.Scenario.Redacted())
	if err != nil {
		return nil, false, err
	}
	defer rig.probe(ctx)()
	ended, err := runner.Run(ctx, runner.Config{
		Scenario: c.calm, Plan: plan, Arrivals: list, Driver: driver, Guard: c.guard, Clock: clock, Sink: folder,
		Health: rig.Health, Open: rig.Open, Pinned: c.cfg.Tape.Accounts,
		Enough: func(s runner.Snapshot) bool { return s.DelayP99 > hopeless },
	})
	if err = errors.Join(err, folder.Close(ended), ctx.Err()); err != nil {
		return nil, false, err
	}
	run, err := results.Open(dir)
	return run, ended.How == results.EndedEnough, err
}

// probe runs the health probe until the returned function is called.
func (r *Rig) probe(ctx context.Context) (stop func()) {
	if r.Probe == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.Probe(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

func (r *Rig) close() error {
	if r.Close == nil {
		return nil
	}
	return r.Close()
}

// loginsOf is p99 of time to class among those who got in, and the share of
// those who started that did.
func loginsOf(run *results.Run) (p99 time.Duration, completed float64) {
	people := results.LedgerOf(run).People.Total
	if people.Started == 0 {
		return results.Never, 0
	}
	all := results.NewHist(results.ClassHist)
	for _, h := range run.Total.Class {
		all.Merge(h)
	}
	completed = float64(people.InClass()) / float64(people.Started)
	if all.Count() == 0 {
		return results.Never, completed
	}
	return all.Quantile(99, 100), completed
}
