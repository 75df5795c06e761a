package report

import (
	"fmt"
	"math"
	"testing"
	"time"

	"firstbell/runner/results"
)

// ladderOf plays plateaus of rising load on a world.
func ladderOf(w *world, rates ...float64) []played {
	var out []played
	for i, rate := range rates {
		out = append(out, w.trial(fmt.Sprintf("%03d-confirm", i+1), results.StageConfirm, steadily(results.TrialPlateau, rate, 130), asked(3), uint64(i)))
	}
	return out
}

func seen(list []Signature) map[string]Signature {
	out := map[string]Signature{}
	for _, s := range list {
		if s.Seen {
			out[s.Name] = s
		}
	}
	return out
}

// only fails when other signs are seen than those named.
func only(t *testing.T, what string, list []Signature, names ...string) map[string]Signature {
	t.Helper()
	got := seen(list)
	want := map[string]bool{}
	for _, n := range names {
		want[n] = true
		if _, ok := got[n]; !ok {
			t.Errorf("%s: %s is not seen", what, n)
		}
	}
	for n, s := range got {
		if !want[n] {
			t.Errorf("%s: %s is seen: %v", what, n, s.Facts)
		}
	}
	return got
}

func fact(t *testing.T, s Signature, name string) float64 {
	t.Helper()
	f := Decimal(s.Facts[name]).Float()
	if math.IsNaN(f) {
		t.Errorf("%s: no %s in %v", s.Name, name, s.Facts)
	}
	return f
}

func TestSignQueueing(t *testing.T) {
	for seed := range 3 {
		got := only(t, "M/M/c", signaturesOf(ladderOf(chainOf(8+seed, 100, 130), 50, 110, 130), nil), "queueing")
		if g := fact(t, got["queueing"], "goodput"); math.Abs(g-100) > 5 {
			t.Errorf("goodput %v; 100 by construction", g)
		}
	}
	only(t, "nothing broke", signaturesOf(ladderOf(chainOf(8, 100, 130), 50, 70), nil))
	only(t, "constant service", signaturesOf(ladderOf(&world{servers: []int{4}, station: []int{0}, service: []float64{0.04}, constant: true}, 50, 115), nil), "queueing")
}

// TestWaitingRoomIsNoQueue (K6): those who wait on a waiting page were told to.
func TestWaitingRoomIsNoQueue(t *testing.T) {
	trials := ladderOf(chainOf(8, 100, 130), 50, 130)
	for i := range trials {
		for k := range trials[i].Series.Seconds {
			s := &trials[i].Series.Seconds[k]
			s.Waiting, s.InFlight = s.InFlight, 2
		}
	}
	only(t, "a waiting room", signaturesOf(trials, nil))
}

// tokensOf lets q logins a second in, burst at once.
func tokensOf(q, burst float64) func(float64) results.Outcome {
	tokens, last := burst, 0.0
	return func(at float64) results.Outcome {
		if at < last { // another trial
			tokens, last = burst, 0
		}
		tokens, last = math.Min(burst, tokens+(at-last)*q), at
		if tokens < 1 {
			return results.Quota
		}
		tokens--
		return results.NoOutcome
	}
}

// TestSignQuota (K4): an exact cap is a quota, at its rate within 1 %.
func TestSignQuota(t *testing.T) {
	for _, q := range []float64{40, 75, 90} {
		w := chainOf(16, 150, 200)
		w.admit = tokensOf(q, 10)
		s := only(t, "bucket", signaturesOf(ladderOf(w, 0.5*q, 1.2*q, 1.6*q), nil), "quota")["quota"]
		if got := fact(t, s, "rate"); math.Abs(got-q) > 0.01*q {
			t.Errorf("quota of %v read as %v", q, got)
		}
	}
}

// TestSignQuotaTooShort: on a plateau too short to know the cap, people turned
// away by a quota's own words still speak of no full pool.
func TestSignQuotaTooShort(t *testing.T) {
	w := chainOf(16, 150, 200)
	w.admit = tokensOf(40, 1)
	short := w.trial("001-probe", results.StageProbe, steadily(results.TrialPlateau, 120, 12), asked(3), 1)
	if b := people(&short); part(&b, results.Quota) < 0.2 {
		t.Fatalf("a quota turned away %v of the people", part(&b, results.Quota))
	}
	if s, ok := seen(signaturesOf([]played{short}, nil))["pool"]; ok {
		t.Errorf("a pool: %+v", s)
	}
}

// TestSignPool (K5): places run out in front of a busy server.
func TestSignPool(t *testing.T) {
	w := poolOf(16, 100, 1)
	w.room = 60
	only(t, "a room of 60", signaturesOf(ladderOf(w, 50, 125, 150), nil), "pool")
	// Constant service lets as regular a stream through as a quota; but those who
	// get in have waited.
	w.constant = true
	only(t, "a room of 60, constant service", signaturesOf(ladderOf(w, 50, 125, 150), nil), "pool")
}

// TestSignCrash (K10): the load at which it falls, within 5 %.
func TestSignCrash(t *testing.T) {
	const at = 90.0
	w := chainOf(16, 300, 400)
	w.down = func(_ float64, recent int) bool { return float64(recent) > 10*at }
	s := only(t, "falls at 90/s", signaturesOf(ladderOf(w, 60, 80, 97, 110), nil), "crash")["crash"]
	low, high := fact(t, s, "above"), fact(t, s, "below")
	if mid := (low + high) / 2; low > at || high < at || math.Abs(mid-at) > 0.05*at {
		t.Errorf("falls between %v and %v; at %v", low, high, at)
	}
	if d := fact(t, s, "down_s"); math.Abs(d-downFor) > 2 {
		t.Errorf("down for %v s; %v", d, downFor)
	}
}

// TestAnIntermediaryGivesUp: where everybody waits longer than a proxy does, nobody
// gets in and all fail; nothing fell and nobody was refused at once.
func TestAnIntermediaryGivesUp(t *testing.T) {
	falls := chainOf(16, 300, 400)
	falls.down = func(_ float64, recent int) bool { return float64(recent) > 900 }
	full := poolOf(16, 100, 1)
	full.room = 60
	for name, trials := range map[string][]played{"nobody gets in": ladderOf(falls, 60, 110), "some get in": ladderOf(full, 50, 125)} {
		last := &trials[len(trials)-1]
		last.Traces.status = map[uint16]uint64{200: 90, 0: 10, 504: 40}
		last.Traces.firstByte = results.NewHist(results.StepHist)
		for range 40 {
			last.Traces.firstByte.Record(5 * time.Second)
		}
		only(t, name, signaturesOf(trials, nil), "proxy_timeout")
	}
}

// withTraces is a trial of 1,000 attempts whose folder says more.
func withTraces(state results.State, offered float64, fill func(*traces)) played {
	p := played{Trial: results.Trial{Name: "001", Stage: results.StageConfirm, Conduct: steadily(results.TrialPlateau, offered, 60)},
		Series: &results.Series{}, Reading: results.Reading{State: state, Offered: offered}, Traces: tracesOf(nil)}
	p.Traces.attempts = 1000
	fill(&p.Traces)
	return p
}

func TestSignAcceptQueue(t *testing.T) {
	d := &results.Dossier{SynLadder: []float64{1, 2, 3, 4, 5, 7, 11}}
	calm := withTraces(results.StateMet, 10, func(x *traces) {
		for range 500 {
			x.connect.Record(2 * time.Millisecond)
		}
	})
	full := withTraces(results.StateNotMet, 100, func(x *traces) {
		for i := range 500 {
			x.connect.Record(time.Duration(2+i%20) * time.Millisecond)
		}
		for _, rung := range []int{1, 2, 3, 5} {
			for i := range 12 {
				x.connect.Record(time.Duration(rung)*time.Second + time.Duration(i)*time.Millisecond)
			}
		}
	})
	s := only(t, "SYN sent again", signaturesOf([]played{calm, full}, d), "accept_queue")["accept_queue"]
	if s.Facts["rungs"] != "1, 2, 3, 5" {
		t.Errorf("rungs %s", s.Facts["rungs"])
	}
	slow := withTraces(results.StateNotMet, 100, func(x *traces) {
		for i := range 5000 {
			x.connect.Record(time.Duration(i) * time.Millisecond)
		}
	})
	only(t, "slow to connect, evenly", signaturesOf([]played{calm, slow}, d))
}

func TestSignsOfExchanges(t *testing.T) {
	calm := withTraces(results.StateMet, 10, func(x *traces) {
		for range 100 {
			x.tls.Record(4 * time.Millisecond)
		}
	})
	for _, row := range []struct {
		sign string
		fill func(*traces)
	}{
		{"per_ip", func(x *traces) { x.reasons[results.ReasonThrottled] = 20 }},
		{"per_ip", func(x *traces) { x.reasons[results.ReasonChallenge] = 2 }},
		{"external", func(x *traces) { x.reasons[results.ReasonDNS] = 30 }},
		{"proxy_timeout", func(x *traces) {
			x.status[504] = 40
			for range 40 {
				x.firstByte.Record(30*time.Second + 3*time.Millisecond)
			}
		}},
		{"tls", func(x *traces) {
			for range 100 {
				x.tls.Record(300 * time.Millisecond)
			}
		}},
		{"", func(x *traces) { x.status[504] = 40 }}, // at no particular time
		{"", func(x *traces) { x.reasons[results.ReasonThrottled] = 1 }},
	} {
		list := signaturesOf([]played{calm, withTraces(results.StateNotMet, 100, row.fill)}, nil)
		if row.sign == "" {
			only(t, "none", list)
		} else {
			only(t, row.sign, list, row.sign)
		}
	}
}

func TestSignExternalByControl(t *testing.T) {
	d := &results.Dossier{Control: &results.Control{Base: results.Beheld{N: 60, P95: 0.1}, Trials: []results.Beheld{{Trial: "001", N: 60, P95: 0.9}}}}
	p := withTraces(results.StateNotMet, 100, func(*traces) {})
	s := only(t, "the control suffers", signaturesOf([]played{p}, d), "external")["external"]
	if c := s.claim(); c.Key != "sign_external_control" {
		t.Errorf("claim %s", c.Key)
	}
	d.Control.Trials[0].P95 = 0.11
	only(t, "the control does not", signaturesOf([]played{p}, d))
}
