package html

import (
	"html/template"
	"strings"

	"firstbell/report/svg"
)

// load is S3: the load the portal had to hold, and where it comes from.
func (b *builder) load() Section {
	return b.section("load", Part{Text: plain(b.c.Text("html.load_intro"))}, Part{Table: b.factors()}, Part{Figure: b.arrivalFigure()})
}

// factors is T2.
func (b *builder) factors() *Table {
	c, r := b.c, b.s.Run
	t := &Table{Caption: c.Text("html.t2"), Stack: true, Head: []Column{
		{Name: c.Text("html.factor")}, {Name: c.Text("html.value")}, {Name: c.Text("html.source")},
	}}
	add := func(key string, value Words, source string) {
		t.Rows = append(t.Rows, []Cell{text(c.Text("html." + key)), {Words: value}, text(source)})
	}
	file := c.Text("html.from_file")
	by := b.s.About.RequiredBy
	if by == "" {
		by = c.Text("not_declared")
	}
	add("load_people", Words{b.f.count("people.intended")}, file)
	add("scale", plain(b.decimalOf(r.Scale)), file)
	add("profile", plain(profileName(r.Profile, c.Date(r.Date))), c.Text("html.from_profile"))
	add("played", plain(c.Clock(r.PlayFrom)+" – "+c.Clock(r.PlayTo)), file)
	add("load_peak", b.f.say("html.in_one_second", "n", b.f.count("run.peak_arrivals_per_s")), c.Text("html.from_draw"))
	add("load_attempts", Words{b.f.count("attempts.intended")}, c.Text("html.from_patience"))
	add("load_by", plain(by), c.Text("html.from_declared"))
	return t
}

// profileName names a profile and the day it replays.
func profileName(profile, day string) string {
	if day == "" {
		return orDash(profile)
	}
	return strings.TrimSpace(day + " (" + orDash(profile) + ")")
}

// arrivalFigure is F2, who was due when.
func (b *builder) arrivalFigure() *Figure {
	fig := &Figure{ID: "f2"}
	if b.s.People.Intended == 0 {
		fig.Missing = b.c.Text("html.nobody")
		return fig
	}
	fig.Finding = b.f.say("html.f2", "n", b.f.count("run.peak_arrivals_per_s"))
	fig.How = b.c.Text("html.f2_how")
	fig.Key = []KeyItem{
		{Swatch: swatch("arrivals"), Label: b.c.Text("html.intended")},
		{Swatch: swatch("l-3"), Label: b.c.Text("html.attempts_started")},
	}
	fig.Wide = b.drawArrivals(fig.Finding.String())
	fig.Tables = []*Table{b.arrivalTable()}
	return fig
}

func (b *builder) drawArrivals(desc string) template.HTML {
	c := svg.New(1000, 330)
	drawn := coarser(&b.s.Timeline, mostBins)
	t := &drawn
	f := svg.Frame{X: 64, Y: 46, W: 922, H: 200}
	clock := svg.Clock{From: t.From, To: b.until(t), A: f.X, B: f.Right()}
	xs := edges(clock, t.From, t.Bin, len(t.Intended))
	y := upTo(float64(max(highest(t.Intended), highest(t.Attempts)))/float64(t.Bin), f, 4)
	f.Title(c, b.c.Text("html.per_second"))
	f.Rows(c, b.countTicks(y, 4))
	f.Columns(c, b.clockTicks(clock, 10), true)
	low, high := make([]float64, len(t.Intended)), make([]float64, len(t.Intended))
	tries := make([]float64, len(t.Intended))
	for i, n := range t.Intended {
		low[i], high[i] = y.At(0), y.At(float64(n)/float64(t.Bin))
		tries[i] = y.At(float64(t.Attempts[i]) / float64(t.Bin))
	}
	svg.Area(c, "area arrivals", xs, low, high)
	svg.Steps(c, "l-3", xs, tries, func(i int) bool { return t.From+i*t.Bin < t.Observed })
	b.unplayed(c, f, clock, false)
	f.Base(c)
	b.bells(c, f.Y, f.Bottom(), clock)
	b.brackets(c, f, clock)
	return template.HTML(c.Image("f2w", b.c.Text("html.f2_title"), desc))
}

// brackets names the phases under the axis.
func (b *builder) brackets(c *svg.Canvas, f svg.Frame, clock svg.Clock) {
	y := f.Bottom() + 38
	for _, p := range b.s.Phases {
		from, to := clock.At(float64(p.Window.From)), clock.At(float64(p.Window.To))
		c.Path("axis", "M"+svg.Pair(from+2, y-5)+"v5H"+svg.Num(to-2)+"v-5")
		name := b.c.Text("html.phase_" + p.Name)
		if c.Width(name) < to-from {
			c.Text("note", (from+to)/2, y+18, svg.Middle, name)
		}
	}
}

func (b *builder) arrivalTable() *Table {
	c := b.c
	t := &Table{Caption: c.Text("html.t_arrivals"), Head: columns(c.Text("html.from"), c.Text("intended"), c.Text("started"), c.Text("outcome.not_sent"))}
	for i := range b.s.Windows {
		key := path("windows", i)
		t.Rows = append(t.Rows, []Cell{
			cell(b.f.clock(key + ".window.from_s")), cell(b.f.count(key + ".people.intended")),
			cell(b.f.count(key + ".people.started")), cell(b.f.count(key + ".people.not_sent")),
		})
	}
	return t
}
