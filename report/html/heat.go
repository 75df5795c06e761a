package html

import (
	"html/template"
	"math"
	"sort"
	"strconv"

	"firstbell/report"
	"firstbell/report/svg"
)

const heatSteps = 8

// heatStep is the shade of a count, 1 to heatSteps, by its square root, so that
// few people beside many stay visible; 0 for nobody. The chart and its key
// both ask it.
func heatStep(n, most int) int {
	if n <= 0 || most <= 0 {
		return 0
	}
	return min(heatSteps, int(math.Ceil(heatSteps*math.Sqrt(float64(n)/float64(most)))))
}

// heatFigure is F5, the heat map of time to class.
func (b *builder) heatFigure() *Figure {
	m, drawn := &b.s.HeatMap, coarserHeat(&b.s.HeatMap, 120)
	fig := &Figure{ID: "f5", How: b.c.Text("html.f5_how"), Key: b.heatKey(drawn.Max)}
	fig.Finding = b.f.say("html.f5", "p50", b.f.duration("latency.intended_to_usable_s.p50"), "p95", b.f.duration("latency.intended_to_usable_s.p95"))
	if b.s.Latency.Usable.P95 == report.Never {
		fig.Finding = b.f.say("html.f5_never", "n", b.f.count("latency.intended_to_usable_s.never_n"), "of", b.f.count("latency.intended_to_usable_s.n"))
	}
	fig.Wide = b.drawHeat(&drawn, fig.Finding.String())
	t := &Table{Caption: b.c.Text("html.t_heat"), Head: columns(b.c.Text("html.time"), b.c.Text("people"))}
	t.Rows = append(t.Rows, []Cell{text(b.c.Text("never")), cell(b.f.count("heat_map.never_total"))})
	for r := len(m.Rows) - 1; r >= 0; r-- {
		if m.Total[r] == 0 {
			continue
		}
		span := b.c.Duration(m.Edges[r]) + " – " + b.c.Duration(m.Edges[r+1])
		switch r {
		case 0:
			span = b.c.Text("html.under", "edge", b.c.Duration(m.Edges[1]))
		case len(m.Rows) - 1:
			span = b.c.Text("html.over", "edge", b.c.Duration(m.Edges[r]))
		}
		t.Rows = append(t.Rows, []Cell{text(span), cell(b.f.count(path("heat_map.totals", r)))})
	}
	fig.Tables = []*Table{t}
	return fig
}

// heatKey names the counts of each shade in use.
func (b *builder) heatKey(most int) []KeyItem {
	var out []KeyItem
	from := 1
	for step := 1; step <= heatSteps; step++ {
		to := sort.Search(most+1, func(n int) bool { return heatStep(n, most) > step }) - 1
		if to < from {
			continue
		}
		label := b.c.Int(from)
		if to > from {
			label += " – " + b.c.Int(to)
		}
		out = append(out, KeyItem{Swatch: swatch("heat-" + strconv.Itoa(step)), Label: label})
		from = to + 1
	}
	return out
}

// drawHeat draws people by instant and by time needed; those who never got in
// have a row of their own above.
func (b *builder) drawHeat(m *report.HeatMap, desc string) template.HTML {
	const row, gap = 8.5, 6.0
	rows := len(m.Rows)
	f := svg.Frame{X: 70, Y: 30, W: 916, H: float64(rows)*row + row*2 + gap}
	c := svg.New(1000, f.Bottom()+36)
	clock := svg.Clock{From: m.From, To: b.s.Run.PlayTo, A: f.X, B: f.Right()}
	y := svg.Log{From: 0.05, To: 120, A: f.Bottom(), B: f.Bottom() - float64(rows)*row}
	f.Title(c, b.c.Text("html.time_axis"))
	xs := edges(clock, m.From, m.Bin, len(m.Never))
	var boxes []svg.Box
	var shade []int
	put := func(n []int, y, h float64) {
		for i := 0; i < len(n); {
			j, s := i, heatStep(n[i], m.Max)
			for j < len(n) && heatStep(n[j], m.Max) == s {
				j++
			}
			boxes, shade = append(boxes, svg.Box{X: xs[i], Y: y, W: xs[j] - xs[i], H: h}), append(shade, s-1)
			i = j
		}
	}
	put(m.Never, f.Y, row*2)
	for r, n := range m.Rows {
		put(n, f.Bottom()-float64(r+1)*row, row)
	}
	classes := make([]string, heatSteps)
	for i := range classes {
		classes[i] = "heat-" + strconv.Itoa(i+1)
	}
	f.Rows(c, append(b.durationTicks(y), svg.Tick{At: f.Y + row, Label: b.c.Text("never")}))
	f.Columns(c, b.clockTicks(clock, 10), true)
	c.Rect("heat-0", f.X, f.Y, f.W, row*2)
	c.Rect("heat-0", f.X, f.Y+row*2+gap, f.W, float64(rows)*row)
	svg.Cells(c, classes, boxes, func(i int) int { return shade[i] })
	b.unplayed(c, f, clock, true)
	b.limits(c, f, y) // over what was never played: its label must not be cut
	f.Base(c)
	return template.HTML(c.Image("f5w", b.c.Text("html.f5_title"), desc))
}

// coarserHeat joins columns until at most most are left; counts add up.
func coarserHeat(m *report.HeatMap, most int) report.HeatMap {
	k := (len(m.Never) + most - 1) / most
	if k <= 1 {
		return *m
	}
	add := func(a, b int) int { return a + b }
	out := report.HeatMap{From: m.From, Bin: m.Bin * k, Never: join(m.Never, k, 0, add), Rows: make([][]int, len(m.Rows))}
	out.Max = highest(out.Never)
	for r, n := range m.Rows {
		out.Rows[r] = join(n, k, 0, add)
		out.Max = max(out.Max, highest(out.Rows[r]))
	}
	return out
}
