package svg

import "strings"

// Area draws the band between lo and hi in steps: xs holds one coordinate more
// than lo and hi, the edges of the bins. Bins where the band has no height are
// left out.
func Area(c *Canvas, class string, xs, lo, hi []float64) {
	var b strings.Builder
	for i := 0; i < len(hi); {
		if hi[i] == lo[i] {
			i++
			continue
		}
		j := i
		for j < len(hi) && hi[j] != lo[j] {
			j++
		}
		b.WriteString(band(xs[i:j+1], lo[i:j], hi[i:j]))
		i = j
	}
	c.Path(class, b.String())
}

// band is one closed run of an area: along the top to the right, back along the
// bottom.
func band(xs, lo, hi []float64) string {
	var b strings.Builder
	b.WriteString("M" + Pair(xs[0], hi[0]))
	for i := range hi {
		if i > 0 && Num(hi[i]) == Num(hi[i-1]) {
			continue
		}
		if i > 0 {
			b.WriteString("H" + Num(xs[i]) + "V" + Num(hi[i]))
		}
	}
	n := len(lo)
	b.WriteString("H" + Num(xs[n]) + "V" + Num(lo[n-1]))
	for i := n - 1; i > 0; i-- {
		if Num(lo[i]) != Num(lo[i-1]) {
			b.WriteString("H" + Num(xs[i]) + "V" + Num(lo[i-1]))
		}
	}
	b.WriteString("H" + Num(xs[0]) + "Z")
	return b.String()
}

// Steps draws the upper edge of an area as an open line; ok says which bins
// have a value.
func Steps(c *Canvas, class string, xs, ys []float64, ok func(i int) bool) {
	var b strings.Builder
	last := ""
	for i := range ys {
		if !ok(i) {
			last = ""
			continue
		}
		y := Num(ys[i])
		switch {
		case last == "":
			b.WriteString("M" + Num(xs[i]) + " " + y)
		case last != y:
			b.WriteString("H" + Num(xs[i]) + "V" + y)
		}
		if i+1 == len(ys) || !ok(i+1) {
			b.WriteString("H" + Num(xs[i+1]))
		}
		last = y
	}
	c.Path(class, b.String())
}
