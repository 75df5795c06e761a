package reporttest

import (
	"time"

	"firstbell/runner/results"
)

// fleetOf is a sound fleet in two data centres.
func fleetOf(workers int) *FleetSpec {
	return &FleetSpec{Workers: workers, Places: []string{"Lyon", "Strasbourg"}}
}

// lossOf loses the last of 16 workers, whose people others play after a while. At
// 72 s a sixteenth of 48 people a second are its own.
func lossOf(taken time.Duration) *FleetSpec {
	f := fleetOf(16)
	f.Lost = []Lost{{Worker: 3, Why: "gone", Heard: 72 * time.Second, TakenFrom: 72*time.Second + taken}}
	return f
}

// badClock has one clock that runs away and one that was never read in between.
func badClock() *FleetSpec {
	f := fleetOf(4)
	f.Clock = func(w int) []results.ClockReading {
		out := Readings(211*time.Second, 2*time.Millisecond, 500*time.Microsecond)
		switch w {
		case 1:
			for i := range out {
				out[i].Offset += time.Duration(i) * 700 * time.Microsecond
			}
		case 2:
			out = []results.ClockReading{out[0], out[len(out)-1]}
		}
		return out
	}
	return f
}

// frozenWorker stops one of sixteen for two seconds; it wakes up before anybody
// calls it lost.
func frozenWorker() *FleetSpec {
	f := fleetOf(16)
	f.Health = func(w, second int, h *results.Health) bool {
		if w == 7 && second == 62 {
			h.Hiccup = 2 * time.Second
		}
		return w != 7 || second != 61
	}
	f.Delay = func(w, second int) time.Duration {
		if w == 7 && (second == 60 || second == 61) {
			return time.Duration(62-second) * time.Second
		}
		return 0
	}
	return f
}

// largeFleet is 60 workers in five places, of which three are lost in three ways.
func largeFleet() *FleetSpec {
	f := &FleetSpec{Workers: 60, Kind: results.FleetCluster, Places: []string{"Lyon", "Strasbourg", "Paris-Nord", "Gravelines", "Toulouse"}}
	f.Lost = []Lost{
		{Worker: 11, Why: "gone", Heard: 40 * time.Second, TakenFrom: 41400 * time.Millisecond},
		{Worker: 32, Why: "lease", Heard: 88 * time.Second, TakenFrom: 89600 * time.Millisecond, Returned: 99 * time.Second},
		{Worker: 57, Why: "silent", Heard: 120 * time.Second, TakenFrom: -1, Untaken: "no_room"},
	}
	f.Health = func(w, _ int, h *results.Health) bool {
		h.CPU, h.Descriptors = 0.2+float64(w)/200, 150+w
		return true
	}
	return f
}
