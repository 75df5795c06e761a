package catalog

import (
	"slices"

	"firstbell/report"
)

// Servers says how many servers the required people need; "" when the session was
// not told how many there are, or measured nothing to answer from.
func (c *Catalog) Servers(s *report.Summary) string {
	i := slices.IndexFunc(s.Sizing, func(a report.Answer) bool { return a.Key == "servers" })
	if i < 0 || s.Session == nil {
		return ""
	}
	a := s.Sizing[i]
	own := ""
	for _, row := range s.Session.Sizes {
		if row.Own {
			own = c.Int(row.Servers)
		}
	}
	key := "answer"
	switch {
	case a.Refused != "":
		key = "refused"
	case len(a.Assumptions) == 0:
		key = "enough"
	case !a.Bound.Known():
		key = "bound"
	case !a.High.Known():
		key = "open"
	}
	count := func(d report.Decimal) string { return c.Value(d, report.FormatCount) }
	return c.Text("face.servers") + c.Colon() + c.Text("face.servers_"+key, "n", count(a.Value), "low", count(a.Low), "high", count(a.High),
		"bound", count(a.Bound), "own", own, "why", c.Word("refused", a.Refused))
}
