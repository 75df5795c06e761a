package catalog

import (
	"math/big"
	"slices"
	"strings"

	"firstbell/report"
)

// ChangeMark goes with the word of a reading.
func ChangeMark(r report.Change) string {
	switch r {
	case report.Better:
		return "↑"
	case report.Worse:
		return "↓"
	case report.Same:
		return "="
	}
	return "–"
}

// Change writes a difference with its sign; the format is that of the metric.
func (c *Catalog) Change(d report.Decimal, f report.Format) string {
	r, ok := d.Rat()
	if !ok {
		return "–"
	}
	sign := ""
	switch r.Sign() {
	case 1:
		sign = "+"
	case -1:
		sign = "−"
	}
	abs := new(big.Rat).Abs(r)
	if f == report.FormatCount {
		return sign + c.Rate(report.Decimal(abs.FloatString(9)))
	}
	text := c.Value(report.Decimal(abs.FloatString(9)), f)
	if f == report.FormatPercent { // a difference of shares is in points
		text = strings.TrimSuffix(text, c.percentSign()) + nbsp + "pt"
	}
	return sign + text
}

// ChangeInterval is a difference with its 95 % interval.
func (c *Catalog) ChangeInterval(m report.Compared) string {
	if !m.Diff.Known() {
		return "–"
	}
	text := c.Change(m.Diff, m.Format)
	if m.CI95[0].Known() && m.CI95[1].Known() {
		text += " [" + c.Change(m.CI95[0], m.Format) + " – " + c.Change(m.CI95[1], m.Format) + "]"
	}
	return text
}

// Conclusion is what a comparison comes to.
func (c *Catalog) Conclusion(x report.Comparison) string {
	effect := c.Threshold(x.Effect, report.FormatPercent)
	switch {
	case x.Regression:
		return c.Text("compare.regression", "effect", effect)
	case x.Reading == report.NotComparable:
		if onlyGates(x.Differences) {
			return c.Text("compare.not_valid")
		}
		return c.Text("compare.not_comparable")
	}
	return c.Text("compare.none", "effect", effect)
}

// onlyGates reports whether two tests asked for the same thing, and it is a test
// that was not valid which cannot be compared.
func onlyGates(list []report.Difference) bool {
	return !slices.ContainsFunc(list, func(d report.Difference) bool { return d.Blocking && d.What != "gates" })
}
