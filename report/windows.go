package report

import "firstbell/runner/results"

// maxWindows bounds the tables over time: what a reader can go through.
const maxWindows = 60

// Window is one row of the tables over time: the people due in it, how long
// they needed, and how late the tool was.
type Window struct {
	Window   Span    `json:"window"`
	People   Ledger  `json:"people"`
	Refused  uint64  `json:"waiting_or_refused"` // waiting_room + quota
	Failed   uint64  `json:"failed"`             // blank, error, timeout, unreachable
	P50      Decimal `json:"p50_s"`
	P95      Decimal `json:"p95_s"`
	P99      Decimal `json:"p99_s"`
	DelayP99 Decimal `json:"delay_p99_s"`
	DelayMax Decimal `json:"delay_max_s"`
	InFlight int     `json:"in_flight"` // highest gauge, -1 where nothing was observed
	Waiting  int     `json:"waiting"`   // highest gauge, -1 where nothing was observed
}

// windowWidth is a round number of seconds that cuts length into at most
// maxWindows rows.
func windowWidth(length int) int {
	for _, w := range []int{10, 20, 30, 60, 120, 300, 600, 900, 1800} {
		if length <= w*maxWindows {
			return w
		}
	}
	return (length/maxWindows/3600 + 1) * 3600
}

func (t *tally) windows() []Window {
	width := windowWidth(t.play)
	n := max(1, (t.play+width-1)/width)
	inFlight := t.gauge(width, n, func(h results.Health) int { return h.InFlight })
	waiting := t.gauge(width, n, func(h results.Health) int { return h.Waiting })
	delays, out := t.delays(t.run.Total.Delay), make([]Window, n)
	for i := range out {
		s := span{i * width, min((i+1)*width, t.play)}
		b, d := t.sum(s, nil), t.times(s, nil)
		out[i] = Window{
			Window: t.clockSpan(s), People: b.ledger(), InFlight: inFlight[i], Waiting: waiting[i],
			P50: d.decimal(p50), P95: d.decimal(p95), P99: d.decimal(p99),
		}
		l := out[i].People
		out[i].Refused, out[i].Failed = l.WaitingRoom+l.Quota, l.Blank+l.Error+l.Timeout+l.Unreachable
		out[i].DelayP99, out[i].DelayMax = delayIn(delays, s)
	}
	return out
}

// delayIn is the generator's delay over whole blocks of 10 s.
func delayIn(delays []distribution, s span) (high, top Decimal) {
	var found []bucket
	for ten := s.from / 10; ten < min((s.to+9)/10, len(delays)); ten++ {
		found = append(found, delays[ten].buckets...)
	}
	d := newDistribution(found, 0)
	if d.n() == 0 {
		return "", ""
	}
	return d.decimal(p99), seconds(d.max())
}
