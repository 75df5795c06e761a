//go:build slow && linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/bus"
	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// fakePlayer plays nobody, and says each second what a worker would say: sixteen
// series with some hundred samples, as a real one under load.
type fakePlayer struct {
	job   fleet.Job
	play  time.Duration
	spoke *atomic.Int64
}

func (p *fakePlayer) Ready() fleet.Ready {
	return fleet.Ready{Digest: p.job.Prepare.Digest, ScenarioHash: p.job.Prepare.ScenarioHash, People: p.job.Prepare.People,
		Limits: results.Limits{Groups: 1, Steps: 2, Hosts: 1}}
}

func (p *fakePlayer) Close() {}

func (p *fakePlayer) Play(ctx context.Context, io fleet.IO) (results.Ended, error) {
	for s := 0; time.Duration(s)*time.Second < p.play; s++ {
		select {
		case <-time.After(time.Until(io.Zero.Add(time.Duration(s+1) * time.Second))):
		case <-io.Lease.Ended():
			return io.Lease.Cause(), nil
		case <-ctx.Done():
			return results.Ended{How: results.EndedInterrupted}, nil
		}
		if err := io.Sink.Append(busySecond(s)); err != nil {
			return results.Ended{}, err
		}
		p.spoke.Add(1)
	}
	return results.Ended{How: results.EndedPlanned, At: p.play, Wall: time.Now()}, nil
}

// busySecond is a delta of sixteen histograms: both steps by two clocks, and six
// phases of each step's exchange.
func busySecond(s int) *results.Delta {
	d := results.NewDelta(0)
	d.Written = int32(s)
	at := time.Duration(s) * time.Second
	ms := func() time.Duration { return time.Duration(1+rand.Int64N(400_000)) * time.Microsecond }
	for range 100 {
		for step := range 2 {
			d.AddStep(results.Sample{Step: step, Outcome: results.InTime, Intended: at, Sent: at + ms(), Done: at + time.Second + ms(), Inside: ms()})
			d.AddHop(results.Hop{Step: step, Number: 1, Status: 200, At: at, Queued: ms(), DNS: ms(), Connect: ms(), TLS: ms(), FirstByte: ms(), Body: ms()})
		}
	}
	return d
}

// usage is what a process has taken: CPU time, and resident memory at its highest.
func usage(t *testing.T, pid int) (cpu time.Duration, peak int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	for _, f := range fields[11:13] { // user and system, in hundredths of a second
		n, _ := strconv.ParseInt(f, 10, 64)
		cpu += time.Duration(n) * 10 * time.Millisecond
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			peak, _ = strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return cpu, peak << 10
}

// TestFleetManyWorkers: two hundred workers that speak the whole protocol over the
// real server, each with a record a second, keep their coordinator under one
// processor and a gibibyte. They live in this process, and lose their leases when it
// stands still.
func TestFleetManyWorkers(t *testing.T) {
	calmly(t, endsLeases, func() string { return manyWorkers(t, 200, 15) })
}

// manyWorkers plays once, some seconds, and says how it came that somebody was lost.
func manyWorkers(t *testing.T, workers, play int) (lost string) {
	target := newStampedTarget(t, 0)
	r := coordinate(t, fleetStorm{target: target.url(), people: 1000, play: play, drain: "5s"}.String(), workers)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the coordinator says:\n%s", r.stderr.String())
		}
	})
	var spoke atomic.Int64
	failed := make(chan error, workers)
	for i := range workers {
		wg.Go(func() {
			if err := r.fake(ctx, i, time.Duration(play)*time.Second, &spoke); err != nil && ctx.Err() == nil {
				failed <- fmt.Errorf("worker %d: %w", i, err)
			}
		})
	}
	cores, peak := r.usage(t, time.Duration(play)*time.Second)
	code := r.wait(t)
	t.Logf("%d records of %d workers: %.2f processors, %d MiB at most; exit %d", spoke.Load(), workers, cores, peak>>20, code)
	if cores >= 1 {
		t.Errorf("the coordinator took %.2f processors", cores)
	}
	if peak >= 1<<30 {
		t.Errorf("the coordinator took %d MiB", peak>>20)
	}
	run, err := results.Open(r.folder())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "workers in the folder", len(run.Workers), workers)
	equal(t, "records missing", gaps(run), 0)
	frames := 0
	for _, w := range run.Workers {
		frames += w.Frames
	}
	equal(t, "records that arrived", frames, int(spoke.Load()))
	select {
	case err := <-failed:
		return err.Error()
	default:
	}
	if lost := (&story{fleet: run.Fleet}).lost(); lost != "" {
		return lost
	}
	equal(t, "records made", frames, workers*play)
	return ""
}

// usage is what the coordinator takes during a play, but for its first and last second.
func (r *fleetRig) usage(t *testing.T, play time.Duration) (cores float64, peak int64) {
	t.Helper()
	zero := r.zeroOf(t)
	time.Sleep(time.Until(zero.Add(time.Second)))
	from := time.Now()
	began, _ := usage(t, r.cmd.Process.Pid)
	time.Sleep(time.Until(zero.Add(play - time.Second)))
	cpu, peak := usage(t, r.cmd.Process.Pid)
	return float64(cpu-began) / float64(time.Since(from)), peak
}

// fake is one of them.
func (r *fleetRig) fake(ctx context.Context, i int, play time.Duration, spoke *atomic.Int64) error {
	c, err := keys.ReadCredentials(filepath.Join(r.creds, nameOf(i)+".json"))
	if err != nil {
		return err
	}
	conn, err := bus.Connect(ctx, bus.Config{URL: joinURL(r.listen), Credentials: c})
	if err != nil {
		return err
	}
	defer conn.Close()
	w, err := fleet.NewWorker(fleet.WorkerConfig{
		Bus: conn, Credentials: c, Spool: filepath.Join(r.dir, "fakes"),
		Hello: fleet.Hello{Version: toolInfo().Version, Go: "go", OS: "fake", CPUs: 1, DescLimit: 1024, Memory: 1 << 30},
		Prepare: func(_ context.Context, job fleet.Job) (fleet.Player, error) {
			return &fakePlayer{job, play, spoke}, nil
		},
		Linger: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}
