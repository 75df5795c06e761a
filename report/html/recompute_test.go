package html

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firstbell/report"
	"firstbell/report/reporttest"
	"firstbell/runner/results"

	"golang.org/x/net/html"
)

// TestTheFleetsNumbersCanBeRecomputed reads folders of fleets that lost a worker, and
// works out again, from fleet.json, plan.json and the frames alone, each number that
// S13 prints of the workers, the losses, the clocks and gates V5 and V6, and who is in
// which state on the map.
func TestTheFleetsNumbersCanBeRecomputed(t *testing.T) {
	for seed := range uint64(6) {
		spec := anyFleet(seed)
		run, sc := reporttest.Build(t, spec)
		s, err := report.Judge(run, sc)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compare(t, s, recompute(t, run.Dir, s)) })
	}
}

// anyFleet draws a fleet of which one worker is lost, and perhaps comes back.
func anyFleet(seed uint64) reporttest.Spec {
	r := rand.New(rand.NewPCG(seed, 11))
	workers := 2 + r.IntN(14)
	ms := func(n int) time.Duration { return time.Duration(r.IntN(n)) * time.Millisecond }
	lost := reporttest.Lost{Worker: r.IntN(workers), Heard: 20*time.Second + ms(60_000), Why: "gone"}
	lost.TakenFrom = lost.Heard + time.Second + ms(3000)
	switch seed % 3 {
	case 1:
		lost.TakenFrom, lost.Untaken = -1, "no_room"
	case 2:
		lost.Returned = lost.Heard + 10*time.Second + ms(5000)
	}
	offset, bound := ms(40)-20*time.Millisecond, 100*time.Microsecond+ms(2)
	cpu, files, in := r.Float64()/2, 100+r.IntN(300), int64(r.IntN(1_000_000))
	return reporttest.Spec{
		Seed: seed, Play: 100, PeakFrom: 20, PeakTo: 90, Criteria: reporttest.Standard(), Mix: drawnMix(seed),
		Fleet: &reporttest.FleetSpec{
			Workers: workers, Places: []string{"Lyon", "", "Strasbourg"}[:1+r.IntN(3)], Lost: []reporttest.Lost{lost},
			Delay: func(w, second int) time.Duration { return time.Duration((w*37+second*11)%90) * time.Millisecond },
			Health: func(w, second int, h *results.Health) bool {
				h.CPU, h.Descriptors, h.DescLimit = cpu+float64((w+second)%7)/100, files+(w*second)%50, 1024-second%3
				h.BytesIn, h.BytesOut = in+int64(w*second), in/3+int64(second)
				return true
			},
			Clock: func(w int) []results.ClockReading {
				out := reporttest.Readings(131*time.Second, offset+time.Duration(w)*time.Millisecond, bound)
				out[w%len(out)].Offset -= time.Duration(3+w*3%7) * time.Millisecond
				out[(w+2)%len(out)].Error += time.Duration(w) * 100 * time.Microsecond
				return out
			},
			Started: func(w int) time.Duration { return time.Duration(w*w)*time.Millisecond - 20*time.Millisecond },
		},
	}
}

// drawnMix has people who are in quickly, or still on their way when a worker goes,
// or never sent.
func drawnMix(seed uint64) func(second, group int) []reporttest.People {
	return func(second, _ int) []reporttest.People {
		r := rand.New(rand.NewPCG(seed, uint64(second)))
		return []reporttest.People{
			{N: 5 + r.IntN(30), Outcome: results.InTime, Took: 200*time.Millisecond + time.Duration(r.IntN(5000))*time.Millisecond},
			{N: r.IntN(3), Outcome: results.Timeout, Reason: results.ReasonImpatient, Took: 12 * time.Second},
		}
	}
}

// compare holds the page's marks, and summary.json with them, against the folder.
func compare(t *testing.T, s *report.Summary, want told) {
	used := map[string]bool{}
	for _, n := range elements(t, render(t, s, "fr")) {
		if n.Type != html.ElementNode || n.Data != "section" || attr(n, "id") != "tool" {
			continue
		}
		for d := range n.Descendants() {
			if d.Data != "data" {
				continue
			}
			key := attr(d, "data-k")
			named := gateName(s, key)
			w, ok := want[named]
			used[named] = true
			if part, _, _ := strings.Cut(named, "."); !ok && slices.Contains([]string{"fleet", "generator", "V5", "V6"}, part) {
				t.Errorf("%s is printed, and not worked out again", named)
			}
			if ok && (attr(d, "value") != w || !writes(key, w, content(d))) {
				t.Errorf("%s: printed %q of %q; the folder says %q", named, content(d), attr(d, "value"), w)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !used[key] && want[key] != "-1" && !isUnprinted(key) {
			t.Errorf("%s = %s is not printed", key, want[key])
		}
	}
	compareMap(t, s)
}

// isUnprinted: a gap is in words only where there is one, a drift of nothing is none,
// and the one machine table shows at most some workers.
func isUnprinted(key string) bool {
	return strings.Contains(key, ".gap_") || key == "fleet.clock.drift_max_s" || strings.HasPrefix(key, "generator.workers.") || key == "fleet.unobserved" || key == "V6.takeover"
}

// gateName names a measured value of a gate by the gate and the measure.
func gateName(s *report.Summary, key string) string {
	p := strings.Split(key, ".")
	if len(p) != 5 || p[0] != "validity" || p[4] != "measured" {
		return key
	}
	i, _ := strconv.Atoi(p[1])
	j, _ := strconv.Atoi(p[3])
	return s.Validity[i].ID + "." + s.Validity[i].Measures[j].Name
}

// compareMap counts the drawings of the map by their shape.
func compareMap(t *testing.T, s *report.Summary) {
	want := map[string]int{}
	for _, w := range s.Generator.Workers {
		want["worker-"+w.State]++
	}
	got := map[string]int{}
	for _, n := range elements(t, render(t, s, "fr")) {
		if n.Data != "svg" || !strings.HasPrefix(attr(n, "aria-labelledby"), "f15w") {
			continue
		}
		for d := range n.Descendants() {
			if class := attr(d, "class"); strings.HasPrefix(class, "worker-") && class != "worker-cross" {
				got[class]++
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the map shows %v; want %v", got, want)
	}
}
