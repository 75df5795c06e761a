package report

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

func (t *tally) tables(s *Summary) {
	peak := t.times(t.peak(), nil)
	s.Latency = Latency{
		Usable:     quantiles(peak, t.overBlocksAt(peak)),
		UsableAll:  quantiles(t.times(span{0, t.play}, nil), nil),
		SentToDone: quantiles(t.serviceTimes(t.peak()), nil),
	}
	s.Groups, s.Dimensions = t.groups(), t.dimensions()
	s.Phases = t.phases()
	s.Steps = t.steps()
	s.Hops = t.hops()
	s.Signs = t.signs()
}

// overBlocksAt gives the design effect at a quantile of the judged window.
func (t *tally) overBlocksAt(d distribution) func(q *big.Rat) []block {
	return func(q *big.Rat) []block { return t.overBlocks(d.quantile(q), nil) }
}

func quantiles(d distribution, blocks func(q *big.Rat) []block) Quantiles {
	out := Quantiles{N: d.n(), Never: d.never}
	if d.n() == 0 {
		return out
	}
	for i, q := range []*big.Rat{p50, p75, p90, p95, p99, p999} {
		*[]*Decimal{&out.P50, &out.P75, &out.P90, &out.P95, &out.P99, &out.P999}[i] = d.decimal(q)
		lo, hi := d.interval(q, effectOf(blocks, q))
		out.CI[i] = [2]Decimal{timeDecimal(lo), timeDecimal(hi)}
	}
	out.Max = timeDecimal(d.max())
	return out
}

// groups is every region × level × persona, worst first.
func (t *tally) groups() []GroupRow {
	out := []GroupRow{}
	for i, g := range t.plan.Groups {
		row := t.groupRow(func(x int) bool { return x == i })
		row.Group = Group{g.Region, g.Level, g.Persona}
		if row.Expected > 0 {
			out = append(out, row)
		}
	}
	worstFirst(out)
	return out
}

func (t *tally) dimensions() []Dimension {
	out := []Dimension{}
	for _, dim := range []scenarios.Dimension{scenarios.ByRegion, scenarios.ByLevel, scenarios.ByPersona} {
		values := t.values(dim)
		if len(values) < 2 {
			continue
		}
		d := Dimension{Name: string(dim)}
		for _, v := range values {
			row := t.groupRow(t.only(dim, v))
			row.Group = *groupOf(dim, v)
			d.Groups = append(d.Groups, row)
		}
		worstFirst(d.Groups)
		out = append(out, d)
	}
	return out
}

func worstFirst(rows []GroupRow) {
	slices.SortStableFunc(rows, func(a, b GroupRow) int {
		if a.Judged != b.Judged {
			if a.Judged {
				return -1
			}
			return 1
		}
		return cmp.Or(a.InClass.order().Cmp(b.InClass.order()), b.P95.order().Cmp(a.P95.order()))
	})
}

func (t *tally) groupRow(k keep) GroupRow {
	peak, whole := t.sum(t.peak(), k), t.sum(t.all(), k)
	n := peak.valid()
	row := GroupRow{
		N: n, Expected: whole.Intended, Never: whole.never(), InClass: share(peak.inClass(), n),
		Blank: share(peak.Out[results.Blank], n), Waiting: share(peak.Out[results.WaitingRoom], n),
		Quota: share(peak.Out[results.Quota], n), Judged: n >= minimumPeople,
	}
	if n > 0 {
		var blocks []block
		for _, b := range t.blocks(t.peak(), k) {
			blocks = append(blocks, block{K: b.inClass(), N: b.valid()})
		}
		ci := proportion(blocks, t.stream("groups"))
		row.CI95 = [2]Decimal{exact(ci.Lo), exact(ci.Hi)}
	}
	d := t.times(t.peak(), k)
	row.P50, row.P95 = d.decimal(p50), d.decimal(p95)
	return row
}

// phases cuts the storm at the judged window.
func (t *tally) phases() []PhaseRow {
	peak := t.peak()
	out := []PhaseRow{}
	for _, p := range []struct {
		name string
		span span
	}{{"before", span{0, peak.from}}, {"peak", peak}, {"after", span{peak.to, t.play}}} {
		if p.span.to <= p.span.from {
			continue
		}
		b := t.sum(p.span, nil)
		l := b.ledger()
		out = append(out, PhaseRow{
			Name: p.name, Window: t.clockSpan(p.span), People: l, Share: sharesOf(l),
			P95: t.times(p.span, nil).decimal(p95),
		})
	}
	return out
}

func (t *tally) steps() []StepRow {
	out := []StepRow{}
	for i, st := range t.plan.Steps {
		row := StepRow{Journey: st.Journey, Name: st.Name, InClass: st.InClass}
		var b bag
		for c, n := range t.run.Total.Ends {
			if int(c.Step) == i {
				b.Out[min(int(c.Outcome), outcomeCount-1)] += uint64(n)
				row.N += uint64(n)
			}
		}
		row.Good = b.Out[results.InTime]
		row.Failed = share(row.N-row.Good, row.N)
		row.Outcomes = b.ledger()
		row.Outcomes.NotSent = b.Out[results.NotSent]
		row.Outcomes.Intended, row.Outcomes.Started = row.N, row.N-row.Outcomes.NotSent
		intended, sent := t.stepTimes(i, results.FromIntended), t.stepTimes(i, results.FromSent)
		row.P50, row.P95 = intended.decimal(p50), intended.decimal(p95)
		row.SentP50, row.SentP95 = sent.decimal(p50), sent.decimal(p95)
		out = append(out, row)
	}
	return out
}

func (t *tally) stepTimes(step int, clock results.Clock) distribution {
	var found []bucket
	for k, h := range t.run.Total.Steps {
		if int(k.Step) == step && k.Clock == clock {
			found = append(found, bucketsOf(h)...)
		}
	}
	return newDistribution(found, 0)
}

// maxHopRows bounds table T8.
const maxHopRows = 200

type hopKey struct{ step, number, host int }

func (t *tally) hops() []HopRow {
	rows := map[hopKey]*HopRow{}
	for c, n := range t.run.Total.Sent {
		k := hopKey{int(c.Step), int(c.Number), int(c.Host)}
		r := rows[k]
		if r == nil {
			r = &HopRow{Number: k.number, Host: t.host(k.host)}
			r.Journey, r.Step = t.step(k.step)
			rows[k] = r
		}
		r.N += n.N
		r.BytesIn += n.BytesIn
		if c.Status == 0 || c.Status >= 400 {
			r.Errors += n.N
		}
	}
	t.reused(rows)
	phases := t.hopPhases()
	keys := make([]hopKey, 0, len(rows))
	for k, r := range rows {
		for p, at := range r.phases() {
			*at = newDistribution(phases[hopPhase{k, results.Phase(p)}], 0).decimal(p95)
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b hopKey) int {
		return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(max(a.number, 0), b.number), cmp.Compare(a.host, b.host))
	})
	out := []HopRow{}
	for _, k := range keys[:min(len(keys), maxHopRows)] {
		out = append(out, *rows[k])
	}
	return out
}

// phases lists a row's fields in the order of results.Phase.
func (r *HopRow) phases() []*Decimal {
	return []*Decimal{&r.Queued, &r.DNS, &r.Connect, &r.TLS, &r.FirstByte, &r.Body}
}

func (t *tally) reused(rows map[hopKey]*HopRow) {
	sum := map[hopKey]uint64{}
	for c, n := range t.run.Total.Sent {
		sum[hopKey{int(c.Step), int(c.Number), int(c.Host)}] += n.Reused
	}
	for k, r := range rows {
		r.Reused = share(min(sum[k], r.N), r.N)
	}
}

type hopPhase struct {
	hopKey
	phase results.Phase
}

func (t *tally) hopPhases() map[hopPhase][]bucket {
	out := map[hopPhase][]bucket{}
	for k, h := range t.run.Total.Hops {
		p := hopPhase{hopKey{int(k.Step), int(k.Number), int(k.Host)}, k.Phase}
		out[p] = append(out[p], bucketsOf(h)...)
	}
	return out
}

// step names a step; what was folded has no name.
func (t *tally) step(i int) (journey, name string) {
	if i >= len(t.plan.Steps) {
		return "", ""
	}
	return t.plan.Steps[i].Journey, t.plan.Steps[i].Name
}

func (t *tally) host(i int) string {
	if i >= len(t.plan.Hosts) {
		return ""
	}
	return t.plan.Hosts[i]
}

// maxSigns is how many failure signatures the report shows.
const maxSigns = 10

func (t *tally) signs() []SignRow {
	out := []SignRow{}
	for k, c := range t.run.Total.Signs {
		r := SignRow{
			Host: t.host(int(k.Host)), Status: int(k.Status), Outcome: k.Outcome.String(), Reason: k.Reason.String(),
			Text: k.Text, N: c.N, First: t.clock(int(c.First / time.Second)), Last: t.clock(int(c.Last / time.Second)),
		}
		r.Journey, r.Step = t.step(int(k.Step))
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b SignRow) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.First, b.First), cmp.Compare(a.Journey, b.Journey),
			cmp.Compare(a.Step, b.Step), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Text, b.Text))
	})
	return out[:min(len(out), maxSigns)]
}
