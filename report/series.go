package report

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// maxBins bounds every series, so that a report has the same size whatever the
// number of people and the length of the morning.
const maxBins = 400

// bins is the smallest multiple of grain that cuts length into at most maxBins
// pieces, and how many pieces that makes.
func bins(length, grain int) (width, n int) {
	width = grain
	for (length+width-1)/width > maxBins {
		width += grain
	}
	return width, max(1, (length+width-1)/width)
}

func (t *tally) series(s *Summary, sc *scenarios.Scenario) {
	s.Timeline = t.timeline()
	s.Strip = t.strips(sc)
	s.HeatMap = t.heatMap()
	s.Percentiles = t.percentiles()
	s.Windows = t.windows()
	s.Curve = t.curve(sc)
	s.Generator = t.generator()
}

// length is the seconds a time axis covers: the played window, and what came
// after it until all were settled.
func (t *tally) length() int { return max(t.play, t.end) }

// observed is how far the played window was played. A run that ended as planned
// has played all of it, also when the last person was settled before its end.
func (t *tally) observed() int {
	if t.run.Ended.How == results.EndedPlanned {
		return max(t.play, t.end)
	}
	return t.end
}

func (t *tally) timeline() Timeline {
	width, n := bins(t.length(), 1)
	l := Timeline{From: t.clock(0), Bin: width, Observed: t.clock(t.observed())}
	series := []*[]int{
		&l.Intended, &l.Started, &l.NotSent, &l.InTime, &l.Late, &l.WaitingRoom, &l.Quota, &l.Blank, &l.Error,
		&l.Timeout, &l.Unreachable, &l.Invalid, &l.Unfinished, &l.Attempts,
	}
	for _, x := range series {
		*x = make([]int, n)
	}
	for _, r := range t.rows {
		i := r.second / width
		if i < 0 || i >= n {
			continue
		}
		g := r.ledger()
		for k, v := range []uint64{
			g.Intended, g.Started, g.NotSent, g.InTime, g.Late, g.WaitingRoom, g.Quota, g.Blank, g.Error,
			g.Timeout, g.Unreachable, g.Invalid, g.Unfinished,
		} {
			(*series[k])[i] += int(v)
		}
	}
	for _, a := range t.ledgers.Attempts.Seconds {
		if i := int(a.Second) / width; i >= 0 && i < n {
			l.Attempts[i] += int(a.Started)
		}
	}
	l.InFlight = t.gauge(width, n, func(h results.Health) int { return h.InFlight })
	l.Waiting = t.gauge(width, n, func(h results.Health) int { return h.Waiting })
	return l
}

// gauge is the highest value of each bin, the workers of one second added up;
// -1 where nothing was recorded.
func (t *tally) gauge(width, n int, read func(results.Health) int) []int {
	out := slices.Repeat([]int{-1}, n)
	second, sum := -1, 0
	put := func() {
		if i := second / width; second >= 0 && i < n {
			out[i] = max(out[i], sum)
		}
	}
	for _, h := range t.seconds(t.run.Total.Health) {
		if h.Second != second {
			put()
			second, sum = h.Second, 0
		}
		sum += read(h)
	}
	put()
	return out
}

// strips is one row per blocking criterion.
func (t *tally) strips(sc *scenarios.Scenario) []StripRow {
	out := []StripRow{}
	for _, c := range sc.Criteria.List {
		if c.Severity == scenarios.Major || c.Severity == scenarios.Minor {
			continue
		}
		width, n := bins(t.play, 10)
		row := StripRow{ID: c.ID, From: t.clock(0), Bin: width, Cells: make([]StripCell, n)}
		for i := range row.Cells {
			row.Cells[i] = t.stripCell(c, span{i * width, (i + 1) * width})
		}
		out = append(out, row)
	}
	return out
}

func (t *tally) stripCell(c scenarios.Criterion, s span) StripCell {
	b := t.sum(s, nil)
	return t.cell(c, s, &b, nil)
}

// The heat map's rows: the same in every report, so that runs compare.
const heatRows = 32

// heatEdges are heatRows+1 durations from 0.05 s to 120 s on a logarithmic
// scale, rounded to the millisecond.
func heatEdges() []time.Duration {
	out := make([]time.Duration, heatRows+1)
	for i := range out {
		s := 0.05 * math.Pow(120/0.05, float64(i)/heatRows)
		out[i] = time.Duration(math.Round(s*1000)) * time.Millisecond
	}
	return out
}

func (t *tally) heatMap() HeatMap {
	grain := 20
	if t.play < 400 {
		grain = 10
	}
	width, n := bins(t.play, grain)
	edges := heatEdges()
	m := HeatMap{From: t.clock(0), Bin: width, Never: make([]int, n), Rows: make([][]int, heatRows), Total: make([]int, heatRows)}
	for _, e := range edges {
		m.Edges = append(m.Edges, seconds(e))
	}
	for r := range m.Rows {
		m.Rows[r] = make([]int, n)
	}
	for i := range n {
		d := t.times(span{i * width, (i + 1) * width}, nil)
		m.Never[i] = int(d.never)
		m.Gone += m.Never[i]
		m.Max = max(m.Max, int(d.never))
		for _, b := range d.buckets {
			r, _ := slices.BinarySearch(edges[1:heatRows], b.Hi)
			m.Rows[r][i] += int(b.N)
			m.Total[r] += int(b.N)
			m.Max = max(m.Max, m.Rows[r][i])
		}
	}
	return m
}

var (
	p50  = big.NewRat(50, 100)
	p75  = big.NewRat(75, 100)
	p90  = big.NewRat(90, 100)
	p95  = big.NewRat(95, 100)
	p99  = big.NewRat(99, 100)
	p999 = big.NewRat(999, 1000)
)

func (t *tally) percentiles() Percentiles {
	width, n := bins(t.play, 10)
	p := Percentiles{From: t.clock(0), Bin: width}
	for i := range n {
		d := t.times(span{i * width, (i + 1) * width}, nil)
		p.N = append(p.N, int(d.n()))
		p.P50 = append(p.P50, d.decimal(p50))
		p.P95 = append(p.P95, d.decimal(p95))
		p.P99 = append(p.P99, d.decimal(p99))
	}
	return p
}

// curveSteps are the percentiles a curve is drawn through: evenly spaced on an
// axis of nines, 0 to 99.999 %.
func curveSteps() []*big.Rat {
	var out []*big.Rat
	tail := big.NewRat(1, 1)
	for range 5 { // one decade of 1 − p each
		for k := int64(100); k > 10; k -= 3 {
			left := new(big.Rat).Mul(tail, big.NewRat(k, 100))
			out = append(out, new(big.Rat).Sub(big.NewRat(1, 1), left))
		}
		tail = new(big.Rat).Mul(tail, big.NewRat(1, 10))
	}
	return out
}

func (t *tally) curve(sc *scenarios.Scenario) Curve {
	usable, sent := t.times(t.peak(), nil), t.serviceTimes(t.peak())
	c := Curve{
		Usable: points(usable), Sent: points(sent), NeverShare: share(usable.never, usable.n()),
		Criteria: []CurvePoint{},
	}
	for _, x := range sc.Criteria.List {
		if x.Quantile != nil && x.Metric == scenarios.MetricTimeToClass {
			c.Criteria = append(c.Criteria, CurvePoint{exact(x.Quantile), seconds(x.Time)})
		}
	}
	return c
}

// points draws a distribution up to the percentile with ten people above it.
func points(d distribution) []CurvePoint {
	out := []CurvePoint{}
	for _, q := range curveSteps() {
		rank := d.rank(q)
		if d.n() < rank+10 {
			break
		}
		out = append(out, CurvePoint{exact(q), timeDecimal(d.at(rank).Hi)})
	}
	return out
}

// serviceTimes is every in-class step performed, well or badly, from its real
// send to its end.
func (t *tally) serviceTimes(s span) distribution {
	s = s.outward()
	var found []bucket
	for k, h := range t.run.Total.Steps {
		at := int(k.Ten) * 10
		if k.Clock == results.FromSent && t.inClassStep(int(k.Step)) && at >= s.from && at < s.to {
			found = append(found, bucketsOf(h)...)
		}
	}
	return newDistribution(found, 0)
}

func (t *tally) inClassStep(i int) bool { return i < len(t.plan.Steps) && t.plan.Steps[i].InClass }

func (t *tally) generator() Generator {
	width, n := bins(t.length(), 1)
	g := Generator{
		From: t.clock(0), Bin: width, CPU: make([]Decimal, n), Hiccup: make([]Decimal, n),
		Descriptors: t.gauge(width, n, func(h results.Health) int { return h.Descriptors }),
		DescLimit:   t.gauge(width, n, func(h results.Health) int { return h.DescLimit }),
		Ports:       t.gauge(width, n, func(h results.Health) int { return h.Ports }),
		DialsQueued: t.gauge(width, n, func(h results.Health) int { return h.DialsQueued }),
	}
	for _, h := range t.seconds(t.run.Total.Health) {
		if i := h.Second / width; i < n {
			g.CPU[i] = higher(g.CPU[i], trimmed(permille(h.CPU).FloatString(3)))
			g.Hiccup[i] = higher(g.Hiccup[i], seconds(h.Hiccup))
		}
	}
	g.DelayBin, g.DelayP99, g.DelayMax = t.delaySeries()
	g.Workers = t.workers()
	return g
}

func (t *tally) delaySeries() (width int, high, top []Decimal) {
	width, n := bins(t.play, 10)
	delays := t.delays(t.run.Total.Delay)
	for i := range n {
		var found []bucket
		for ten := i * width / 10; ten < min((i+1)*width/10, len(delays)); ten++ {
			found = append(found, delays[ten].buckets...)
		}
		d := newDistribution(found, 0)
		last := Decimal("")
		if d.n() > 0 {
			last = seconds(d.max())
		}
		high, top = append(high, d.decimal(p99)), append(top, last)
	}
	return width, high, top
}

// worker is a generator's row.
func (t *tally) worker(e *engine) Worker {
	hs := e.health
	w := Worker{Started: e.started, Seconds: len(hs), Missing: -1}
	missing := t.missing(e)
	if n, err := strconv.Atoi(string(missing.Measured)); err == nil {
		w.Missing = n
	}
	w.CPU, w.Hiccup = t.cpu(hs).Measured, t.hiccups(hs).Measured
	for i, h := range hs {
		w.Descriptors, w.Ports = max(w.Descriptors, h.Descriptors), max(w.Ports, h.Ports)
		w.PortLimit = max(w.PortLimit, h.PortLimit)
		if i == 0 || h.DescLimit < w.DescLimit {
			w.DescLimit = h.DescLimit
		}
		w.BytesInMax = max(w.BytesInMax, uint64(max(0, h.BytesIn)))
		w.BytesOutMax = max(w.BytesOutMax, uint64(max(0, h.BytesOut)))
	}
	if d := newDistribution(e.delays, 0); d.n() > 0 {
		w.DelayP99, w.DelayMax = d.decimal(p99), seconds(d.max())
	}
	return w
}

func higher(a, b Decimal) Decimal {
	if a == "" || b.order().Cmp(a.order()) > 0 {
		return b
	}
	return a
}
