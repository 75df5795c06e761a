package report

import (
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// Signs of how a trial failed, coarse: what one series can show.
const (
	SignQueueing  = "queueing"
	SignQuota     = "quota"
	SignWaiting   = "waiting_room"
	SignPerIP     = "per_ip"
	SignPool      = "pool"
	SignAccept    = "accept_queue"
	SignCrash     = "crash"
	SignBlank     = "blank"
	SignGenerator = "generator"
)

// blame fills what broke first, where and how; nothing of a plateau that held.
func (p *plateau) blame(r *results.Reading) {
	if r.State == results.StateMet {
		return
	}
	r.Sign = p.sign(r)
	r.First = p.first(r.Criteria)
	if r.First != "" || r.Saturated {
		r.Step = p.firstStep()
	}
}

// first is the criterion that broke first; of those that broke together the
// more severe, then the first of the file.
func (p *plateau) first(criteria []results.CriterionReading) string {
	best, at, rank := "", 0, 0
	for _, c := range criteria {
		if c.State != results.StateNotMet {
			continue
		}
		one, _ := p.criterion(c.ID)
		broke, weight := p.brokeAt(one), severityRank(one.Severity)
		if best == "" || broke < at || broke == at && weight < rank {
			best, at, rank = c.ID, broke, weight
		}
	}
	return best
}

func severityRank(s scenarios.Severity) int {
	switch s {
	case scenarios.Minor:
		return 2
	case scenarios.Major:
		return 1
	}
	return 0
}

// firstStep is the step that people piled up in: the one whose population grew
// most from the first to the last third of the load, beyond doubt. When people
// were refused rather than kept waiting, the one that refused most of them.
func (p *plateau) firstStep() string {
	best, most := "", 0.0
	for i := range p.s.Steps {
		st := &p.s.Steps[i]
		n := min(p.stopped, len(st.InFlight))
		if n < 3 {
			continue
		}
		early, late := total(st.InFlight[:n/3]), total(st.InFlight[n-n/3:])
		growth := (late - early) / float64(n/3)
		if stats.Growth([]float64{late}, []float64{early}) > 4 && growth > most {
			best, most = st.Name, growth
		}
	}
	refused, refusals := p.refusingStep()
	if float64(refusals) > most && refusals > p.sum.valid()/20 {
		return refused
	}
	return best
}

func total(xs []uint32) (sum float64) {
	for _, x := range xs {
		sum += float64(x)
	}
	return sum
}

func (p *plateau) refusingStep() (name string, most uint64) {
	for i := range p.s.Steps {
		var n uint64
		for _, ends := range p.s.Steps[i].Ends {
			for _, o := range refusals() {
				n += uint64(ends[o])
			}
		}
		if n > most {
			name, most = p.s.Steps[i].Name, n
		}
	}
	return name, most
}

func refusals() []results.Outcome {
	return []results.Outcome{results.WaitingRoom, results.Quota, results.Blank, results.Error, results.Unreachable}
}

// sign is the dominant way people failed.
func (p *plateau) sign(r *results.Reading) string {
	if slices.Contains(r.Gates, "V10") {
		return SignPerIP
	}
	if len(r.Gates) > 0 && r.State != results.StateNotMet {
		return SignGenerator
	}
	out := p.sum.Out
	waits := out[results.Timeout] + out[results.Late] + out[results.Unfinished]
	kinds := []struct {
		sign string
		n    uint64
	}{
		{SignQueueing, waits}, {SignQuota, out[results.Quota]}, {SignWaiting, out[results.WaitingRoom]},
		{SignBlank, out[results.Blank]}, {SignPool, out[results.Error]}, {SignAccept, out[results.Unreachable]},
	}
	best := slices.MaxFunc(kinds, func(a, b struct {
		sign string
		n    uint64
	}) int {
		return int(int64(a.n) - int64(b.n))
	})
	switch {
	case best.n == 0 && !r.Saturated:
		return ""
	case best.n == 0:
		return SignQueueing
	case (best.sign == SignPool || best.sign == SignAccept) && p.silent():
		return SignCrash
	}
	return best.sign
}

// silent reports whether nobody at all got in for three seconds in a row while
// load was due.
func (p *plateau) silent() bool {
	run := 0
	for i := range p.s.Seconds[:p.stopped] {
		if p.s.Seconds[i].Done > 0 || p.s.Seconds[i].Started == 0 {
			run = 0
			continue
		}
		if run++; run >= 3 && i >= p.from {
			return true
		}
	}
	return false
}
