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
	count := func(d report.Decimal) string { return c.Value(d, report.FormatCount) }
	for _, row := range s.Session.Sizes {
		if row.Own {
			own = c.Int(row.Servers)
		}
	}
	key := "answer"
	switch {
	case a.Refused != "":
		key = "refused"
	case count(a.Value) == own:
		key = "enough"
		if len(a.Assumptions) > 0 { // no whole morning shows it
			key = "enough_predicted"
		}
	case !a.Bound.Known():
		key = "bound"
	case !a.High.Known():
		key = "open"
	}
	return c.Text("face.servers") + c.Colon() + c.Text("face.servers_"+key, "n", count(a.Value), "low", count(a.Low), "high", count(a.High),
		"bound", count(a.Bound), "own", own, "why", c.Word("refused", a.Refused))
}
