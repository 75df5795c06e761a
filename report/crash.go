package report

import (
	"firstbell/runner/results"
)

// gap is seconds in which nobody got in although people were due and came; whole
// when somebody did again.
type gap struct {
	from, to int
	whole    bool
}

const leastGap = 3 // seconds

// gapsOf finds the stretches of a trial in which the target was gone: nobody in
// class for three seconds and more although some were before, and people whose
// connection was refused or cut, or who were told that the server is down. Queues
// have no such gaps: what is served comes out at the capacity all the time.
func gapsOf(p *played) []gap {
	var out []gap
	if p.gaveUp() {
		return nil
	}
	s := p.Series.Seconds
	to := min(len(s), max(p.Series.Played, p.Reading.To))
	usual := float64(loginsOf(p.Series)) / float64(max(1, len(s)))
	began := false
	for t := 0; t < to; t++ {
		if s[t].Done > 0 {
			began = true
			continue
		}
		end, failed := t, uint64(0)
		for ; end < to && s[end].Done == 0; end++ {
			failed += uint64(s[end].Settled[results.Unreachable]) + uint64(s[end].Settled[results.Error])
		}
		// With usual people a second, so many seconds of nobody are no accident.
		if began && end-t >= leastGap && usual*float64(end-t) > 20 && failed > 0 {
			out = append(out, gap{t, end, end < to})
		}
		t = end
	}
	return out
}

// crash: goodput falls to nothing and comes back, and does so again. The load it
// happens at lies between the highest that was held without and the lowest with.
func (e *signsEvidence) crash() Signature {
	out := Signature{Name: "crash"}
	var n, whole, length, open int
	held, fell := 0.0, 0.0
	for i := range e.all {
		p := &e.all[i]
		gaps := gapsOf(p)
		for _, g := range gaps {
			n++
			if g.whole {
				whole, length = whole+1, length+g.to-g.from
			} else {
				open += g.to - g.from
			}
		}
		if len(gaps) > 0 && out.Trial == "" {
			out.Seen, out.Trial = true, p.Name
		}
		if p.Conduct.Kind != results.TrialPlateau || p.Stage == results.StageProbe || len(p.Conduct.Segments) == 0 {
			continue
		}
		rate := p.Conduct.Segments[len(p.Conduct.Segments)-1].Rate
		if len(gaps) == 0 && p.Reading.State == results.StateMet {
			held = max(held, rate)
		}
		if len(gaps) > 0 && (fell == 0 || rate < fell) {
			fell = rate
		}
	}
	if !out.Seen {
		return out
	}
	if whole == 0 { // it never came back: down for at least so long
		whole, length = n, open
	}
	out.Facts = map[string]string{"crashes": digits(float64(n), 0), "down_s": digits(float64(length)/float64(whole), 0)}
	if held > 0 {
		out.Facts["above"] = digits(held, 1)
	}
	if fell > 0 {
		out.Facts["below"] = digits(fell, 1)
	}
	return out
}
