package main

import (
	"encoding/json"
	"fmt"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// playSpec is what a worker needs, besides the scenario, to draw the same plan as
// its coordinator: equal digests prove that it has.
type playSpec struct {
	Version int              `json:"version"`
	RunID   string           `json:"run_id"`
	Lang    string           `json:"lang"`
	Seed    uint64           `json:"seed"`
	Scale   float64          `json:"scale,omitempty"`   // of a storm
	Conduct *results.Conduct `json:"conduct,omitempty"` // of a trial
	Workers int              `json:"workers"`
}

const specVersion = 1

func specOf(p *planned, workers int) (json.RawMessage, error) {
	s := playSpec{Version: specVersion, RunID: p.RunID, Lang: p.Lang, Seed: p.seed, Workers: workers, Conduct: p.Conduct}
	if s.Conduct == nil {
		s.Scale = p.Scale
	}
	return json.Marshal(s)
}

// draw makes the whole plan again.
func (s *playSpec) draw(sc *scenarios.Scenario, start time.Time) (*planned, error) {
	o := runner.PlanOptions{Seed: s.Seed, Scale: s.Scale, RunID: s.RunID, Start: start, Tool: toolInfo(), Lang: s.Lang,
		Machine: runner.ThisMachine(), Workers: s.Workers}
	if s.Conduct != nil {
		plan, list, err := runner.NewTrialPlan(sc, o, *s.Conduct)
		return &planned{Plan: plan, list: list, seed: s.Seed}, err
	}
	plan, schedule, err := runner.NewPlan(sc, o)
	return &planned{Plan: plan, schedule: schedule, seed: s.Seed}, err
}

func readSpec(data []byte) (*playSpec, error) {
	var s playSpec
	if err := strictJSON(data, &s); err != nil {
		return nil, fmt.Errorf("the play: %w", err)
	}
	if s.Version != specVersion {
		return nil, fmt.Errorf("the play: version %d, this firstbell reads %d", s.Version, specVersion)
	}
	if s.Workers < 1 || s.RunID == "" {
		return nil, fmt.Errorf("the play: %d workers, run %q", s.Workers, s.RunID)
	}
	return &s, nil
}

// calmTries is how many rejected accounts are tried again after the storm, by all
// workers together.
const calmTries = 200

// calmShare is one worker's part of them; never 0, which would mean all.
func (s *playSpec) calmShare() int { return max(1, calmTries/s.Workers) }

// shareOf is what one of several equal workers needs of a plan.
func shareOf(n results.Needs, workers int) results.Needs {
	part := func(whole int) int { return (whole + workers - 1) / workers }
	n.PeakArrivals /= float64(workers)
	n.PeakRequests /= float64(workers)
	n.PeakConnections /= float64(workers)
	n.Descriptors = part(n.Descriptors-baseDescriptors) + baseDescriptors
	n.Open, n.DialsInFlight = part(n.Open), part(n.DialsInFlight)
	n.MemoryBytes = int64(part(int(max(0, n.MemoryBytes-baseMemory)))) + baseMemory
	return n
}

// What a process takes before it has anybody to play, as the plan counts it.
const (
	baseDescriptors = 128
	baseMemory      = 96 << 20
)
