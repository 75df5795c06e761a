package results

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sec = time.Second

// oneOfEach is a delta whose every number is known.
func oneOfEach() *Delta {
	d := NewDelta(0)
	d.AddStart(Start{Group: 1, Intended: 12*sec + 1, Sent: 13*sec + 1}) // just on time
	d.AddStart(Start{Group: 1, Intended: 12 * sec, Sent: 13*sec + 1})   // just not
	d.AddLater(21*sec, 22*sec)
	d.AddAttemptStart(1, 21*sec)
	d.AddAttempt(Attempt{Group: 1, Number: 1, Intended: 12 * sec, Outcome: Quota, Reason: ReasonQuotaPage})
	d.AddAttempt(Attempt{Group: 1, Number: 2, Intended: 21 * sec, Outcome: Late})
	d.AddPerson(Person{Group: 1, Intended: 12 * sec, Outcome: Late, Attempts: 3, TimeToClass: 11 * sec, OwnTime: 4 * sec,
		Waited: 2 * sec, ClassLost: 5 * sec, MidWorkLoss: ReasonServerError})
	d.AddPerson(Person{Group: 1, Intended: 12 * sec, Outcome: Quota, Reason: ReasonQuotaPage, Attempts: 1, GaveUp: true, StillTrying: true})
	d.AddStep(Sample{Step: 1, Intended: 21 * sec, Sent: 22 * sec, Done: 25 * sec, Inside: 2 * sec, Outcome: InTime})
	d.AddHop(Hop{Step: 1, Number: 2, Host: 0, Status: 302, Reused: true, FirstByte: sec, BytesIn: 10, BytesOut: 20, Intended: 21 * sec})
	d.AddHop(Hop{Step: 1, Number: 2, Host: 0, Status: 302, Connect: sec, FirstByte: sec, BytesIn: 1, BytesOut: 2, Intended: 21 * sec})
	d.AddSign(Sign{Step: 1, Status: 503, Outcome: Error, Reason: ReasonBackendDown, Text: " Indisponible\n ", At: 9 * sec})
	d.AddSign(Sign{Step: 1, Status: 503, Outcome: Error, Reason: ReasonBackendDown, Text: " Indisponible\n ", At: 7 * sec})
	d.AddHealth(Health{Second: 3, CPU: 0.5})
	d.AddGauge(Gauge{Second: 3, Step: 1, People: 4, Inside: time.Second})
	return d
}

// histOf is a step histogram of these durations.
func histOf(kind HistKind, v ...time.Duration) *Hist {
	h := NewHist(kind)
	for _, x := range v {
		h.Record(x)
	}
	return h
}

func TestDeltaHoldsWhatWasAdded(t *testing.T) {
	k12, k21 := GroupSecond{1, 12}, GroupSecond{1, 21}
	want := &Delta{
		Starts:   map[GroupSecond]uint32{k12: 2},
		OnTime:   map[GroupSecond]uint32{k12: 1},
		Delay:    map[int32]*Hist{1: histOf(StepHist, sec, sec+1)},
		Later:    map[int32]*Hist{2: histOf(StepHist, sec)},
		Tries:    map[GroupSecond]uint32{k12: 2, k21: 1},
		People:   map[Cell]uint32{{1, Late, NoReason, 12}: 1, {1, Quota, ReasonQuotaPage, 12}: 1},
		Attempts: map[Cell]uint32{{1, Quota, ReasonQuotaPage, 12}: 1, {1, Late, NoReason, 21}: 1},
		Beside: map[GroupSecond]*Beside{k12: {GaveUp: 1, StillTrying: 1, Retries: 2, Waited: 2 * sec, WaitedN: 1,
			ClassLost: 5 * sec, ClassLostN: 1, OwnTime: 4 * sec}},
		MidWork: map[Cell]uint32{{1, Error, ReasonServerError, 12}: 1},
		Class:   map[ClassKey]*Hist{{1, 1}: histOf(ClassHist, 11*sec)},
		Steps: map[StepKey]*Hist{{1, FromIntended, 2}: histOf(StepHist, 4*sec),
			{1, FromSent, 2}: histOf(StepHist, 3*sec)},
		Ends:  map[StepCell]uint32{{1, InTime, NoReason, 2}: 1},
		Spent: map[StepTen]time.Duration{{1, 2}: 2 * sec},
		Hops: map[HopKey]*Hist{{1, 2, 0, PhaseFirstByte, 2}: histOf(StepHist, sec, sec),
			{1, 2, 0, PhaseConnect, 2}: histOf(StepHist, sec)},
		Sent:   map[HopCell]*HopCount{{1, 2, 0, 302}: {N: 2, Reused: 1, BytesIn: 11, BytesOut: 22}},
		Signs:  map[SignKey]*SignCount{{1, 0, 503, Error, ReasonBackendDown, "Indisponible"}: {N: 2, First: 7 * sec, Last: 9 * sec}},
		Health: []Health{{Second: 3, CPU: 0.5}},
		Gauges: []Gauge{{3, 1, 4, time.Second}},
		series: map[int32]int{2: 2},
		texts:  1,
	}
	if diff := cmp.Diff(want, oneOfEach(), sameDelta); diff != "" {
		t.Error(diff)
	}
}

// Adding everything twice, and merging it into itself, are the same.
func TestMergeAddsEverything(t *testing.T) {
	sum := NewDelta(0)
	sum.Merge(oneOfEach())
	if diff := cmp.Diff(oneOfEach(), sum, sameDelta); diff != "" {
		t.Fatal(diff)
	}
	sum.Merge(oneOfEach())
	k := GroupSecond{1, 12}
	got := []any{sum.Starts[k], sum.OnTime[k], sum.Tries[k], sum.Delay[1].Count(), sum.Later[2].Count(), sum.People[Cell{1, Late, NoReason, 12}],
		sum.Attempts[Cell{1, Late, NoReason, 21}], *sum.Beside[k], sum.MidWork[Cell{1, Error, ReasonServerError, 12}],
		sum.Class[ClassKey{1, 1}].Count(), sum.Steps[StepKey{1, FromSent, 2}].Count(), sum.Ends[StepCell{1, InTime, NoReason, 2}],
		sum.Hops[HopKey{1, 2, 0, PhaseFirstByte, 2}].Count(), *sum.Sent[HopCell{1, 2, 0, 302}], len(sum.Signs), len(sum.Health), len(sum.Gauges), sum.Spent[StepTen{1, 2}]}
	want := []any{uint32(4), uint32(2), uint32(4), uint64(4), uint64(2), uint32(2), uint32(2),
		Beside{GaveUp: 2, StillTrying: 2, Retries: 4, Waited: 4 * sec, WaitedN: 2, ClassLost: 10 * sec, ClassLostN: 2, OwnTime: 8 * sec},
		uint32(2), uint64(2), uint64(2), uint32(2), uint64(4), HopCount{N: 4, Reused: 2, BytesIn: 22, BytesOut: 44}, 1, 2, 2, 4 * sec}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEventsAreBoundedAndSurviveATornLine(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir, testPlan(1, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxEvents + 5 {
		if err := f.Event(Event{At: time.Duration(-i), Kind: "signal", Text: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Event(Event{Kind: "signal", Text: strings.Repeat("x", maxEventSize)}); err == nil {
		t.Error("an event larger than its bound was taken")
	}
	if err := f.Close(Ended{How: EndedPlanned}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, EventsFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("not JSON\n{}\n"), b[:len(b)-5]...), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Events) != maxEvents-1 || r.Events[0].At > r.Events[1].At {
		t.Errorf("%d events, want %d in order", len(r.Events), maxEvents-1)
	}
}

func TestSecondsAreThoseWritten(t *testing.T) {
	dir := t.TempDir()
	p := testPlan(2, 30)
	f, err := Create(dir, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := oneOfEach()
	d.Written = 25
	if err := f.Append(d); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(Ended{How: EndedPlanned}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := SecondRun{Second: 25, Starts: 2, Tries: 3}
	want.People[Late], want.People[Quota], want.Attempts[Late], want.Attempts[Quota] = 1, 1, 1, 1
	if diff := cmp.Diff([]SecondRun{want}, r.Seconds); diff != "" {
		t.Error(diff)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ plan, want string }{
		"nothing":         {"", "plan.json"},
		"not JSON":        {"{", "plan.json"},
		"too many groups": {`{"intended":[[1],[2]],"groups":[{"persona":"x"}]}`, "arrivals of 2 groups for 1"},
	} {
		dir := t.TempDir()
		if c.plan != "" {
			if err := os.WriteFile(filepath.Join(dir, PlanFile), []byte(c.plan), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
