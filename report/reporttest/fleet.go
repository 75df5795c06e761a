package reporttest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"firstbell/runner/results"
)

// FleetSpec makes a run one of several workers. Its people are dealt to them one by
// one, in the order they come.
type FleetSpec struct {
	Workers int
	Places  []string          // worker w is at Places[w mod len]; none: not declared
	Kind    results.FleetKind // remote
	Lost    []Lost
	Outages []results.Outage
	Stop    *results.FleetStop
	// Clock gives a worker's readings; nil: sound ones, every 10 s.
	Clock func(worker int) []results.ClockReading
	// Started is a worker's first instant minus the agreed one; nil: a few ms.
	Started func(worker int) time.Duration
	// Health changes one worker's record of one second; false drops it.
	Health func(worker, second int, h *results.Health) bool
	// Delay is a worker's own delay of a click due in a second, added to the mix's.
	Delay func(worker, second int) time.Duration
	// Unkept takes fleet.json away.
	Unkept bool
}

// Lost is one worker that is lost. One that comes back went on until its lease was
// over and delivers all of it; of any other nothing is kept from the second of
// Heard on.
type Lost struct {
	Worker    int
	Why       string        // silent
	Heard     time.Duration // its last sign of life; noticed 0.8 s later
	TakenFrom time.Duration // negative: nobody takes over, and Untaken says why
	Untaken   string
	Returned  time.Duration // 0: never
}

func (l Lost) noticed() time.Duration { return l.Heard + 800*time.Millisecond }
func (l Lost) expired() time.Duration { return l.Heard + 900*time.Millisecond }

// until is when it sent its last first click.
func (l Lost) until() time.Duration {
	if l.Returned > 0 {
		return l.expired()
	}
	return l.Heard.Truncate(time.Second)
}

// dealer hands people to workers.
type dealer struct {
	*FleetSpec
	n      int
	given  []int // people of a worker's own slices
	due    []int // by loss: its people due after it
	taken  [][]int
	takers int
}

func newDealer(f *FleetSpec) *dealer {
	d := &dealer{FleetSpec: f}
	if f == nil {
		d.FleetSpec = &FleetSpec{Workers: 1}
	}
	d.given, d.due = make([]int, d.Workers), make([]int, len(d.Lost))
	for range d.Lost {
		d.taken = append(d.taken, make([]int, d.Workers))
	}
	return d
}

// deal gives the next person's worker; none when nobody plays them. cut is when
// that worker is no longer heard, -1 for never.
func (d *dealer) deal(at time.Duration) (worker int, cut time.Duration, back bool) {
	worker = d.n % d.Workers
	d.n++
	d.given[worker]++
	for i, l := range d.Lost {
		if l.Worker != worker {
			continue
		}
		from := l.TakenFrom
		if from < 0 {
			from = l.expired()
		}
		if at >= from {
			d.due[i]++
		}
		switch {
		case at < l.until():
			return worker, l.until(), l.Returned > 0
		case l.TakenFrom < 0 || at < l.TakenFrom:
			return -1, -1, false
		}
		return d.taker(i), -1, false
	}
	return worker, -1, false
}

// taker picks who takes the next person of a loss over: those never lost, in turn.
func (d *dealer) taker(loss int) int {
	for {
		d.takers++
		w := d.takers % d.Workers
		if !slices.ContainsFunc(d.Lost, func(l Lost) bool { return l.Worker == w }) {
			d.taken[loss][w]++
			return w
		}
	}
}

// record is fleet.json.
func (d *dealer) record(s *Spec) *results.Fleet {
	out := &results.Fleet{Schema: results.FleetSchema, ID: "f1", Kind: d.Kind, OnLoss: "continue", Outages: d.Outages, Stop: d.Stop}
	if out.Kind == "" {
		out.Kind = results.FleetRemote
	}
	if s.Ended.How == results.EndedLoss {
		out.OnLoss = "stop"
	}
	for w := range d.Workers {
		x := results.FleetWorker{
			ID: uint32(w), Name: nameOf(w), Version: "0.0.0-test", Go: "go1.26", OS: "linux/amd64", CPUs: 4, DescLimit: 1024,
			People: d.given[w], Clock: d.clock(w, s), StartedAt: d.started(w), StartError: 300 * time.Microsecond,
			Slices: []results.Slice{{Residue: uint32(w), Modulus: uint32(d.Workers)}},
		}
		if len(d.Places) > 0 {
			x.Place = d.Places[w%len(d.Places)]
		}
		out.Workers = append(out.Workers, x)
	}
	for i, l := range d.Lost {
		out.Losses = append(out.Losses, d.loss(i, l, out))
	}
	if s.Ended.How != results.EndedCut {
		end := s.Ended
		out.Ended = &end
	}
	return out
}

func (d *dealer) loss(i int, l Lost, f *results.Fleet) results.Loss {
	out := results.Loss{
		Worker: uint32(l.Worker), Why: l.Why, Heard: l.Heard, Noticed: l.noticed(), Expired: l.expired(),
		TakenFrom: l.TakenFrom, Untaken: l.Untaken, Due: d.due[i],
	}
	if out.Why == "" {
		out.Why = "silent"
	}
	if l.Returned > 0 {
		out.Returned = &l.Returned
		f.Workers[l.Worker].Late = 4
	}
	for w, n := range d.taken[i] {
		if n > 0 {
			out.Takers = append(out.Takers, results.Taking{Worker: uint32(w), People: n,
				Slices: []results.Slice{{Residue: uint32(l.Worker + d.Workers*w), Modulus: uint32(d.Workers * d.Workers)}}})
		}
	}
	return out
}

func nameOf(w int) string { return fmt.Sprintf("w%03d", w) }

func (d *dealer) started(w int) time.Duration {
	if d.Started != nil {
		return d.Started(w)
	}
	return time.Duration(w%5) * time.Millisecond
}

// clock reads a worker's clock every 10 s; one that is lost for good is asked no
// more.
func (d *dealer) clock(w int, s *Spec) []results.ClockReading {
	if d.Clock != nil {
		return d.Clock(w)
	}
	last := s.Ended.At + time.Second
	for _, l := range d.Lost {
		if l.Worker == w && l.Returned == 0 {
			last = l.Heard
		}
	}
	return Readings(last, time.Duration(w)*100*time.Microsecond, 400*time.Microsecond)
}

// Readings are sound ones of a clock that is off by offset: before, every 10 s, and
// at the end.
func Readings(last, offset, bound time.Duration) []results.ClockReading {
	out := []results.ClockReading{{At: -2 * time.Second, Offset: offset, Error: bound, N: 16}}
	for at := 8 * time.Second; at < last; at += 10 * time.Second {
		out = append(out, results.ClockReading{At: at, Offset: offset + 50*time.Microsecond, Error: bound, N: 16})
	}
	return append(out, results.ClockReading{At: last, Offset: offset - 50*time.Microsecond, Error: bound, N: 16})
}

// writeFleet writes the folder as a coordinator does.
func writeFleet(tb testing.TB, dir string, s *Spec) {
	tb.Helper()
	plan := s.plan()
	plan.Workers = s.Fleet.Workers
	f, err := results.CreateFleet(dir, plan, []byte("version: 1\n"))
	if err != nil {
		tb.Fatal(err)
	}
	d := newDealer(s.Fleet)
	enc := results.NewEncoder(results.LimitsOf(plan))
	for w, deltas := range s.deltas(d) {
		frames, err := d.frames(enc, w, deltas, s.Ended)
		if err != nil {
			tb.Fatal(err)
		}
		for _, b := range frames {
			if _, _, err := f.Append(uint32(w), b); err != nil {
				tb.Fatal(err)
			}
		}
	}
	for _, e := range append(slices.Clone(s.Events), d.events()...) {
		if err := f.Event(e); err != nil {
			tb.Fatal(err)
		}
	}
	s.Ended.Wall = plan.Start.Add(s.Ended.At)
	if err := f.Record(d.record(s)); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(s.Ended); err != nil {
		tb.Fatal(err)
	}
	if s.Fleet.Unkept {
		if err := os.Remove(filepath.Join(dir, results.FleetFile)); err != nil {
			tb.Fatal(err)
		}
	}
}

// frames are what a worker delivered: all of it and its end, or what it had said
// before it was lost.
func (d *dealer) frames(enc *results.Encoder, worker int, deltas []*results.Delta, end results.Ended) ([][]byte, error) {
	var out [][]byte
	ends := true
	for _, l := range d.Lost {
		if l.Worker != worker {
			continue
		}
		deltas = deltas[:min(len(deltas), int((l.until()+time.Second-1)/time.Second))]
		ends = l.Returned > 0
		end = results.Ended{How: results.EndedAlone, At: l.expired(), Wall: end.Wall, Cause: "the lease was over"}
	}
	for i, x := range deltas {
		x.Worker, x.Seq = uint32(worker), uint64(i+1)
		b, err := enc.Append(nil, x)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	if !ends {
		return out, nil
	}
	b, err := enc.AppendEnd(nil, uint32(worker), uint64(len(deltas)+1), end)
	return append(out, b), err
}

// events are the flags a coordinator sets.
func (d *dealer) events() []results.Event {
	var out []results.Event
	add := func(at time.Duration, kind, worker string) {
		out = append(out, results.Event{At: at, Kind: kind, Text: worker, Fields: map[string]string{"worker": worker}})
	}
	for _, l := range d.Lost {
		add(l.noticed(), "worker_lost", nameOf(l.Worker))
		if l.TakenFrom >= 0 {
			add(l.TakenFrom, "worker_taken_over", nameOf(l.Worker))
		}
		if l.Returned > 0 {
			add(l.Returned, "worker_returned", nameOf(l.Worker))
		}
	}
	for _, o := range d.Outages {
		add(o.From, "coordinator_resumed", "")
	}
	if d.Stop != nil {
		add(d.Stop.Sent, "stop_ordered", "")
	}
	return out
}
