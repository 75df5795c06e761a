package markdown

import (
	"io"

	"firstbell/report"
	"firstbell/report/catalog"
)

// WriteComparison writes a run against its baseline as Markdown.
func WriteComparison(w io.Writer, x report.Comparison, lang string) error {
	d := &document{c: catalog.For(lang)}
	d.printf("## %s %s\n\n%s\n", catalog.ChangeMark(x.Reading), plain(d.c.Conclusion(x)), plain(d.c.Text("compare.title", "now", x.Now, "before", x.Before)))
	if len(x.Metrics) > 0 {
		d.printf("\n| %s | %s | %s | %s | %s |\n| --- | ---: | ---: | ---: | --- |\n", d.c.Text("compare.metric"), d.c.Text("compare.before"),
			d.c.Text("compare.now"), plain(d.c.Text("compare.difference")), d.c.Text("compare.reading"))
	}
	for _, m := range x.Metrics {
		d.printf("| %s | %s | %s | %s | %s %s |\n", plain(d.c.Word("compared", m.Key)), d.c.Value(m.Before, m.Format), d.c.Value(m.Now, m.Format),
			plain(d.c.ChangeInterval(m)), catalog.ChangeMark(m.Reading), d.c.Word("change", string(m.Reading)))
	}
	if len(x.Differences) > 0 {
		d.printf("\n%s\n\n", d.c.Text("compare.differences"))
	}
	for _, f := range x.Differences {
		more := ""
		if f.Blocking {
			more = " (" + d.c.Text("compare.blocking") + ")"
		}
		d.printf("- %s%s%s → %s%s\n", plain(d.c.Word("different", f.What)), d.c.Colon(), plain(f.Before), plain(f.Now), more)
	}
	_, err := io.WriteString(w, bounded(d.b.String(), "\n\n"+d.c.Text("face.cut_markdown")+"\n"))
	return err
}
