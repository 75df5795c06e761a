package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"firstbell/report"
	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/results"
)

// progress shows a run to whoever watches. Its methods are never called by two
// goroutines at once; none may block for long: drawing never delays the
// load, which runs elsewhere and hands over copies.
type progress interface {
	update(runner.Snapshot)
	event(results.Event)
	close()
}

// newProgress picks the reporter before anything is drawn: bars need a
// terminal, and mpb prints nothing at all without one.
// crew gives how many workers are there, and of how many; nil when this process
// plays alone.
func newProgress(e *env, mode, lang string, plan *results.Plan, crew func() (there, of int)) progress {
	if mode == "auto" {
		mode = "lines"
		if e.stderrTTY && e.getenv("CI") == "" && e.getenv("TERM") != "dumb" && barsFit(e.stderr) {
			mode = "bars"
		}
	}
	v := view{text: catalog.For(lang), plan: plan, crew: crew}
	switch mode {
	case "bars":
		return newBars(e.stderr, v)
	case "lines":
		return &lines{w: e.stderr, view: v, last: -time.Hour}
	case "json":
		return &jsonLines{enc: json.NewEncoder(e.stderr), view: v}
	default:
		return silent{}
	}
}

// barsFit reports whether a terminal has the lines the bars need: mpb draws
// nothing on one that does not know its size, as some containers give.
func barsFit(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	width, height, err := term.GetSize(int(f.Fd()))
	return err == nil && width >= 40 && height > 6
}

// view turns a snapshot into what people read.
type view struct {
	text *catalog.Catalog
	plan *results.Plan
	crew func() (there, of int) // nil: this process plays alone
}

// workers is " workers=3/4" in a fleet.
func (v view) workers() string {
	if v.crew == nil {
		return ""
	}
	there, of := v.crew()
	return fmt.Sprintf(" workers=%d/%d", there, of)
}

// clock is the simulated wall clock of a run's offset, "08:59:42".
func (v view) clock(at time.Duration) string {
	s := v.plan.PlayFrom + int(at/time.Second)
	if s < 0 {
		s += 24 * 3600
	}
	return fmt.Sprintf("%02d:%02d:%02d", s/3600%24, s/60%60, s%60)
}

// shares are the recent outcomes in the five words of a progress line.
type shares struct{ ok, late, wait, quota, fail float64 }

func recentShares(s runner.Snapshot) shares {
	total := 0
	for o, n := range s.Recent {
		if o != int(results.NotSent) && o != int(results.Unfinished) {
			total += n
		}
	}
	if total == 0 {
		return shares{}
	}
	of := func(os ...results.Outcome) float64 {
		n := 0
		for _, o := range os {
			n += s.Recent[o]
		}
		return 100 * float64(n) / float64(total)
	}
	return shares{
		ok: of(results.InTime), late: of(results.Late), wait: of(results.WaitingRoom), quota: of(results.Quota),
		fail: of(results.Blank, results.Error, results.Timeout, results.Unreachable, results.Invalid),
	}
}

// seconds prints a time to class; a negative one is "never".
func (v view) seconds(d time.Duration, n int) string {
	switch {
	case n == 0:
		return "-"
	case d < 0:
		return v.text.Text("progress.never")
	default:
		return v.tenth(d.Seconds()) + " s"
	}
}

// stableSeconds is the same for machines: no language in it.
func stableSeconds(d time.Duration, n int) string {
	switch {
	case n == 0:
		return "-"
	case d < 0:
		return "never"
	default:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
}

type silent struct{}

func (silent) update(runner.Snapshot) {}
func (silent) event(results.Event)    {}
func (silent) close()                 {}

// lines prints one line every 10 s with stable keys, for pipes and CI logs.
type lines struct {
	w    io.Writer
	view view
	last time.Duration
}

func (l *lines) update(s runner.Snapshot) {
	if s.At-l.last < 10*time.Second {
		return
	}
	l.last = s.At
	r := recentShares(s)
	fmt.Fprintf(l.w, "t=%s intended=%d started=%d inflight=%d ok=%.1f%% late=%.1f%% wait=%.1f%% quota=%.1f%% fail=%.1f%% p95=%s cpu=%.0f%%%s\n",
		l.view.clock(s.At), s.Intended, s.Started, s.InFlight, r.ok, r.late, r.wait, r.quota, r.fail,
		stableSeconds(s.RecentP95, s.RecentN), 100*s.CPU, l.view.workers())
}

func (l *lines) event(ev results.Event) {
	fmt.Fprintf(l.w, "t=%s event=%s", l.view.clock(ev.At), report.Legible(ev.Kind))
	if host := ev.Fields["host"]; host != "" {
		fmt.Fprintf(l.w, " host=%q", host)
	}
	if ev.Text != "" {
		fmt.Fprintf(l.w, " text=%q", ev.Text)
	}
	fmt.Fprintln(l.w)
}

func (l *lines) close() {}

// jsonLines prints one JSON object a second.
type jsonLines struct {
	enc  *json.Encoder
	view view
}

func (j *jsonLines) update(s runner.Snapshot) {
	r := recentShares(s)
	line := map[string]any{
		"t": j.view.clock(s.At), "intended": s.Intended, "started": s.Started, "not_sent": s.NotSent, "settled": s.Settled,
		"in_flight": s.InFlight, "waiting": s.Waiting, "between": s.Between,
		"ok": r.ok, "late": r.late, "wait": r.wait, "quota": r.quota, "fail": r.fail, "cpu": s.CPU,
	}
	if j.view.crew != nil {
		line["workers"], line["workers_wanted"] = j.view.crew()
	}
	_ = j.enc.Encode(line) // a closed pipe must not stop the load
}

func (j *jsonLines) event(ev results.Event) {
	line := map[string]any{"t": j.view.clock(ev.At), "event": report.Legible(ev.Kind), "text": report.Legible(ev.Text)}
	if host := ev.Fields["host"]; host != "" {
		line["host"] = report.Legible(host)
	}
	_ = j.enc.Encode(line)
}

func (j *jsonLines) close() {}
