package main

import (
	"fmt"
	"strconv"
	"time"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner/fleet"
	"firstbell/runner/results"
)

// say prints a line about the fleet, a text of the catalogue.
func (f *openedFleet) say(key string, pairs ...string) {
	c := catalog.For(f.o.lang)
	f.print(c, c.Text(key, pairs...))
}

func (f *openedFleet) print(c *catalog.Catalog, line string) {
	if f.o.progress != "none" && f.o.progress != "json" {
		fmt.Fprintln(f.e.stderr, c.Text("console.fleet", "text", line))
	}
}

// tell shows what the coordinator notices. What also becomes an event of the run is
// shown as that.
func (f *openedFleet) tell(n fleet.Notice) {
	c := catalog.For(f.o.lang)
	line := noticeIn(c, n)
	f.mu.Lock()
	show := f.show
	f.mu.Unlock()
	if show == nil {
		f.print(c, line)
		return
	}
	switch n.Kind {
	case fleet.NoticeRefused, fleet.NoticeTrouble, fleet.NoticeUntaken:
		show.mention(results.Event{Kind: "fleet", Text: line})
	}
}

// noticeIn is a notice in the words of a language: one line. What workers and
// libraries say of themselves stays as they said it.
func noticeIn(c *catalog.Catalog, n fleet.Notice) string {
	key := "console.fleet." + n.Key
	if !c.Has(key) {
		return plainLine(n.Text)
	}
	pairs := []string{"worker", n.Worker}
	for _, a := range n.Args {
		pairs = append(pairs, a.Name, valueIn(c, a.Value))
	}
	return plainLine(c.Text(key, pairs...))
}

// valueIn writes a value of a notice as the language does.
func valueIn(c *catalog.Catalog, value any) string {
	switch v := value.(type) {
	case int:
		return c.Int(v)
	case float64:
		return c.Number(decimalOf(v))
	case time.Duration:
		if v > 0 {
			v = max(v, 100*time.Microsecond) // what is not nothing does not read as nothing
		}
		return c.Duration(decimalOf(v.Seconds()))
	case fleet.NoticeWord:
		return c.Word(v.Of, v.Value)
	}
	return fmt.Sprint(value)
}

func decimalOf(x float64) report.Decimal {
	return report.Decimal(strconv.FormatFloat(x, 'f', -1, 64))
}
