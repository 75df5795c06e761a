package svg

import (
	"math"
	"strings"
)

// Point is a place of a drawing, in coordinates.
type Point struct{ X, Y float64 }

// Line joins points; a NaN coordinate breaks it. A point alone between two
// breaks is drawn as a dot.
func Line(c *Canvas, class string, points []Point) {
	var b strings.Builder
	for i := 0; i < len(points); {
		j := i
		for j < len(points) && !math.IsNaN(points[j].X) && !math.IsNaN(points[j].Y) {
			j++
		}
		if run := points[i:j]; len(run) > 0 {
			b.WriteString("M" + Pair(run[0].X, run[0].Y))
			for _, p := range run[1:] {
				b.WriteString("L" + Pair(p.X, p.Y))
			}
			if len(run) == 1 {
				b.WriteString("h0.1")
			}
		}
		i = max(j, i) + 1
	}
	c.Path(class, b.String())
}

// Box is a rectangle of a drawing.
type Box struct{ X, Y, W, H float64 }

// Cells draws boxes as one path per class, in the order of classes; class gives
// the index of a box's class, or -1 for none.
func Cells(c *Canvas, classes []string, boxes []Box, class func(i int) int) {
	data := make([]strings.Builder, len(classes))
	for i, x := range boxes {
		k := class(i)
		if k < 0 || k >= len(classes) || x.W <= 0 || x.H <= 0 {
			continue
		}
		data[k].WriteString("M" + Pair(x.X, x.Y) + "h" + Num(x.W) + "v" + Num(x.H) + "h" + Num(-x.W) + "z")
	}
	for k, name := range classes {
		c.Path(name, data[k].String())
	}
}

// Piece is a part of a bar.
type Piece struct {
	Class string
	Value float64
	Label string // written inside when it fits
}

// Bar draws one horizontal bar of pieces side by side; a label is written
// inside its piece, on its own halo, when there is room for it.
func Bar(c *Canvas, s Linear, y, h float64, pieces []Piece) {
	sum := s.From
	for _, p := range pieces {
		x := s.At(sum)
		sum += p.Value
		w := s.At(sum) - x
		c.Rect(p.Class, x, y, w, h)
		if p.Label != "" && c.Width(p.Label)+8 <= w {
			c.Text("in-bar halo", x+w/2, y+h/2+c.Font*0.35, Middle, p.Label)
		}
	}
}

// Dot is a value with its interval on a row.
type Dot struct{ X, Lo, Hi, Y float64 }

// Dots draws each interval as a whisker and each value as a disc on it.
func Dots(c *Canvas, class string, dots []Dot) {
	whiskers := ""
	for _, d := range dots {
		whiskers += "M" + Pair(d.Lo, d.Y) + "H" + Num(d.Hi)
		whiskers += "M" + Pair(d.Lo, d.Y-4) + "v8M" + Pair(d.Hi, d.Y-4) + "v8"
	}
	c.Path("whisker", whiskers)
	for _, d := range dots {
		c.Circle(class, d.X, d.Y, 5)
	}
}

// Cross marks a point with an upright cross.
func Cross(c *Canvas, class string, x, y, r float64) {
	c.Path(class, "M"+Pair(x-r, y)+"h"+Num(2*r)+"M"+Pair(x, y-r)+"v"+Num(2*r))
}

// Cell is one piece of a strip.
type Cell struct{ Class, Glyph string }

// Strip draws a row of cells over xs (one edge more than cells): a colour and,
// where there is room, a glyph in each, so that neither stands alone. With
// narrow cells the glyph is written once per run of equal cells.
func Strip(c *Canvas, xs []float64, y, h float64, cells []Cell) {
	for i := 0; i < len(cells); {
		j := i
		for j < len(cells) && cells[j] == cells[i] {
			j++
		}
		c.Rect(cells[i].Class, xs[i], y, xs[j]-xs[i]-1, h)
		glyphs(c, xs[i:j+1], y+h/2+c.Font*0.35, cells[i])
		i = j
	}
}

func glyphs(c *Canvas, xs []float64, y float64, cell Cell) {
	room := c.Font * 0.9
	switch n := len(xs) - 1; {
	case cell.Glyph == "":
	case xs[1]-xs[0] >= room:
		for i := range n {
			c.Text("glyph on-"+cell.Class, (xs[i]+xs[i+1])/2-0.5, y, Middle, cell.Glyph)
		}
	case xs[n]-xs[0] >= room:
		c.Text("glyph on-"+cell.Class, (xs[0]+xs[n])/2, y, Middle, cell.Glyph)
	}
}
