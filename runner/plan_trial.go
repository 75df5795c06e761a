package runner

import (
	"fmt"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// NewTrialPlan says what a trial is going to be: the scenario's people under
// another load. Plan.Conduct is c, and [Run] obeys it.
//
// A plateau, a calibration, an isolation and a recovery take their arrivals from
// c.Segments: Poisson, a pure function of the seed and the segments. People are
// drawn in the proportions of the storm's own; every persona follows the same
// curve, so these are also the proportions at its peak. The judged window is
// what follows c.Warmup. A storm is the scenario's own at c.Factor of its size:
// up to 1 by whole schools, as Scale does; above 1 whole schools are added.
//
// An isolation performs the steps before c.Step ahead of the played window:
// [PreparationTime] says how much earlier the run must begin.
//
// A trial may have more people than accounts: a settled person's account goes to
// the next one, and the plan's notes say so. The trial's length bounds it in time;
// the scenario's ends_after does not.
func NewTrialPlan(sc *scenarios.Scenario, o PlanOptions, c results.Conduct) (*results.Plan, []arrivals.Arrival, error) {
	if err := checkConduct(sc, &c); err != nil {
		return nil, nil, fmt.Errorf("planning a trial: %w", err)
	}
	s, err := trialSchedule(sc, o.Seed, c)
	if err != nil {
		return nil, nil, fmt.Errorf("planning a trial: %w", err)
	}
	o.Scale = 1
	if c.Kind == results.TrialStorm {
		o.Scale = c.Factor
	}
	p := newPlan(journeysOf(sc, c), o, s)
	p.Steps = planSteps(sc)
	p.Ends = s.Play() + p.Drain + time.Minute
	p.Conduct = &c
	if c.Kind != results.TrialStorm {
		p.PlayTo = p.PlayFrom + seconds(s.Play())
		p.PeakFrom, p.PeakTo = p.PlayFrom+seconds(c.Warmup), p.PlayTo
	}
	p.Needs.MemoryBytes += moreMemory(sc, p)
	if n := sc.Accounts.Len(); n < p.People {
		p.Notes = append(p.Notes, sharedAccounts(o.Lang, n, p.People))
	}
	return p, s.Arrivals(arrivals.Slice{}), nil
}

func trialSchedule(sc *scenarios.Scenario, seed uint64, c results.Conduct) (*arrivals.Schedule, error) {
	if c.Kind == results.TrialStorm {
		return arrivals.Multiplied(sc, seed, c.Factor)
	}
	pieces := make([]arrivals.Piece, len(c.Segments))
	for i, s := range c.Segments {
		pieces[i] = arrivals.Piece{Rate: s.Rate, Length: s.Length}
	}
	return arrivals.Steady(isolated(sc, c), pieces, seed)
}

// maxRefreshes bounds Conduct.Refreshes.
const maxRefreshes = 1000

// checkConduct refuses what cannot be played, and fills in a storm's factor.
func checkConduct(sc *scenarios.Scenario, c *results.Conduct) error {
	if c.Refreshes < -1 || c.Refreshes > maxRefreshes {
		return fmt.Errorf("%d refreshes, must be between -1 and %d", c.Refreshes, maxRefreshes)
	}
	switch c.Kind {
	case results.TrialStorm:
		if c.Factor == 0 {
			c.Factor = 1
		}
		if len(c.Segments) > 0 || c.Warmup != 0 {
			return fmt.Errorf("a storm has no segments and no warm-up")
		}
		return nil
	case results.TrialPlateau, results.TrialCalibration, results.TrialIsolation, results.TrialRecovery:
	default:
		return fmt.Errorf("unknown kind of trial %q", c.Kind)
	}
	if c.Warmup < 0 || c.Warmup >= c.Length() {
		return fmt.Errorf("a warm-up of %v in a trial of %v", c.Warmup, c.Length())
	}
	if c.Kind == results.TrialIsolation {
		return checkIsolation(sc, c)
	}
	return nil
}

// journeysOf is the scenario as far as the trial walks it, for the estimate of
// what it takes.
func journeysOf(sc *scenarios.Scenario, c results.Conduct) *scenarios.Scenario {
	if !c.LoginOnly && c.Kind != results.TrialIsolation {
		return sc
	}
	short := *sc
	short.Journeys = slices.Clone(sc.Journeys)
	only, step, _ := stepAt(sc, c.Step)
	for i := range short.Journeys {
		j := &short.Journeys[i]
		if c.Kind == results.TrialIsolation { // everybody walks the one
			j.Steps = sc.Journeys[only].Steps[step : step+1]
			continue
		}
		if k := slices.IndexFunc(j.Steps, func(st scenarios.Step) bool { return st.InClass }); k >= 0 {
			j.Steps = j.Steps[:k+1]
		}
	}
	return &short
}

func sharedAccounts(lang string, accounts, people int) string {
	if lang == "en" {
		return fmt.Sprintf("%d accounts for %d people: each account went to the next person as soon as it was free.", accounts, people)
	}
	return fmt.Sprintf("%d comptes pour %d personnes : chaque compte est passé à la personne suivante dès qu’il était libre.", accounts, people)
}
