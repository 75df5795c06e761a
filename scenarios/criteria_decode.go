package scenarios

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"time"
)

const defaultInTime = 10 * time.Second

func (d *decoder) criteria(n *node) {
	c := &d.sc.Criteria
	c.InTime = defaultInTime
	if n == nil || isNull(n) {
		return
	}
	f := d.open(n, criteriaTable)
	if v := f.get("in_time"); v != nil {
		if t := d.duration(v, "criteria: in_time", time.Millisecond, 6*time.Hour); t > 0 {
			c.InTime = t
		}
	}
	for k, v := range f.inOrder() {
		for _, m := range metrics {
			if metricKey(m.metric) != k.Value {
				continue
			}
			for i, one := range list(v) {
				if cr, ok := d.criterion(m.metric, one); ok {
					cr.ID = string(m.metric)
					if i > 0 {
						cr.ID = fmt.Sprintf("%s_%d", m.metric, i+1)
					}
					c.List = append(c.List, cr)
				}
			}
		}
	}
	for _, m := range metrics { // for the record of keys read
		f.get(metricKey(m.metric))
	}
	if v := f.get("worst"); v != nil {
		d.worstNode = v
		for _, w := range list(v) {
			dim := Dimension(d.word(w, "criteria: worst", string(ByRegion), string(ByLevel), string(ByPersona)))
			if dim != "" && !slices.Contains(c.Worst, dim) {
				c.Worst = append(c.Worst, dim)
			}
		}
	}
}

// metricKey is a metric's key under criteria: in_time there is the limit, its
// rate has a name of its own.
func metricKey(m Metric) string {
	if m == MetricInTime {
		return "in_time_rate"
	}
	return string(m)
}

func (d *decoder) criterion(m Metric, n *node) (Criterion, bool) {
	c := Criterion{Metric: m, Severity: Blocking, Line: n.Line}
	pass := n
	if n.Kind == mappingNode {
		f := d.open(n, criterionTable)
		pass = f.get("pass")
		if v := f.get("severity"); v != nil {
			if w := d.word(v, "severity", string(Blocking), string(Major), string(Minor)); w != "" {
				c.Severity = Severity(w)
			}
		}
		if pass == nil {
			return c, false
		}
	}
	s, ok := d.text(pass, "criteria: "+metricKey(m))
	if !ok {
		return c, false
	}
	c.Text = s
	if fix := parseCriterion(s, &c); fix != "" {
		d.fail(pass, codeCriterion, fmt.Sprintf("criteria: %s: %s is not understood", metricKey(m), quoted(s)), "", fix)
		return c, false
	}
	return c, true
}

var (
	rateForm = regexp.MustCompile(`^rate *(<=|>=|<|>) *([0-9]{1,9}(?:\.[0-9]{1,9})?) *%$`)
	timeForm = regexp.MustCompile(`^p\( *([0-9]{1,2}(?:\.[0-9]{1,6})?) *\) *(<=|<) *(\S+)$`)
)

// parseCriterion reads rate<1%, rate>=99.5% or p(95)<10s into exact fractions;
// it returns the remedy, "" when all is well.
func parseCriterion(s string, c *Criterion) string {
	if m := rateForm.FindStringSubmatch(s); m != nil {
		if c.Metric == MetricTimeToClass {
			return "a time is judged by a percentile: p(95)<10s"
		}
		r, ok := new(big.Rat).SetString(m[2])
		if !ok || r.Cmp(big.NewRat(100, 1)) > 0 {
			return "at most 100%"
		}
		c.Op, c.Rate = m[1], r.Quo(r, big.NewRat(100, 1))
		if impossible(c) {
			return "this can never fail, or never pass"
		}
		return ""
	}
	if m := timeForm.FindStringSubmatch(s); m != nil {
		if c.Metric != MetricTimeToClass {
			return "only time_to_class has percentiles; write rate<1%"
		}
		q, ok := new(big.Rat).SetString(m[1])
		t, err := parseDuration(m[3])
		switch {
		case !ok || q.Sign() <= 0:
			return "the percentile lies between 0 and 100: p(95)<10s"
		case err != nil || t <= 0:
			return "give the limit as a duration: p(95)<10s"
		}
		c.Quantile, c.Op, c.Time = q.Quo(q, big.NewRat(100, 1)), m[2], t
		return ""
	}
	if c.Metric == MetricTimeToClass {
		return "write p(95)<10s"
	}
	return "write rate<1% or rate>=99.5%"
}

func impossible(c *Criterion) bool {
	zero, one := c.Rate.Sign() == 0, c.Rate.Cmp(big.NewRat(1, 1)) == 0
	switch c.Op {
	case "<":
		return zero
	case "<=":
		return one
	case ">":
		return one
	}
	return zero
}
