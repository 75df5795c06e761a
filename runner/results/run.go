package results

import (
	"bufio"
	"bytes"
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
	Total    *Delta // every delta of every worker, merged
	Workers  []WorkerRun
	Events   []Event
	// Ended is the end frame; How is EndedCut when there is none, At and Wall
	// then being CutAt.
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
	Gaps       uint64 `json:"gaps"`        // sequence numbers missing below LastSeq
	Ended      bool   `json:"ended"`
	Torn       int64  `json:"torn_bytes"` // at the end, no whole, sound frame; ignored
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
	files, err := os.ReadDir(filepath.Join(r.Dir, DeltaDir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	bySecond := map[int32]*SecondRun{}
	var ends []Ended
	for _, e := range files {
		id, ok := workerOf(e.Name())
		if !ok {
			continue
		}
		b, err := readBounded(filepath.Join(r.Dir, DeltaDir, e.Name()), maxDeltaFile)
		if err != nil {
			return err
		}
		w, end := r.readWorker(id, b, bySecond)
		if w.Frames == 0 && w.Why == errVersion.Error() {
			return fmt.Errorf("%s: %w", e.Name(), errVersion) // not a run that was cut
		}
		r.Workers = append(r.Workers, w)
		if end != nil {
			ends = append(ends, *end)
		}
	}
	slices.SortFunc(r.Workers, func(a, b WorkerRun) int { return int(int64(a.ID) - int64(b.ID)) })
	for _, k := range sortedKeys(bySecond, func(a, b int32) int { return int(a - b) }) {
		r.Seconds = append(r.Seconds, *bySecond[k])
	}
	slices.SortStableFunc(r.Total.Health, func(a, b Health) int { return a.Second - b.Second })
	slices.SortStableFunc(r.Total.Gauges, func(a, b Gauge) int { return int(a.Second - b.Second) })
	r.conclude(ends)
	return nil
}

// workerOf reads the number in w000.delta.
func workerOf(name string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(name, "w"), ".delta"), 10, 32)
	return uint32(n), err == nil && name == deltaName(uint32(n))
}

// conclude says how the run ended: as its workers say, or cut when one of them
// does not.
func (r *Run) conclude(ends []Ended) {
	if len(ends) > 0 && len(ends) == len(r.Workers) {
		r.Ended = ends[0]
		return
	}
	for _, w := range r.Workers {
		if w.Frames > 0 {
			r.CutAt = max(r.CutAt, time.Duration(w.LastSecond+1)*time.Second)
		}
	}
	r.Ended = Ended{How: EndedCut, At: r.CutAt, Wall: r.Plan.Start.Add(r.CutAt)}
}

func (r *Run) readWorker(id uint32, b []byte, bySecond map[int32]*SecondRun) (w WorkerRun, end *Ended) {
	w.ID = id
	dec, d := NewDecoder(LimitsOf(r.Plan)), NewDelta(id)
	seen := map[uint64]struct{}{}
	for len(b) > 0 && end == nil {
		f, n, err := dec.Next(b, d)
		if err == nil && f.Worker != id {
			err = fmt.Errorf("frame of worker %d", f.Worker)
		}
		if err != nil {
			w.Torn, w.Why = int64(len(b)), err.Error()
			break
		}
		b = b[n:]
		if f.End != nil {
			end = f.End
			continue
		}
		if _, dup := seen[f.Seq]; dup {
			w.Duplicates++
			continue
		}
		seen[f.Seq] = struct{}{}
		w.Frames++
		w.LastSeq = max(w.LastSeq, f.Seq)
		w.LastSecond = max(w.LastSecond, d.Written)
		r.Total.Merge(d)
		addSecond(bySecond, d)
	}
	if end != nil && len(b) > 0 {
		w.Torn, w.Why = int64(len(b)), "bytes after the end of the run"
	}
	w.Ended = end != nil
	w.Gaps = w.LastSeq - uint64(len(seen))
	if _, zero := seen[0]; zero { // no sound writer numbers from 0
		w.Gaps++
	}
	return w, end
}

func addSecond(m map[int32]*SecondRun, d *Delta) {
	s, ok := m[d.Written]
	if !ok {
		s = &SecondRun{Second: d.Written}
		m[d.Written] = s
	}
	for _, n := range d.Starts {
		s.Starts += uint64(n)
	}
	for _, n := range d.Tries {
		s.Tries += uint64(n)
	}
	for k, n := range d.People {
		s.People[k.Outcome] += uint64(n)
	}
	for k, n := range d.Attempts {
		s.Attempts[k.Outcome] += uint64(n)
	}
}

// readEvents reads events.ndjson; a line that is no event (the last one of a
// killed run) is left out.
func (r *Run) readEvents() error {
	b, err := readBounded(filepath.Join(r.Dir, EventsFile), maxEvents*maxEventSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 2*maxEventSize)
	for lines.Scan() && len(r.Events) < maxEvents {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Kind != "" {
			r.Events = append(r.Events, e)
		}
	}
	slices.SortStableFunc(r.Events, func(a, b Event) int { return int(min(max(a.At-b.At, -1), 1)) })
	return nil
}
