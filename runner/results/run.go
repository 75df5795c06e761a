package results

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxPlanFile  = 256 << 20
	maxDeltaFile = 2 << 30
)

// Run is a run folder, read. Everything in it depends on the folder's bytes
// only.
type Run struct {
	Dir      string
	Plan     *Plan
	Scenario []byte // scenario.yaml
	Total    *Delta // every delta of every worker, merged; gauges of one second and step added up
	// Workers and Shares have one entry per worker, in the same order: those of
	// fleet.json too that never recorded anything.
	Workers []WorkerRun
	Shares  []Share
	// Fleet is fleet.json; nil when one process played the run.
	Fleet  *Fleet
	Events []Event
	// Ended is the end frame, or, of a fleet, what fleet.json says; How is EndedCut
	// when there is none, At and Wall then being CutAt.
	Ended Ended
	// CutAt is, for a run without an end, the end of the last second that was
	// written; 0 for a run with one.
	CutAt time.Duration
	// Seconds lists what each written second brought, all workers together,
	// in order; seconds without a delta are left out.
	Seconds []SecondRun
}

// WorkerRun is what one worker's file gave, a line of workers.json.
type WorkerRun struct {
	ID         uint32 `json:"id"`
	LastSeq    uint64 `json:"last_seq"`
	LastSecond int32  `json:"last_second"` // written second of the last delta
	Frames     int    `json:"deltas"`      // deltas counted
	Duplicates int    `json:"duplicates"`  // deltas seen before, not counted again
	Gaps       uint64 `json:"gaps"`        // sequence numbers missing below the last one, an end's included
	Ended      bool   `json:"ended"`
	Lost       bool   `json:"lost,omitempty"` // as fleet.json says
	Torn       int64  `json:"torn_bytes"`     // at the end, no whole, sound frame; ignored
	Why        string `json:"torn_why,omitempty"`
}

// SecondRun is what happened in one written second.
type SecondRun struct {
	Second   int32
	Starts   uint64           // first clicks that left
	Tries    uint64           // attempts begun
	People   [outcomes]uint64 // settled, by Outcome
	Attempts [outcomes]uint64 // ended, by Outcome
}

// Open reads a run folder, however it ended: frames are read up to the first
// that is torn or damaged, and what follows is ignored and said in Workers. A
// delta that is there twice counts once.
//
// The error is about the plan, the scenario or reading itself; a folder with
// no delta at all is a run that was cut before its first second.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	if err := r.readPlan(); err != nil {
		return nil, fmt.Errorf("open run folder: %w", err)
	}
	var err error
	if r.Fleet, err = ReadFleet(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open run folder: %w", err)
	}
	r.Total = NewDelta(0)
	if err := r.readDeltas(); err != nil {
		return nil, fmt.Errorf("open run folder: %w", err)
	}
	if err := r.readEvents(); err != nil {
		return nil, fmt.Errorf("open run folder: %w", err)
	}
	return r, nil
}

func (r *Run) readPlan() error {
	b, err := readBounded(filepath.Join(r.Dir, PlanFile), maxPlanFile)
	if err != nil {
		return err
	}
	r.Plan = new(Plan)
	if err := json.Unmarshal(b, r.Plan); err != nil {
		return fmt.Errorf("%s: %w", PlanFile, err)
	}
	if len(r.Plan.Groups) >= Folded || len(r.Plan.Intended) > len(r.Plan.Groups) {
		return fmt.Errorf("%s: arrivals of %d groups for %d groups", PlanFile, len(r.Plan.Intended), len(r.Plan.Groups))
	}
	for _, s := range r.Plan.Intended {
		if len(s) > maxSecond {
			return fmt.Errorf("%s: arrivals for %d seconds", PlanFile, len(s))
		}
	}
	r.Scenario, err = readBounded(filepath.Join(r.Dir, ScenarioFile), maxPlanFile)
	return err
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return b, err
}

func (r *Run) readDeltas() error {
	ids, err := r.workerIDs()
	if err != nil {
		return err
	}
	in := newIntake(r)
	for _, id := range ids {
		if err := in.worker(id); err != nil {
			return fmt.Errorf("%s: %w", deltaName(id), err)
		}
	}
	for _, k := range sortedKeys(in.bySecond, cmp.Compare) {
		r.Seconds = append(r.Seconds, *in.bySecond[k])
	}
	slices.SortStableFunc(r.Total.Health, func(a, b Health) int { return cmp.Compare(a.Second, b.Second) })
	if len(r.Shares) == 1 && r.Fleet == nil {
		r.Shares[0].planned(r.Plan)
	}
	r.conclude()
	return nil
}

// workerIDs lists who has a file or is named in fleet.json, in order; a run of one
// process that recorded nothing has its one worker all the same.
func (r *Run) workerIDs() ([]uint32, error) {
	files, err := os.ReadDir(filepath.Join(r.Dir, DeltaDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	ids := map[uint32]bool{}
	for _, e := range files {
		if id, ok := workerOf(e.Name()); ok {
			ids[id] = true
		}
	}
	if r.Fleet != nil {
		for _, w := range r.Fleet.Workers {
			ids[w.ID] = true
		}
	} else if len(ids) == 0 {
		ids[0] = true
	}
	return sortedKeys(ids, cmp.Compare), nil
}

// workerOf reads the number in w000.delta.
func workerOf(name string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(name, "w"), ".delta"), 10, 32)
	return uint32(n), err == nil && name == deltaName(uint32(n))
}

// conclude says how the run ended: a fleet as its coordinator says, else as its
// workers say, or cut when one of them does not.
func (r *Run) conclude() {
	if r.Fleet != nil && r.Fleet.Ended != nil {
		r.Ended = *r.Fleet.Ended
		return
	}
	whole := r.Fleet == nil
	for _, s := range r.Shares {
		whole = whole && s.Ended != nil
	}
	if whole {
		r.Ended = *r.Shares[0].Ended
		return
	}
	for _, w := range r.Workers {
		if w.Frames > 0 {
			r.CutAt = max(r.CutAt, time.Duration(w.LastSecond+1)*time.Second)
		}
	}
	r.Ended = Ended{How: EndedCut, At: r.CutAt, Wall: r.Plan.Start.Add(r.CutAt)}
}

// readEvents reads events.ndjson; a line that is no event (the last one of a
// killed run) is left out.
func (r *Run) readEvents() error {
	b, err := readBounded(filepath.Join(r.Dir, EventsFile), (maxEvents+keptForVerdict)*maxEventSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 2*maxEventSize)
	for lines.Scan() && len(r.Events) < maxEvents+keptForVerdict {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Kind != "" {
			r.Events = append(r.Events, e)
		}
	}
	slices.SortStableFunc(r.Events, func(a, b Event) int { return int(min(max(a.At-b.At, -1), 1)) })
	return nil
}
