package html

import (
	"html/template"
	"strconv"

	"firstbell/report/svg"
)

// crowd is how the hundred pupils stand.
type crowd struct{ columns, rows int }

// hundred is a bar of 100 pupils, each one person in a hundred of those
// expected: the figure of page one after a run.
func (b *builder) hundred(id string) *Figure {
	h := b.s.Hundred
	fig := &Figure{ID: id}
	parts := []struct {
		key   string
		n     int
		class string
	}{
		{"in_time", h.InTime, "o-in_time"}, {"late", h.Late, "o-late"}, {"waiting_or_refused", h.Waiting, "o-waiting_room"},
		{"failed", h.Failed, "o-error"}, {"not_counted", h.Other, "o-not_sent"},
	}
	if h.InTime+h.Late+h.Waiting+h.Failed+h.Other == 0 {
		fig.Missing = b.c.Text("html.nobody")
		return fig
	}
	fig.Finding = b.f.say("html.f1", "n", b.f.count("per_100.in_time"))
	var classes []string
	desc := ""
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		for range p.n {
			classes = append(classes, p.class)
		}
		n := b.f.count("per_100." + p.key)
		label := b.c.Text("hundred." + p.key)
		fig.Key = append(fig.Key, KeyItem{swatch(p.class), label, &n})
		if desc != "" {
			desc += ", "
		}
		desc += strconv.Itoa(p.n) + " " + label
	}
	title := b.c.Text("html.f1_title")
	fig.Wide = pupils(id+"w", title, desc, classes, crowd{50, 2})
	fig.Narrow = pupils(id+"n", title, desc, classes, crowd{20, 5})
	return fig
}

// pupils draws each pupil as a head on shoulders, column by column, so that
// those who ended alike stand together.
func pupils(id, title, desc string, classes []string, stand crowd) template.HTML {
	const w, h = 20, 34
	c := svg.New(float64(stand.columns*w), float64(stand.rows*h))
	for from := 0; from < len(classes); {
		to := from
		data := ""
		for to < len(classes) && classes[to] == classes[from] {
			x, y := to/stand.rows*w, to%stand.rows*h
			data += "M" + strconv.Itoa(x+10) + " " + strconv.Itoa(y+3) + "a5 5 0 1 1 0 10a5 5 0 1 1 0 -10z" +
				"M" + strconv.Itoa(x+2) + " " + strconv.Itoa(y+31) + "v-8a8 8 0 0 1 16 0v8z"
			to++
		}
		c.Path("pupil "+classes[from], data)
		from = to
	}
	return template.HTML(c.Image(id, title, desc))
}

// swatch is a decorative sample of a look.
func swatch(class string) template.HTML {
	c := svg.New(22, 14)
	if line, ok := lineSwatches()[class]; ok {
		c.Segment(line, 0, 7, 22, 7)
	} else {
		c.Rect(class, 0, 0, 22, 14)
	}
	return template.HTML(c.Ornament())
}

// lineSwatches are the looks of lines, shown as a line in keys.
func lineSwatches() map[string]string {
	return map[string]string{
		"required": "required", "intended": "intended", "l-1": "l-1", "l-2": "l-2", "l-3": "l-3", "limit": "limit", "cross": "cross", "usable": "usable", "sent": "sent",
	}
}

// patterns defines every fill that is not plain, once for the page.
func patterns() template.HTML {
	stripe := `<path d="M-2 2l4-4M0 8l8-8M6 10l4-4"/>`
	back := `<path d="M-2 6l4 4M0 0l8 8M6-2l4 4"/>`
	dots := `<circle cx="2" cy="2" r="1.3"/><circle cx="6" cy="6" r="1.3"/>`
	out := `<svg class="defs" aria-hidden="true" focusable="false" width="0" height="0"><defs>`
	for _, p := range [][2]string{
		{"late", stripe}, {"quota", stripe}, {"blank", dots}, {"timeout", stripe}, {"unreachable", stripe + back},
		{"invalid", dots}, {"unfinished", stripe + back}, {"not_sent", stripe}, {"unplayed", back},
	} {
		out += `<pattern id="p-` + p[0] + `" class="p-` + p[0] + `" width="8" height="8" patternUnits="userSpaceOnUse">` +
			`<rect width="8" height="8"/>` + p[1] + `</pattern>`
	}
	return template.HTML(out + `</defs></svg>`)
}
