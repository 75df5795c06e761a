package nulltarget

import (
	"context"
	"net/netip"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// longestPause bounds the pauses of one login in a calibration.
const longestPause = 30 * time.Second

// Calm is the scenario as it is calibrated: [Towards] the sink, every pause at
// its median, and pauses of more than 30 s in all shortened in proportion. With
// drawn pauses a load takes minutes to become steady; with none, connections
// that go idle between two clicks would be kept, and their handshakes missing.
func Calm(sc *scenarios.Scenario, sink netip.AddrPort) (*scenarios.Scenario, error) {
	out, err := Towards(sc, sink)
	if err != nil {
		return nil, err
	}
	share := 1.0
	if sum := sc.OwnTime(); sum > longestPause {
		share = float64(longestPause) / float64(sum)
	}
	fixed := func(t scenarios.Think) scenarios.Think {
		d := time.Duration(float64(t.Median) * share)
		return scenarios.Think{Median: d, P95: d}
	}
	out.Personas = append([]scenarios.Persona(nil), sc.Personas...)
	for i := range out.Personas {
		out.Personas[i].Think = fixed(out.Personas[i].Think)
	}
	out.Journeys = append([]scenarios.Journey(nil), sc.Journeys...)
	for i := range out.Journeys {
		steps := append([]scenarios.Step(nil), out.Journeys[i].Steps...)
		for k := range steps {
			if p := steps[k].Pause; p != nil {
				t := fixed(*p)
				steps[k].Pause = &t
			}
		}
		out.Journeys[i].Steps = steps
	}
	return out, nil
}

// perHop is what a calm exchange with the sink may take at the 99th percentile
// under load: the lateness that gate V2 allows a click, 5 ms. A goroutine woken
// by the network waits for the same processors as one woken by a timer, so a
// machine that is allowed the one has the other too.
const perHop = 5 * time.Millisecond

// rehearse walks each journey once, calmly, against the sink. It finds out
// whether the recording replays at all, and how long a login takes when nothing
// waits for a processor: p99 under load may be longer by 2 % of the time
// criterion, but not less than 5 ms for each exchange that waits for the one
// before (methods: p99 at most 2 % of T; a loopback of 20 exchanges in a row
// cannot be held to 20 ms).
func (c *calibration) rehearse(ctx context.Context) error {
	o := c.cfg.Plan
	o.Seed, o.Start = c.cfg.Tape.Seed, time.Now()
	plan, _, err := runner.NewTrialPlan(c.calm, o, results.Conduct{Kind: results.TrialCalibration, LoginOnly: true,
		Segments: []results.Segment{{Name: "rehearsal", Rate: 1, Length: time.Second}}})
	if err != nil {
		return err
	}
	clock := c.cfg.Clock(o.Start)
	rig, err := c.cfg.Rig(c.calm, plan, clock, c.guard)
	if err != nil {
		return err
	}
	defer rig.close()
	order := c.order()
	next := 0
	driver := newReplayer(rig.Driver, c.cfg.Tape, func(uint32) runner.Part { // Smoke walks one after the other
		next++
		return order[min(next, len(order))-1]
	})
	traces, err := runner.Smoke(ctx, runner.SmokeConfig{Scenario: c.calm, Plan: plan, Driver: driver, Guard: c.guard, Clock: clock})
	if err != nil {
		return err
	}
	if problems := runner.Problems(traces); problems != "" {
		c.out.Why = "the recorded journey does not replay: " + problems
		return nil
	}
	for _, t := range traces {
		took, rounds := loginOf(t)
		c.out.Limit = max(c.out.Limit, took+max(c.cfg.Limit/50, time.Duration(rounds)*perHop))
	}
	return nil
}

// order is what Smoke walks, in its order.
func (c *calibration) order() []runner.Part {
	var out []runner.Part
	for i := range c.calm.Personas {
		if _, ok := c.cfg.Tape.Accounts[c.calm.Personas[i].ID]; !ok {
			continue
		}
		for _, share := range c.calm.Personas[i].Journeys {
			out = append(out, runner.Part{Persona: i, Journey: share.Index})
		}
	}
	return out
}

// atOnce is how many calls and files of a page are asked for together.
const atOnce = 6

// loginOf is how long a walk took up to the page in class, and in how many
// exchanges one after the other.
func loginOf(t runner.Trace) (took time.Duration, rounds int) {
	for _, st := range t.Steps {
		took += st.Took
		together := 0
		for _, h := range st.Hops {
			if h.Number > 0 {
				rounds++
			} else {
				together++
			}
		}
		rounds += (together + atOnce - 1) / atOnce
		if st.InClass && st.Outcome == results.InTime {
			break
		}
	}
	return took, rounds
}
