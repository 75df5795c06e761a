package runner

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"firstbell/runner/results"
)

// partOf is a snapshot of times to class, and of failures.
func partOf(times []time.Duration, failures int) Snapshot {
	h := results.NewHist(results.ClassHist)
	for _, d := range times {
		h.Record(d)
	}
	s := Snapshot{At: time.Minute, Intended: len(times) + failures, Started: len(times) + failures, Done: len(times), Failed: failures,
		RecentN: len(times) + failures, CPU: 0.3, DelayP99: time.Millisecond, RecentClass: spreadOf(h)}
	s.People[results.InTime], s.People[results.Quota] = len(times), failures
	s.RecentP50, s.RecentP95 = orNever(h, s.RecentN, 50), orNever(h, s.RecentN, 95)
	return s
}

// TestMergedPercentiles: parts of very different speed pool to within 5 % of the
// percentile of all their times, failures as never.
func TestMergedPercentiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, scale := range []time.Duration{2 * time.Millisecond, time.Second, time.Hour} {
		for _, failures := range []int{0, 3, 40} {
			var all []time.Duration
			var parts []Snapshot
			for w := range 5 {
				var own []time.Duration
				for range 100 * (w + 1) {
					own = append(own, min(6*time.Hour, time.Duration(float64(scale)*math.Exp(r.NormFloat64()+float64(w)))))
				}
				all = append(all, own...)
				parts = append(parts, partOf(own, failures))
			}
			whole, got := partOf(all, 5*failures), MergeSnapshots(parts)
			for _, x := range []struct{ got, want time.Duration }{{got.RecentP50, whole.RecentP50}, {got.RecentP95, whole.RecentP95}} {
				if (x.got < 0) != (x.want < 0) || math.Abs(float64(x.got-x.want)) > 0.05*math.Abs(float64(x.want)) {
					t.Errorf("scale %v, %d failures: %v, truth %v", scale, failures, x.got, x.want)
				}
			}
			if twice := MergeSnapshots([]Snapshot{MergeSnapshots(parts[:2]), MergeSnapshots(parts[2:])}); !reflect.DeepEqual(twice, got) {
				t.Errorf("merged in two stages: %+v\nat once: %+v", twice, got)
			}
		}
	}
}

// TestMergeAddsEverything: no count of a snapshot is forgotten, also of those
// still to be invented.
func TestMergeAddsEverything(t *testing.T) {
	var a Snapshot
	v := reflect.ValueOf(&a).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Int {
			f.SetInt(int64(i + 1))
		}
	}
	for i := range a.People {
		a.People[i], a.Recent[i] = i+1, i+2
	}
	a.At, a.CPU, a.DelayP99 = time.Second, 0.5, time.Second
	b := a
	b.At, b.Segment, b.CPU, b.DelayP99 = 2*time.Second, 99, 0.2, time.Hour
	got := MergeSnapshots([]Snapshot{a, b})
	g := reflect.ValueOf(got)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).Kind() == reflect.Int && name != "Segment" && g.Field(i).Int() != 2*int64(i+1) {
			t.Errorf("%s: %d", name, g.Field(i).Int())
		}
	}
	for i := range a.People {
		if got.People[i] != 2*(i+1) || got.Recent[i] != 2*(i+2) {
			t.Errorf("outcome %d: %d, %d", i, got.People[i], got.Recent[i])
		}
	}
	if got.At != 2*time.Second || got.Segment != 99 || got.CPU != 0.5 || got.DelayP99 != time.Hour {
		t.Errorf("%+v", got)
	}
	if one := MergeSnapshots([]Snapshot{a}); !reflect.DeepEqual(one, a) {
		t.Errorf("one part: %+v", one)
	}
	if none := MergeSnapshots(nil); !reflect.DeepEqual(none, Snapshot{}) {
		t.Errorf("no part: %+v", none)
	}
}

// TestSnapshotSurvivesJSON, and stays small however the times are spread.
func TestSnapshotSurvivesJSON(t *testing.T) {
	var times []time.Duration
	for d := time.Microsecond; d < 20*time.Hour; d += d/16 + 1 {
		times = append(times, d)
	}
	s := partOf(times, 7)
	s.At, s.RecentP95 = -3*time.Second, -1
	for _, s := range []Snapshot{s, {}} {
		b, err := json.Marshal(s)
		if err != nil || len(b) > 4<<10 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		var back Snapshot
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%v\n%+v\n%+v", err, s, back)
		}
	}
}

// TestMergeOfNonsense: what a broken worker says does not hurt.
func TestMergeOfNonsense(t *testing.T) {
	bad := Snapshot{RecentN: 3, RecentClass: Spread{-1: 5, 1 << 40: 7, 3: -9, math.MinInt: 1}}
	if got := MergeSnapshots([]Snapshot{bad, {RecentN: -5}, bad}); len(got.RecentClass) != 0 || got.RecentP50 != -1 {
		t.Errorf("%+v", got)
	}
}
