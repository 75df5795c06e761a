package html

import (
	"html/template"
	"slices"
	"strings"

	"firstbell/report"
	"firstbell/report/svg"
)

// mostPlaces are drawn by name; the others share the last row.
const mostPlaces = 12

// states of workers, the worst first.
func states() []string { return []string{"lost", "returned", "warned", "ok"} }

// place is the workers of one declared place.
type place struct {
	name    string
	workers []report.Worker
}

// places groups the workers by their place, largest first.
func (b *builder) places() []place {
	var out []place
	for _, w := range b.s.Generator.Workers {
		if w.Member == nil {
			continue
		}
		name := w.Place
		if name == "" {
			name = b.c.Text("html.place_none")
		}
		i := slices.IndexFunc(out, func(p place) bool { return p.name == name })
		if i < 0 {
			i = len(out)
			out = append(out, place{name: name})
		}
		out[i].workers = append(out[i].workers, w)
	}
	slices.SortStableFunc(out, func(x, y place) int { return len(y.workers) - len(x.workers) })
	if len(out) <= mostPlaces {
		return out
	}
	others := place{name: b.c.Text("html.place_others")}
	for _, p := range out[mostPlaces-1:] {
		others.workers = append(others.workers, p.workers...)
	}
	return append(out[:mostPlaces-1], others)
}

// mapFigure is F15: a drawing per worker, by place.
func (b *builder) mapFigure() *Figure {
	places := b.places()
	if len(places) == 0 {
		return nil
	}
	fig := &Figure{ID: "f15", How: b.c.Text("html.f15_how")}
	var said []string
	for _, s := range states() {
		n := 0
		for _, p := range places {
			for _, w := range p.workers {
				if w.State == s {
					n++
				}
			}
		}
		if n > 0 {
			said = append(said, b.c.Text("html.count_state", "n", b.c.Int(n), "state", b.c.Text("worker_states."+s)))
			fig.Key = append(fig.Key, KeyItem{Swatch: stateSwatch(s), Label: b.c.Text("worker_state." + s)})
		}
	}
	fig.Finding = b.f.say("html.f15", "n", b.f.count("run.workers"), "states", strings.Join(said, ", "))
	fig.Wide = b.drawMap("f15w", places, 1000, fig.Finding.String())
	fig.Narrow = b.drawMap("f15n", places, 360, fig.Finding.String())
	return fig
}

const (
	workerWide = 46.0
	workerHigh = 44.0
	placeHigh  = 28.0
	workerSize = 18.0
)

func (b *builder) drawMap(id string, places []place, width float64, desc string) template.HTML {
	per := int(width / workerWide)
	high := 0.0
	for _, p := range places {
		high += placeHigh + workerHigh*float64((len(p.workers)+per-1)/per) + 6
	}
	c := svg.New(width, high)
	y := 0.0
	for _, p := range places {
		c.Text("strong", 2, y+18, svg.Start, c.Shorten(b.c.Text("html.place_count", "place", p.name, "n", b.c.Int(len(p.workers))), width-4))
		y += placeHigh
		for i, w := range p.workers {
			x := workerWide * (float64(i%per) + 0.5)
			top := y + workerHigh*float64(i/per)
			drawState(c, w.State, x, top+workerSize/2+2, workerSize)
			c.Text("tick", x, top+workerSize+17, svg.Middle, c.Shorten(strings.TrimPrefix(w.Name, "w"), workerWide))
		}
		y += workerHigh*float64((len(p.workers)+per-1)/per) + 6
	}
	return template.HTML(c.Image(id, b.c.Text("html.f15_title"), desc+" "+b.c.Text("html.f15_desc")))
}

// drawState draws a worker as its state's shape: a square, a triangle, a ring, a
// crossed-out square.
func drawState(c *svg.Canvas, state string, x, y, size float64) {
	h := size / 2
	switch state {
	case "ok":
		c.Rect("worker-ok", x-h, y-h, size, size)
	case "warned":
		c.Path("worker-warned", "M"+svg.Pair(x, y-h)+"L"+svg.Pair(x+h, y+h)+"L"+svg.Pair(x-h, y+h)+"Z")
	case "returned":
		c.Circle("worker-returned", x, y, h)
	default:
		c.Rect("worker-lost", x-h, y-h, size, size)
		c.Path("worker-cross", "M"+svg.Pair(x-h/2, y-h/2)+"L"+svg.Pair(x+h/2, y+h/2)+"M"+svg.Pair(x-h/2, y+h/2)+"L"+svg.Pair(x+h/2, y-h/2))
	}
}

func stateSwatch(state string) template.HTML {
	c := svg.New(22, 14)
	drawState(c, state, 11, 7, 12)
	return template.HTML(c.Ornament())
}

// missingKey explains the bands of lost workers, where there are any.
func (b *builder) missingKey() []KeyItem {
	if b.s.Fleet == nil || len(b.s.Fleet.Losses) == 0 {
		return nil
	}
	return []KeyItem{{Swatch: swatch("missing-worker"), Label: b.c.Text("html.lost_band")}}
}

// missingWorkers draws a band over the time each lost worker was missing for: from
// its last sign of life until others played its people, or to the end.
func (b *builder) missingWorkers(c *svg.Canvas, clock svg.Clock, top, bottom float64) {
	if b.s.Fleet == nil {
		return
	}
	for _, l := range b.s.Fleet.Losses[:min(len(b.s.Fleet.Losses), mostLosses)] {
		to := b.s.Run.PlayTo
		switch {
		case l.Taken >= 0:
			to = l.Taken + 1 // the second in which it was taken over is shown with it
		case l.Untaken == "nothing_left":
			to = l.Heard + 1
		}
		from, end := clock.At(float64(min(max(l.Heard, clock.From), clock.To))), clock.At(float64(min(max(to, clock.From), clock.To)))
		c.Rect("missing-worker", from, top, max(end-from, 2), bottom-top)
		c.Segment("missing-edge", from, top, from, bottom)
	}
}
