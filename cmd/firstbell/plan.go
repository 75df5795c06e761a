package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// planned is a plan and who comes when.
type planned struct {
	*results.Plan
	schedule *arrivals.Schedule // nil for a trial that is not the scenario's storm
	list     []arrivals.Arrival // of such a trial
	seed     uint64
}

// arrivals is everybody, in order.
func (p *planned) arrivals() []arrivals.Arrival {
	if p.schedule == nil {
		return p.list
	}
	return p.schedule.Arrivals(arrivals.Slice{})
}

// perCohort counts who comes of each line of the population.
func (p *planned) perCohort(cohorts int) []int {
	counts := make([]int, cohorts)
	for _, a := range p.arrivals() {
		counts[a.Cohort]++
	}
	return counts
}

// planOf draws the schedule of a scenario; start is the wall clock of the
// played window's first instant.
func planOf(e *env, o playOptions, sc *scenarios.Scenario, start time.Time) (*planned, error) {
	seed, err := o.seedNumber()
	if err != nil {
		return nil, err
	}
	scale, err := o.scaleShare()
	if err != nil {
		return nil, err
	}
	plan, schedule, err := runner.NewPlan(sc, runner.PlanOptions{
		Seed: seed, Scale: scale, RunID: runner.RunID(e.now(), sc), Start: start,
		Tool: toolInfo(), Lang: cmp.Or(o.lang, "en"), Machine: runner.ThisMachine(), Workers: 1,
	})
	if err != nil {
		return nil, &userError{exit: exitUsage, code: "FB0204", what: "the scenario cannot be planned", why: err.Error(),
			fix: "see storm and population in the file", cause: err}
	}
	if plan.People == 0 {
		return nil, &userError{exit: exitUsage, code: "FB0204", what: "nobody comes in the part of the morning that is played",
			fix: "widen storm.play, or raise population and show_up"}
	}
	return &planned{Plan: plan, schedule: schedule, seed: seed}, nil
}

// refuseMisfit refuses a plan that this machine, or its accounts, cannot carry.
func refuseMisfit(p *planned, sc *scenarios.Scenario) error {
	_, refused := chooseCrew(fleetOptions{}, p.Needs)
	return cmp.Or(refuseFewAccounts(p, sc), refused)
}

// refuseFewAccounts refuses a plan of more people than accounts.
func refuseFewAccounts(p *planned, sc *scenarios.Scenario) error {
	if err := sc.CheckAccountsByCohort(p.perCohort(len(sc.Population))); err != nil {
		return &userError{exit: exitRefused, code: "FB0303", what: "there are fewer accounts than people", why: err.Error(),
			fix: "give more accounts, or write `reuse: after_end` under accounts", cause: err}
	}
	return nil
}

// refuseNeeds refuses what this machine cannot carry.
func refuseNeeds(n results.Needs) error {
	refusals := runner.CheckFits(n)
	if len(refusals) == 0 {
		return nil
	}
	first := &userError{exit: exitRefused, code: "FB0302", what: "the plan does not fit this machine"}
	for i, r := range refusals {
		if i > 0 {
			first.why += "\n"
			first.fix += "\n"
		}
		first.why += r.What + ": " + r.Why
		first.fix += r.Remedy
	}
	return first
}

func newPlanCmd(e *env) *cobra.Command {
	var o playOptions
	var slice string
	c := &cobra.Command{
		Use:   "plan SCENARIO",
		Short: "Print who comes when, and what the storm needs from this machine",
		Long: `Print the arrival rates, the digest of the schedule, and the memory, descriptors
and connections the storm needs. With --slice 3/7, print worker 3's part of 7 as
"microseconds id" lines: the parts of any number of workers unite to the same
schedule, whose digest is the SHA-256 of all the lines sorted as numbers.`,
		Example: "  firstbell plan lycees.yaml\n  firstbell plan lycees.yaml --slice 3/7 --seed 42",
		Args:    cobra.ExactArgs(1),
		RunE: withScenario(e, &o, func(_ context.Context, sc *scenarios.Scenario) error {
			return runPlan(e, o, sc, slice)
		}),
	}
	addPlay(c, &o)
	c.Flags().StringVar(&slice, "slice", "", "print one worker's part, w/W with 0 <= w < W")
	return c
}

func runPlan(e *env, o playOptions, sc *scenarios.Scenario, slice string) error {
	p, err := planOf(e, o, sc, e.now())
	if err != nil {
		return err
	}
	if slice != "" {
		return printSlice(e.stdout, p.schedule, slice)
	}
	crew, _ := chooseCrew(fleetOptions{}, p.Needs)
	if err := printPlan(e.stdout, p, sc, crew.size); err != nil {
		return err
	}
	return refuseMisfit(p, sc)
}

// printSlice writes one worker's arrivals, one "µs id" line each.
func printSlice(w io.Writer, s *arrivals.Schedule, text string) error {
	slice, err := arrivals.ParseSlice(text)
	if err != nil {
		return usageError("--slice %q: %v", text, err)
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	if err := arrivals.WriteLines(buf, s.Arrivals(slice)); err != nil {
		return err
	}
	return buf.Flush()
}

// printPlan writes the plan for a person: stable keys, one per line.
func printPlan(w io.Writer, p *planned, sc *scenarios.Scenario, processes int) error {
	b := bufio.NewWriter(w)
	n := p.Needs
	row := func(key, format string, args ...any) {
		fmt.Fprintf(b, "%-22s "+format+"\n", append([]any{key}, args...)...)
	}
	row("scenario", "%s", p.Name)
	row("target", "%s", p.Target)
	row("storm", "%s %s-%s, judged %s-%s", orDash(p.Profile), hhmmss(p.PlayFrom), hhmmss(p.PlayTo), hhmmss(p.PeakFrom), hhmmss(p.PeakTo))
	row("seed", "%d", p.Seed)
	row("scale", "%g", p.Scale)
	row("people", "%d", p.People)
	row("accounts", "%d", sc.Accounts.Len())
	row("digest", "%s", p.Digest)
	row("arrivals", "mean %.1f/s, busiest second %.0f/s", float64(p.People)/float64(max(1, p.PlayTo-p.PlayFrom)), n.PeakArrivals)
	row("requests", "about %.0f/s in the busiest second, retries not counted", n.PeakRequests)
	row("connections", "about %.0f/s opened, %d open at once", n.PeakConnections, n.Open)
	row("descriptors", "%d needed, %s allowed", n.Descriptors, countOrUnknown(n.DescLimit))
	if processes > 1 {
		row("processes", "%d: one may not hold the descriptors", processes)
	}
	row("dials in flight", "%d at most", n.DialsInFlight)
	row("memory", "about %d MiB", (n.MemoryBytes+1<<20-1)>>20)
	row("processors", "%.1f allowed", n.CPUs)
	fmt.Fprintln(b, "\nminute    arrivals")
	for minute, count := range perMinute(p) {
		fmt.Fprintf(b, "%s  %8d  %.1f/s\n", hhmmss(p.PlayFrom + 60*minute)[:5], count, float64(count)/float64(min(60, p.PlayTo-p.PlayFrom-60*minute)))
	}
	return b.Flush()
}

// perMinute adds up the intended arrivals of each minute of the played window.
func perMinute(p *planned) []int {
	seconds := p.PlayTo - p.PlayFrom
	counts := make([]int, (seconds+59)/60)
	for _, group := range p.Intended {
		for second, n := range group {
			if second < seconds {
				counts[second/60] += int(n)
			}
		}
	}
	return counts
}

// hhmmss prints seconds since midnight.
func hhmmss(s int) string { return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60) }

func orDash(s string) string {
	if s == "" {
		return "own curve"
	}
	return s
}

func countOrUnknown(n int) string {
	if n <= 0 {
		return "unknown"
	}
	return fmt.Sprint(n)
}
