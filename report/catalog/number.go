package catalog

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"firstbell/report"
)

// Int writes a whole number with thousands apart.
func (c *Catalog) Int(n int) string {
	if n < 0 {
		return "−" + c.Uint(uint64(-n))
	}
	return c.Uint(uint64(n))
}

// Uint is Int for counts.
func (c *Catalog) Uint(n uint64) string { return c.number(strconv.FormatUint(n, 10)) }

// number writes a plain decimal text the language's way.
func (c *Catalog) number(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, part, found := strings.Cut(s, ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(c.thousands())
		}
		b.WriteRune(r)
	}
	if found {
		b.WriteString(c.point() + part)
	}
	return sign + b.String()
}

func (c *Catalog) thousands() string {
	if c.lang == "fr" {
		return narrow
	}
	return ","
}

func (c *Catalog) point() string {
	if c.lang == "fr" {
		return ","
	}
	return "."
}

// Value writes a measured number by its format, rounded for reading.
func (c *Catalog) Value(d report.Decimal, f report.Format) string {
	return c.write(d, f, -1)
}

// Percent writes a share between 0 and 1; it reads 0 % or 100 % only when that
// is exact.
func (c *Catalog) Percent(d report.Decimal) string { return c.Value(d, report.FormatPercent) }

// Duration writes seconds, or "never".
func (c *Catalog) Duration(d report.Decimal) string { return c.Value(d, report.FormatDuration) }

// Signed is Duration for what may lie below zero.
func (c *Catalog) Signed(d report.Decimal) string {
	text, below := strings.CutPrefix(string(d), "-")
	out := c.Duration(report.Decimal(text))
	if below && strings.ContainsAny(out, "123456789") { // there is no minus nought
		return "−" + out
	}
	return out
}

// Number writes a number as it is.
func (c *Catalog) Number(d report.Decimal) string {
	if _, ok := d.Rat(); !ok {
		return c.Value(d, report.FormatCount)
	}
	return c.number(string(d))
}

// Threshold writes a limit in full: nothing of it is rounded away.
func (c *Catalog) Threshold(d report.Decimal, f report.Format) string {
	r, ok := d.Rat()
	if !ok {
		return c.Value(d, f)
	}
	scaled := new(big.Rat).Mul(r, scaleOf(r, f))
	for digits := 0; digits < 18; digits++ {
		if printed(scaled, digits).Cmp(scaled) == 0 {
			return c.write(d, f, digits)
		}
	}
	return c.write(d, f, 18)
}

// Limit is a relation and its threshold: "au moins 99,5 %".
func (c *Catalog) Limit(relation string, d report.Decimal, f report.Format) string {
	return c.Text("relation."+relation, "value", c.Threshold(d, f))
}

// Against writes a measured number that is compared with a threshold, with
// just enough digits that the two printed numbers stand to each other as the
// exact ones do.
func (c *Catalog) Against(d, threshold report.Decimal, f report.Format) string {
	r, ok := d.Rat()
	t, known := threshold.Rat()
	if !ok || !known {
		return c.Value(d, f)
	}
	scale, want := scaleOf(r, f), r.Cmp(t)
	scaled, limit := new(big.Rat).Mul(r, scale), new(big.Rat).Mul(t, scale)
	for digits := readable(r, f); digits < 30; digits++ {
		if printed(scaled, digits).Cmp(limit) == want {
			return c.write(d, f, digits)
		}
	}
	return c.write(d, f, 30)
}

// Interval writes a 95 % interval, each end compared with the threshold and
// shares rounded outwards; "" when there is none.
func (c *Catalog) Interval(ci [2]report.Decimal, threshold report.Decimal, f report.Format) string {
	if !ci[0].Known() || !ci[1].Known() {
		return ""
	}
	lo, hi := c.end(ci[0], threshold, f, false), c.end(ci[1], threshold, f, true)
	if lo == hi {
		return lo
	}
	return c.Text("interval", "lo", lo, "hi", hi)
}

// end writes one end of an interval: a share is rounded down or up, so that
// what is printed still holds what was computed.
func (c *Catalog) end(d, threshold report.Decimal, f report.Format, up bool) string {
	r, ok := d.Rat()
	t, known := threshold.Rat()
	if !ok || !known || f != report.FormatPercent {
		return c.Against(d, threshold, f)
	}
	for digits := readable(r, f); digits < 30; digits++ {
		if v := directed(r, digits+2, up); v.Cmp(t) == r.Cmp(t) {
			return c.write(report.Decimal(v.FloatString(digits+2)), f, digits)
		}
	}
	return c.Against(d, threshold, f)
}

// AtMost writes a share rounded up: what may follow "under".
func (c *Catalog) AtMost(d report.Decimal) string {
	r, ok := d.Rat()
	if !ok {
		return c.Percent(d)
	}
	digits := percentDigits(r)
	return c.write(report.Decimal(directed(r, digits+2, true).FloatString(digits+2)), report.FormatPercent, digits)
}

// directed rounds to a number of digits, up or down.
func directed(r *big.Rat, digits int, up bool) *big.Rat {
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n := new(big.Int).Mul(r.Num(), ten)
	if up {
		n.Add(n, new(big.Int).Sub(r.Denom(), big.NewInt(1)))
	}
	return new(big.Rat).SetFrac(n.Div(n, r.Denom()), ten)
}

// printed is the number a reader takes from what is written with so many
// digits.
func printed(scaled *big.Rat, digits int) *big.Rat {
	back, _ := new(big.Rat).SetString(scaled.FloatString(digits))
	return back
}

// scaleOf is what a number is multiplied by before it is written.
func scaleOf(r *big.Rat, f report.Format) *big.Rat {
	switch {
	case f == report.FormatPercent:
		return big.NewRat(100, 1)
	case f == report.FormatDuration && r.Sign() > 0 && r.Cmp(big.NewRat(1, 100)) < 0:
		return big.NewRat(1000, 1) // milliseconds
	}
	return big.NewRat(1, 1)
}

// readable is how many digits after the point a reader wants.
func readable(r *big.Rat, f report.Format) int {
	switch f {
	case report.FormatPercent:
		return percentDigits(r)
	case report.FormatDuration:
		switch {
		case r.Sign() == 0 || r.Cmp(big.NewRat(60, 1)) >= 0:
			return 0
		case r.Cmp(big.NewRat(1, 1)) >= 0 || r.Cmp(big.NewRat(1, 100)) < 0:
			return 1
		}
		return 2
	}
	return 0
}

// percentDigits is one, or as many as show two figures of a small share, or
// keep a share that is not whole from reading as 0 or 100 %.
func percentDigits(r *big.Rat) int {
	one := big.NewRat(1, 1)
	if r.Sign() == 0 || r.Cmp(one) == 0 {
		return 0
	}
	rest := new(big.Rat).Sub(one, r)
	rest.Abs(rest) // descriptors taken away while they are open go beyond 100 %
	if rest.Cmp(r) > 0 {
		rest = r
	}
	digits := 1
	for edge := big.NewRat(1, 1000); rest.Cmp(edge) < 0 && digits < 9; digits++ {
		edge = new(big.Rat).Quo(edge, big.NewRat(10, 1))
	}
	return digits
}

// write gives a number with its unit; digits < 0 takes the readable ones.
func (c *Catalog) write(d report.Decimal, f report.Format, digits int) string {
	switch {
	case !d.Known():
		return c.Text("not_measured")
	case d == report.Never:
		return c.Text("never")
	case f == report.FormatEnding:
		return c.Word("ended", string(d))
	}
	r, ok := d.Rat()
	if !ok {
		return string(d)
	}
	if digits < 0 {
		digits = readable(r, f)
	}
	switch f {
	case report.FormatPercent:
		return c.number(new(big.Rat).Mul(r, scaleOf(r, f)).FloatString(digits)) + c.percentSign()
	case report.FormatDuration:
		return c.duration(r, digits)
	}
	return c.number(r.FloatString(digits))
}

func (c *Catalog) percentSign() string {
	if c.lang == "fr" {
		return narrow + "%"
	}
	return "%"
}

// duration writes 0,2 ms · 0,35 s · 9,8 s · 7 min 40 s · 1 h 05 min 00 s.
func (c *Catalog) duration(r *big.Rat, digits int) string {
	scale := scaleOf(r, report.FormatDuration)
	if scale.Cmp(big.NewRat(1, 1)) != 0 {
		return c.number(new(big.Rat).Mul(r, scale).FloatString(digits)) + nbsp + "ms"
	}
	rounded, _ := new(big.Rat).SetString(r.FloatString(digits))
	if rounded.Cmp(big.NewRat(60, 1)) < 0 {
		return c.number(r.FloatString(digits)) + nbsp + "s"
	}
	whole := new(big.Int).Quo(rounded.Num(), rounded.Denom())
	minutes := new(big.Int).Quo(whole, big.NewInt(60))
	rest := new(big.Rat).Sub(rounded, new(big.Rat).SetInt(new(big.Int).Mul(minutes, big.NewInt(60))))
	tail := c.number(rest.FloatString(digits)) + nbsp + "s"
	if minutes.Cmp(big.NewInt(60)) < 0 {
		return minutes.String() + nbsp + "min" + nbsp + tail
	}
	hours, m := new(big.Int).QuoRem(minutes, big.NewInt(60), new(big.Int))
	return c.number(hours.String()) + nbsp + "h" + nbsp + pad(int(m.Int64())) + nbsp + "min" + nbsp + tail
}

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// Clock writes a time of the morning for tables and axes: 09:02:14.
func (c *Catalog) Clock(second int) string {
	second = ((second % 86400) + 86400) % 86400
	return pad(second/3600) + ":" + pad(second/60%60) + ":" + pad(second%60)
}

// Prose writes a time of the morning inside a sentence: 9 h 02, or
// 9 h 02 min 30 s.
func (c *Catalog) Prose(second int) string {
	second = ((second % 86400) + 86400) % 86400
	h, m, s := second/3600, second/60%60, second%60
	if c.lang == "en" {
		text := strconv.Itoa(h) + ":" + pad(m)
		if s != 0 {
			text += ":" + pad(s)
		}
		return text
	}
	text := strconv.Itoa(h) + nbsp + "h" + nbsp + pad(m)
	if s != 0 {
		text += nbsp + "min" + nbsp + pad(s) + nbsp + "s"
	}
	return text
}

// Date writes YYYY-MM-DD as a day; anything else stays as it is.
func (c *Catalog) Date(s string) string {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	day := strconv.Itoa(d.Day())
	if day == "1" && c.lang == "fr" {
		day = "1er"
	}
	return day + nbsp + c.Text("month."+strconv.Itoa(int(d.Month()))) + nbsp + strconv.Itoa(d.Year())
}

// DateTime writes an RFC 3339 instant in its own zone; anything else stays as
// it is.
func (c *Catalog) DateTime(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return c.Text("date_time", "date", c.Date(t.Format(time.DateOnly)), "time", t.Format(time.TimeOnly))
}
