package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"firstbell/report"
	"firstbell/runner"
	"firstbell/runner/results"
)

// bars is the terminal during a run: the storm's clock as one real bar, and
// text lines under it, redrawn once a second.
type bars struct {
	p     *mpb.Progress
	clock *mpb.Bar
	text  []*mpb.Bar
	view  view

	mu   sync.Mutex // between update and mpb's own drawing goroutine
	snap runner.Snapshot
}

func newBars(w io.Writer, v view) *bars {
	b := &bars{view: v, p: mpb.New(mpb.WithOutput(w), mpb.WithWidth(76), mpb.WithRefreshRate(time.Second))}
	total := int64(v.plan.PlayTo - v.plan.PlayFrom)
	b.clock = b.p.New(total, mpb.BarStyle().Rbound("]").Lbound("["),
		mpb.PrependDecorators(decor.Any(b.draw(v.clockLine))),
		mpb.AppendDecorators(decor.Any(b.draw(v.remaining))))
	for _, line := range []func(runner.Snapshot) string{v.arrivalsLine, v.recentLine, v.timeLine, v.generatorLine} {
		b.text = append(b.text, b.p.New(0, mpb.NopStyle(), mpb.PrependDecorators(decor.Any(b.draw(line)))))
	}
	return b
}

// draw makes a decorator of a line of the latest snapshot.
func (b *bars) draw(line func(runner.Snapshot) string) decor.DecorFunc {
	return func(decor.Statistics) string {
		b.mu.Lock()
		s := b.snap
		b.mu.Unlock()
		return line(s)
	}
}

func (b *bars) update(s runner.Snapshot) {
	b.mu.Lock()
	b.snap = s
	b.mu.Unlock()
	played := int64(s.At / time.Second)
	if total := int64(b.view.plan.PlayTo - b.view.plan.PlayFrom); played >= total {
		played = total - 1 // the bar must not complete before the run does
	}
	if played > 0 {
		b.clock.SetCurrent(played)
	}
}

func (b *bars) event(ev results.Event) {
	line := b.view.clock(ev.At) + "  " + ev.Kind + " " + ev.Fields["host"] + " " + ev.Text
	fmt.Fprintln(b.p, strings.Join(strings.Fields(report.Legible(line)), " "))
}

func (b *bars) close() {
	b.clock.Abort(false)
	for _, t := range b.text {
		t.Abort(false)
	}
	b.p.Wait()
}

func (v view) clockLine(s runner.Snapshot) string {
	return v.text.Text("progress.clock", "clock", v.clock(s.At)) + " "
}

func (v view) remaining(s runner.Snapshot) string {
	left := time.Duration(v.plan.PlayTo-v.plan.PlayFrom)*time.Second - s.At
	if left <= 0 {
		return " " + v.text.Text("progress.draining")
	}
	return " " + v.text.Text("progress.left", "left", left.Round(time.Second).String())
}

func (v view) arrivalsLine(s runner.Snapshot) string {
	return v.text.Text("progress.arrivals", "intended", v.text.Int(s.Intended), "started", v.text.Int(s.Started),
		"inflight", v.text.Int(s.InFlight), "waiting", v.text.Int(s.Waiting))
}

func (v view) recentLine(s runner.Snapshot) string {
	r := recentShares(s)
	return v.text.Text("progress.recent", "ok", v.tenth(r.ok), "late", v.tenth(r.late), "wait", v.tenth(r.wait),
		"quota", v.tenth(r.quota), "fail", v.tenth(r.fail))
}

func (v view) timeLine(s runner.Snapshot) string {
	return v.text.Text("progress.time", "p50", v.seconds(s.RecentP50, s.RecentN), "p95", v.seconds(s.RecentP95, s.RecentN))
}

func (v view) generatorLine(s runner.Snapshot) string {
	return v.text.Text("progress.generator", "cpu", v.tenth(100*s.CPU), "delay", v.tenth(float64(s.DelayP99)/1e6)) + v.workers()
}

// tenth writes a number with one decimal, as the language does.
func (v view) tenth(x float64) string {
	text := strconv.FormatFloat(x, 'f', 1, 64)
	if v.text.Lang() == "fr" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}
