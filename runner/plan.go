package runner

import (
	"fmt"
	"net"
	"net/url"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
	"firstbell/scenarios/arrivals"
)

// PlanOptions is what a plan needs beside the scenario.
type PlanOptions struct {
	Seed    uint64
	Scale   float64 // share of schools kept; 0 means 1
	RunID   string
	Start   time.Time // wall clock of the played window's start
	Tool    results.Tool
	Lang    string  // of the report: fr or en
	Machine Machine // see ThisMachine
	Workers int     // 0 means 1
}

// planSchema is the version of plan.json.
const planSchema = "1.0"

// NewPlan says what is going to happen, before the first byte of load: who
// comes when, in which groups, through which steps, and what it takes from
// this machine. Plan.Steps lists the steps of Scenario.Journeys in order, all
// of the first journey, then all of the second.
func NewPlan(sc *scenarios.Scenario, o PlanOptions) (*results.Plan, *arrivals.Schedule, error) {
	if o.Scale == 0 {
		o.Scale = 1
	}
	s, err := arrivals.New(sc, o.Seed, o.Scale)
	if err != nil {
		return nil, nil, fmt.Errorf("planning the arrivals: %w", err)
	}
	p := newPlan(sc, o, s)
	p.Drain += sc.Limits.Typing
	p.Ends += sc.Limits.Typing
	return p, s, nil
}

func newPlan(sc *scenarios.Scenario, o PlanOptions, s *arrivals.Schedule) *results.Plan {
	drain := max(sc.Limits.Drain, sc.Criteria.LongestTime())
	if sc.Limits.Drain == 0 {
		drain = max(defaultDrain, sc.Criteria.LongestTime())
	}
	ends := sc.Limits.EndsAfter
	if ends == 0 {
		ends = s.Play() + drain + time.Minute
	}
	return &results.Plan{
		Schema: planSchema, RunID: o.RunID, Tool: o.Tool,
		Name: sc.Name, Target: sc.Target.String(), Start: o.Start,
		Seed: o.Seed, Digest: s.Digest(), ScenarioHash: sc.Hash(),
		Profile: sc.Storm.Profile, Date: sc.Storm.Date,
		PlayFrom: daySecond(sc.Storm.Play.From), PlayTo: daySecond(sc.Storm.Play.To),
		PeakFrom: daySecond(sc.Storm.Peak.From), PeakTo: daySecond(sc.Storm.Peak.To),
		Scale: o.Scale, InTime: sc.Criteria.InTime, Drain: drain, Ends: ends,
		People: s.People(), Workers: max(1, o.Workers),
		Groups: planGroups(sc), Steps: planSteps(sc), Hosts: planHosts(sc),
		Intended: s.PerSecond(groupOf(sc)),
		Needs:    needs(sc, s, o.Machine),
		Lang:     o.Lang, Notes: planNotes(sc, o.Lang),
	}
}

// defaultDrain is how long a run goes on after its last arrival.
const defaultDrain = 60 * time.Second

func daySecond(t scenarios.TimeOfDay) int { return int(time.Duration(t) / time.Second) }

func planSteps(sc *scenarios.Scenario) []results.Step {
	var out []results.Step
	for _, j := range sc.Journeys {
		for _, st := range j.Steps {
			out = append(out, results.Step{Journey: j.Name, Name: st.Name, InClass: st.InClass})
		}
	}
	return out
}

func planHosts(sc *scenarios.Scenario) []string {
	var out []string
	for _, u := range sc.Origins() {
		out = append(out, hostPort(u))
	}
	return out
}

// hostPort is host:port, with the scheme's port when the address names none.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
