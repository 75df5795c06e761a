package catalog

import (
	"math/big"

	"firstbell/report"
)

// Rate writes a number per second with at least three figures: 2 814, 31,4,
// 2,85.
func (c *Catalog) Rate(d report.Decimal) string {
	r, ok := d.Rat()
	if !ok {
		return c.Value(d, report.FormatCount)
	}
	return c.number(r.FloatString(rateDigits(r)))
}

// RateEnd writes one end of an interval of rates, rounded down or up, so that
// what is printed holds what was computed.
func (c *Catalog) RateEnd(d report.Decimal, up bool) string {
	r, ok := d.Rat()
	if !ok {
		return c.Value(d, report.FormatCount)
	}
	digits := rateDigits(r)
	return c.number(directed(r, digits, up).FloatString(digits))
}

// People writes one end of an interval of people.
func (c *Catalog) People(d report.Decimal, up bool) string {
	r, ok := d.Rat()
	if !ok {
		return c.Value(d, report.FormatCount)
	}
	return c.number(directed(r, 0, up).FloatString(0))
}

func rateDigits(r *big.Rat) int {
	a := new(big.Rat).Abs(r)
	switch {
	case a.Sign() == 0, a.Cmp(big.NewRat(100, 1)) >= 0:
		return 0
	case a.Cmp(big.NewRat(10, 1)) >= 0:
		return 1
	}
	return 2
}

// Times writes a factor, ×0,70, with as many digits as keep it on its own side
// of 1.
func (c *Catalog) Times(d report.Decimal) string {
	r, ok := d.Rat()
	if !ok {
		return c.Value(d, report.FormatCount)
	}
	one := big.NewRat(1, 1)
	digits := 2
	for ; digits < 12 && printed(r, digits).Cmp(one) != r.Cmp(one); digits++ {
	}
	return "×" + c.number(r.FloatString(digits))
}
