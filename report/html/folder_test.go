package html

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/runner/results"
)

// told is what a folder says, by the paths of summary.json.
type told map[string]string

// share is one worker's part of the folder.
type share struct {
	deltas                  []*results.Delta
	ended                   bool
	last                    int                      // written second of its last frame
	left, settled, unplayed map[int]int              // by intended second
	flying                  map[int]int              // who it says itself it left on their way
	late                    map[time.Duration]uint64 // delays of first clicks, by their bucket's end
}

type folder struct {
	*testing.T
	fleet  results.Fleet
	plan   results.Plan
	shares map[int]*share
	out    told
	// unseen and unsent are the lost worker's people, by intended second.
	unseen, unsent map[int]int
}

func recompute(t *testing.T, dir string, s *report.Summary) told {
	f := &folder{T: t, shares: map[int]*share{}, out: told{}, unseen: map[int]int{}, unsent: map[int]int{}}
	for name, into := range map[string]any{"fleet.json": &f.fleet, "plan.json": &f.plan} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range f.fleet.Workers {
		f.shares[i] = f.read(filepath.Join(dir, "deltas", fmt.Sprintf("%s.delta", f.fleet.Workers[i].Name)), i)
	}
	f.missing()
	for i := range f.fleet.Workers {
		f.worker(i, s.Generator.Workers[i].State)
	}
	f.clocks()
	f.loss()
	return f.out
}

// read takes a worker's frames.
func (f *folder) read(path string, worker int) *share {
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	x := &share{left: map[int]int{}, settled: map[int]int{}, unplayed: map[int]int{}, flying: map[int]int{}, late: map[time.Duration]uint64{}}
	dec := results.NewDecoder(results.LimitsOf(&f.plan))
	for len(b) > 0 {
		d := results.NewDelta(uint32(worker))
		frame, n, err := dec.Next(b, d)
		if err != nil {
			f.Fatal(err)
		}
		b = b[n:]
		if frame.End != nil {
			x.ended = true
			continue
		}
		x.add(d)
	}
	return x
}

func (x *share) add(d *results.Delta) {
	x.deltas, x.last = append(x.deltas, d), int(d.Written)
	for k, n := range d.Starts {
		x.left[int(k.Second)] += int(n)
	}
	for c, n := range d.People {
		switch {
		case c.Outcome == results.NotSent:
			x.unplayed[int(c.Second)] += int(n)
			continue
		case c.Reason == results.ReasonInFlight:
			x.flying[int(c.Second)] += int(n)
		}
		x.settled[int(c.Second)] += int(n)
	}
	for _, h := range d.Delay {
		h.Each(func(_, hi time.Duration, n uint64) { x.late[hi] += n })
	}
}

// missing works out whom the lost worker took with it: those who had left it and were
// not settled, those it says it had to leave on their way, and those of the plan of
// whom no worker says anything.
func (f *folder) missing() {
	l := &f.fleet.Losses[0]
	x := f.shares[int(l.Worker)]
	for s, n := range x.left {
		f.unseen[s] += n - x.settled[s] + x.flying[s]
	}
	upTo := l.Expired // it sent nothing later
	if l.TakenFrom >= 0 {
		upTo = l.TakenFrom
	}
	for s, planned := range f.plan.Intended[0] {
		n := int(planned)
		for _, y := range f.shares {
			n -= y.left[s] + y.unplayed[s]
		}
		switch due := time.Duration(s) * time.Second; {
		case n == 0:
		case !x.ended && due < upTo: // it may have sent them
			f.unseen[s] += n
		default:
			f.unsent[s] += n
		}
	}
}

func (f *folder) put(value any, parts ...any) { f.out[path(parts...)] = fmt.Sprint(value) }

// decimal is a time in seconds, to the nanosecond.
func decimal(d time.Duration) string {
	text := strconv.FormatFloat(d.Abs().Seconds(), 'f', 9, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if d < 0 {
		return "-" + text
	}
	return text
}

// worker is its rows of T13.
func (f *folder) worker(i int, state string) {
	w, x := &f.fleet.Workers[i], f.shares[i]
	put := func(name string, v any) { f.put(v, "generator.workers", i, name) }
	taken, losses := 0, 0
	for _, l := range f.fleet.Losses {
		for _, k := range l.Takers {
			if int(k.Worker) == i {
				taken += k.People
			}
		}
		if int(l.Worker) == i {
			losses++
		}
	}
	started := 0
	for _, n := range x.left {
		started += n
	}
	put("assigned", w.People)
	put("taken_over", taken)
	put("started", started)
	put("losses", losses)
	put("cpus", w.CPUs)
	put("started_at_s", decimal(w.StartedAt))
	put("start_error_s", decimal(w.StartError))
	if lost := map[bool]string{true: "returned", false: "lost"}; losses > 0 && state != lost[f.fleet.Losses[0].Returned != nil] || losses == 0 && state != "ok" && state != "warned" {
		f.Errorf("worker %d is %q", i, state)
	}
	f.delays(x, put)
	f.machine(x, put)
	offset, worst, drift := offsets(w.Clock)
	put("clock_offset_s", decimal(offset))
	put("clock_error_s", decimal(worst))
	put("clock_drift_s", decimal(drift))
}

// delays are the nearest ranks among all first clicks.
func (f *folder) delays(x *share, put func(string, any)) {
	total, seen := uint64(0), uint64(0)
	for _, n := range x.late {
		total += n
	}
	done := false
	for _, hi := range slices.Sorted(maps.Keys(x.late)) {
		seen += x.late[hi]
		if !done && seen*100 >= total*99 {
			put("delay_p99_s", decimal(hi))
			done = true
		}
		put("delay_max_s", decimal(hi))
	}
}

// machine is the worst of its seconds.
func (f *folder) machine(x *share, put func(string, any)) {
	var all []results.Health
	for _, d := range x.deltas {
		all = append(all, d.Health...)
	}
	least := func(h results.Health) int { return h.DescLimit }
	put("descriptors_max", slices.MaxFunc(all, func(a, b results.Health) int { return a.Descriptors - b.Descriptors }).Descriptors)
	put("descriptor_limit_min", slices.MinFunc(all, func(a, b results.Health) int { return least(a) - least(b) }).DescLimit)
	put("bytes_in_per_s_max", slices.MaxFunc(all, func(a, b results.Health) int { return cmp.Compare(a.BytesIn, b.BytesIn) }).BytesIn)
	put("bytes_out_per_s_max", slices.MaxFunc(all, func(a, b results.Health) int { return cmp.Compare(a.BytesOut, b.BytesOut) }).BytesOut)
	worst := 0.0
	for _, from := range all {
		sum, n := 0.0, 0
		for _, h := range all {
			if h.Second >= from.Second && h.Second < from.Second+10 {
				sum, n = sum+float64(int(h.CPU*1000+0.5))/1000, n+1
			}
		}
		worst = max(worst, sum/float64(n))
	}
	text := strconv.FormatFloat(worst, 'f', 6, 64)
	put("cpu_10s_max", strings.TrimRight(strings.TrimRight(text, "0"), "."))
}

// offsets are the offset of the surest reading, the worst bound, and how far apart two
// readings lie that cannot both be of one offset.
func offsets(all []results.ClockReading) (offset, worst, drift time.Duration) {
	surest := all[0]
	for _, a := range all {
		if a.Error < surest.Error {
			surest = a
		}
		worst = max(worst, a.Error)
		for _, b := range all {
			drift = max(drift, (a.Offset-a.Error)-(b.Offset+b.Error))
		}
	}
	return surest.Offset, worst, drift
}

// clocks is V5 and the sentence on the clocks.
func (f *folder) clocks() {
	var worst, drift, bound time.Duration
	first, last := f.fleet.Workers[0].StartedAt, f.fleet.Workers[0].StartedAt
	for _, w := range f.fleet.Workers {
		_, e, d := offsets(w.Clock)
		worst, drift, bound = max(worst, e), max(drift, d), max(bound, w.StartError)
		first, last = min(first, w.StartedAt), max(last, w.StartedAt)
	}
	f.put(decimal(worst), "fleet.clock.error_max_s")
	f.put(decimal(drift), "fleet.clock.drift_max_s")
	f.put(decimal(last-first), "fleet.clock.start_spread_s")
	f.put(decimal(2*bound), "fleet.clock.start_spread_error_s")
	f.put(decimal(worst), "V5.clock_error")
	f.put(decimal(drift), "V5.clock_drift")
	f.put(0, "V5.clock_missing")
}

// loss is what is said of it, and V6.
func (f *folder) loss() {
	l := &f.fleet.Losses[0]
	put := func(name string, v any) { f.put(v, "fleet.losses.0", name) }
	clock := func(d time.Duration) int { return f.plan.PlayFrom + int(d/time.Second) }
	put("heard_s", clock(l.Heard))
	put("noticed_after_s", decimal(l.Noticed-l.Heard))
	put("unobserved", sum(f.unseen))
	put("not_sent", sum(f.unsent))
	f.put(sum(f.unseen), "fleet.unobserved")
	from, to := -1, -1
	for _, s := range slices.Sorted(maps.Keys(f.unseen)) {
		if f.unseen[s] == 0 {
			continue
		}
		if from < 0 {
			from = s
		}
		to = s + 1
	}
	put("gap_from_s", f.plan.PlayFrom+from)
	put("gap_to_s", f.plan.PlayFrom+to)
	put("taken_s", -1)
	f.put("never", "V6.takeover")
	missing := 1 << 40 // seconds
	if taken := l.TakenFrom; taken >= 0 {
		for _, x := range l.Takers { // the last to say that it plays them
			taken = max(taken, x.At)
		}
		put("taken_s", clock(taken))
		put("taken_after_s", decimal(taken-l.Heard))
		f.put(decimal(taken-l.Heard), "V6.takeover")
		missing = int((taken + time.Second - 1) / time.Second)
	}
	put("returned_s", -1)
	if l.Returned != nil {
		put("returned_s", clock(*l.Returned))
	}
	f.lostShare(missing)
}

// lostShare is the people of the judged window whom the loss took, those still on
// their way from before it among them when the worker was missing in it.
func (f *folder) lostShare(missing int) {
	from, to := f.plan.PeakFrom-f.plan.PlayFrom, f.plan.PeakTo-f.plan.PlayFrom
	touches := int(f.fleet.Losses[0].Heard/time.Second) < to && missing > from
	gone, of := 0, 0
	for s := range to {
		if s >= from {
			of += int(f.plan.Intended[0][s])
		}
		if s >= from || touches {
			gone += f.unseen[s] + f.unsent[s]
		}
	}
	text := big.NewRat(int64(gone), int64(of)).FloatString(6)
	f.put(strings.TrimRight(strings.TrimRight(text, "0"), "."), "V6.lost_share")
}

func sum(m map[int]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}
