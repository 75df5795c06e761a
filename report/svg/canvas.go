package svg

import (
	"math"
	"strconv"
	"strings"
)

// Canvas collects the shapes of one drawing. Its zero value is of no use; take
// New. It is not safe for concurrent use.
type Canvas struct {
	W, H float64 // of the viewBox
	Font float64 // size of every text, in units of the viewBox
	b    strings.Builder
}

// New is an empty drawing of w by h units.
func New(w, h float64) *Canvas { return &Canvas{W: w, H: h, Font: 13} }

// Image is the whole drawing as an informative image: title names it, desc
// says what it shows; id must be unique in the page.
func (c *Canvas) Image(id, title, desc string) string {
	return `<svg role="img" viewBox="0 0 ` + Num(c.W) + " " + Num(c.H) + `" font-size="` + Num(c.Font) +
		`" aria-labelledby="` + id + `-t" aria-describedby="` + id + `-d"><title id="` + id + `-t">` + escape(title) +
		`</title><desc id="` + id + `-d">` + escape(desc) + `</desc>` + c.b.String() + `</svg>`
}

// Ornament is the drawing as decoration, unseen by assistive technology.
func (c *Canvas) Ornament() string {
	return `<svg aria-hidden="true" focusable="false" viewBox="0 0 ` + Num(c.W) + " " + Num(c.H) + `">` + c.b.String() + `</svg>`
}

// Path draws path data; an empty one draws nothing.
func (c *Canvas) Path(class, data string) {
	if data != "" {
		c.b.WriteString(`<path class="` + class + `" d="` + data + `"/>`)
	}
}

// Rect draws a rectangle; one without size draws nothing.
func (c *Canvas) Rect(class string, x, y, w, h float64) {
	if w <= 0 || h <= 0 {
		return
	}
	c.b.WriteString(`<rect class="` + class + `" x="` + Num(x) + `" y="` + Num(y) + `" width="` + Num(w) + `" height="` + Num(h) + `"/>`)
}

// Segment draws a straight line.
func (c *Canvas) Segment(class string, x1, y1, x2, y2 float64) {
	c.Path(class, "M"+Pair(x1, y1)+"L"+Pair(x2, y2))
}

// Circle draws a disc.
func (c *Canvas) Circle(class string, x, y, r float64) {
	c.b.WriteString(`<circle class="` + class + `" cx="` + Num(x) + `" cy="` + Num(y) + `" r="` + Num(r) + `"/>`)
}

// Num writes a coordinate rounded to a tenth; what is no number is 0.
func Num(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	tenths := math.Round(v * 10)
	if tenths == 0 {
		return "0" // never -0
	}
	return strconv.FormatFloat(tenths/10, 'f', -1, 64)
}

// Pair writes the two coordinates of a point.
func Pair(x, y float64) string { return Num(x) + " " + Num(y) }

// escape makes a text inert in XML, and drops what XML 1.0 does not allow.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(s)
}
