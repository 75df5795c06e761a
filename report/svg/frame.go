package svg

import "math"

// Frame is the rectangle a chart draws its data in.
type Frame struct{ X, Y, W, H float64 }

// Right and Bottom are the far edges.
func (f Frame) Right() float64 { return f.X + f.W }

// Bottom is the y of the lower edge.
func (f Frame) Bottom() float64 { return f.Y + f.H }

// Tick is a labelled value, at its coordinate.
type Tick struct {
	At    float64
	Label string
}

// Rows draws a light line and a label on the left for each tick.
func (f Frame) Rows(c *Canvas, ticks []Tick) {
	data := ""
	for _, t := range ticks {
		data += "M" + Pair(f.X, t.At) + "H" + Num(f.Right())
		c.Text("tick", f.X-6, t.At+c.Font*0.35, End, t.Label)
	}
	c.Path("grid", data)
}

// Columns draws a light line for each tick and, with labels, its label below
// the frame; a label that would touch the one before it is left out.
func (f Frame) Columns(c *Canvas, ticks []Tick, labels bool) {
	data, free := "", math.Inf(-1)
	for _, t := range ticks {
		data += "M" + Pair(t.At, f.Y) + "V" + Num(f.Bottom())
		w := c.Width(t.Label)
		if !labels || t.At-w/2 < free {
			continue
		}
		c.Text("tick", t.At, f.Bottom()+c.Font*1.4, Middle, t.Label)
		free = t.At + w/2 + c.Font*0.6
	}
	c.Path("grid", data)
}

// Base draws the lower edge.
func (f Frame) Base(c *Canvas) { c.Segment("axis", f.X, f.Bottom(), f.Right(), f.Bottom()) }

// Title writes the quantity and its unit above the frame, horizontally.
func (f Frame) Title(c *Canvas, s string) { c.Text("unit", f.X, f.Y-c.Font*0.7, Start, s) }

// Unplayed hatches the part from x to the right edge and names it.
func (f Frame) Unplayed(c *Canvas, x float64, label string) {
	if x >= f.Right()-0.5 {
		return
	}
	c.Rect("unplayed", x, f.Y, f.Right()-x, f.H)
	if label != "" && c.Width(label) < f.Right()-x {
		c.Text("note halo", (x+f.Right())/2, f.Y+f.H/2, Middle, label)
	}
}
