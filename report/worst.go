package report

import (
	"slices"

	"firstbell/runner/results"
	"firstbell/scenarios"
)

// judgeWorst judges a criterion in each group of a dimension and keeps the
// worst. ok is false when the dimension splits nobody.
func (t *tally) judgeWorst(c scenarios.Criterion, dim scenarios.Dimension, recount bool) (Criterion, bool) {
	values := t.values(dim)
	if len(values) < 2 {
		return Criterion{}, false
	}
	var worst *Criterion
	var worstValue string
	judged := 0
	recounted := Status("")
	for _, v := range values {
		one := t.judge(c, t.only(dim, v), recount)
		if one.N == 0 {
			continue
		}
		one.Group = groupOf(dim, v)
		if one.Status != Unmeasured {
			judged++
		}
		if one.Recount == NotMet {
			recounted = NotMet
		}
		if worst == nil || worse(c, &one, worst) {
			worst, worstValue = &one, v
		}
	}
	if worst == nil {
		return Criterion{}, false
	}
	worst.ID = c.ID + "@" + string(dim)
	worst.By = []string{string(dim)}
	worst.Hurt = t.hurt(c, t.only(dim, worstValue))
	worst.Judged, worst.NotJudged = judged, len(values)-judged
	if recounted != "" {
		worst.Recount = recounted
	}
	return *worst, true
}

// worse orders groups: not met, then not concluded, then met, then not judged;
// within a status by the value measured.
func worse(c scenarios.Criterion, a, b *Criterion) bool {
	rank := []Status{NotMet, Undecided, Met, Unmeasured}
	ra, rb := slices.Index(rank, a.Status), slices.Index(rank, b.Status)
	if ra != rb {
		return ra < rb
	}
	va, vb := a.Measured.order(), b.Measured.order()
	if atLeast(c.Op) {
		va, vb = vb, va
	}
	return va.Cmp(vb) > 0
}

// values lists a dimension's values among the plan's groups, in plan order.
func (t *tally) values(dim scenarios.Dimension) []string {
	var out []string
	for _, g := range t.plan.Groups {
		if v := valueOf(g, dim); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func valueOf(g results.Group, dim scenarios.Dimension) string {
	switch dim {
	case scenarios.ByRegion:
		return g.Region
	case scenarios.ByLevel:
		return g.Level
	}
	return g.Persona
}

func groupOf(dim scenarios.Dimension, v string) *Group {
	switch dim {
	case scenarios.ByRegion:
		return &Group{Region: v}
	case scenarios.ByLevel:
		return &Group{Level: v}
	}
	return &Group{Persona: v}
}

func (t *tally) only(dim scenarios.Dimension, v string) keep {
	return func(g int) bool { return g < len(t.plan.Groups) && valueOf(t.plan.Groups[g], dim) == v }
}
