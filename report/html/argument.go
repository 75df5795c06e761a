package html

import (
	"strings"

	"firstbell/report"
)

// argument writes one value of a claim or a signature. Its name says what it
// is: what ends in _s is seconds, share and gap are parts of one, times and
// ratio are factors; other numbers are rates and counts. What is no number is a
// name, and stands as it is.
func (b *builder) argument(key, name, value string) Num {
	d := report.Decimal(value)
	_, number := d.Rat()
	switch {
	case !number && d != report.Never:
		return Num{Text: b.c.Word("argument", value)}
	case strings.HasSuffix(name, "_per_s"):
		return b.f.rate(key)
	case strings.HasSuffix(name, "_s"):
		return b.f.duration(key)
	case strings.Contains(name, "share"), strings.HasSuffix(name, "gap"):
		return b.f.percent(key)
	case strings.HasSuffix(name, "times"), strings.HasSuffix(name, "ratio"):
		return b.f.times(key)
	case !strings.Contains(value, "."):
		return b.f.count(key)
	}
	return b.f.rate(key)
}
