package catalog

import (
	"strings"

	"firstbell/report"
)

// GateFinding says what a gate measured and its limit, in words: every measure
// that is not met, or the one that decides when all are.
func (c *Catalog) GateFinding(g report.Gate) string {
	var parts []string
	for _, m := range g.Measures {
		if m.Status != report.Met {
			parts = append(parts, c.MeasureFinding(m))
		}
	}
	if len(parts) == 0 && len(g.Measures) > 0 {
		parts = append(parts, c.MeasureFinding(g.Measures[0]))
	}
	return strings.Join(parts, " ; ")
}

// MeasureFinding is one measure against its limit.
func (c *Catalog) MeasureFinding(m report.Measure) string {
	key := "measure.finding"
	if m.At >= 0 && m.Measured.Known() {
		key = "measure.finding_at"
	}
	out := c.Text(key, "name", c.Word("measure", m.Name), "value", c.Against(m.Measured, m.Threshold, m.Format),
		"limit", c.Limit(m.Relation, m.Threshold, m.Format), "at", c.Clock(m.At))
	if m.Worker != "" {
		return c.Text("measure.by_worker", "finding", out, "worker", m.Worker)
	}
	return out
}
