package catalog

import (
	"math/big"
	"strconv"
	"strings"

	"firstbell/report"
)

// anchor is a share that has words.
type anchor struct {
	key      string
	num, den int64
}

// anchors are the shares a reader can picture; what lies between them reads
// "près de" or "plus de".
func anchors() []anchor {
	list := []anchor{
		{"quarter", 1, 4}, {"third", 1, 3}, {"half", 1, 2}, {"two_thirds", 2, 3}, {"three_quarters", 3, 4}, {"all", 1, 1},
	}
	for k := int64(1); k <= 9; k++ {
		if k != 5 {
			list = append(list, anchor{"ten." + strconv.FormatInt(k, 10), k, 10})
		}
	}
	for k := int64(1); k <= 7; k++ {
		list = append(list, anchor{"hundred." + strconv.FormatInt(k, 10), k, 100})
	}
	for k := int64(1); k <= 7; k++ {
		list = append(list, anchor{"thousand." + strconv.FormatInt(k, 10), k, 1000})
	}
	return list
}

// Fraction says a share of people in words: "près de trois personnes sur dix".
// The exact figure belongs beside it. "" for no value.
func (c *Catalog) Fraction(d report.Decimal) string {
	r, ok := d.Rat()
	if !ok {
		return ""
	}
	if r.Sign() <= 0 {
		return c.Text("fraction.none")
	}
	if r.Cmp(big.NewRat(1, 2000)) < 0 {
		return c.Text("fraction.less")
	}
	near := nearest(r)
	words := c.Text("fraction." + near.key)
	at := big.NewRat(near.num, near.den)
	gap := new(big.Rat).Sub(r, at)
	if gap.Abs(gap).Cmp(new(big.Rat).Mul(at, big.NewRat(1, 100))) <= 0 && near.key != "all" {
		return words // within a hundredth of itself
	}
	switch r.Cmp(at) {
	case -1:
		return elide(c.Text("fraction.near", "words", words))
	case 1:
		return elide(c.Text("fraction.over", "words", words))
	}
	return words
}

// elide turns « de une » into « d’une ».
func elide(s string) string { return strings.Replace(s, "de une ", "d’une ", 1) }

func nearest(r *big.Rat) anchor {
	var best anchor
	var least *big.Rat
	for _, a := range anchors() {
		gap := new(big.Rat).Sub(r, big.NewRat(a.num, a.den))
		if gap.Abs(gap); least == nil || gap.Cmp(least) < 0 {
			best, least = a, gap
		}
	}
	return best
}
