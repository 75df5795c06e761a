//go:build slow && unix

package main

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"firstbell/runner/nulltarget"
)

// TestCalibrationOnSockets measures what this machine can do, and what a login
// costs the generator and the sink: the sink must be the cheaper one by far.
func TestCalibrationOnSockets(t *testing.T) {
	for _, secure := range []bool{false, true} {
		sc, tape := calibrating(t, secure)
		sink, err := startSink(systemEnv(), tape)
		if err != nil {
			t.Fatal(err)
		}
		cfg := calibrationConfig(t, sc, tape, sink.addr, t.TempDir())
		cfg.First, cfg.Ceiling, cfg.Window = 100, 6400, 4*time.Second
		logins := 0.0
		cfg.Tell = func(tr nulltarget.Trial) {
			logins += tr.Rate * tr.Conduct.Length().Seconds()
			t.Logf("secure %v: %v/s broke %v, p99 %v, completed %.4f", secure, tr.Rate, tr.Broke, tr.P99, tr.Completed)
		}
		before := ownCPU(t)
		got, err := nulltarget.Calibrate(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		own := ownCPU(t) - before
		sink.stop()
		theirs := sink.cmd.ProcessState.UserTime()
		kernel := sink.cmd.ProcessState.SystemTime()
		t.Logf("secure %v: %.0f logins/s, stopped by %q, p99 limit %v; CPU a login: generator %v, sink %v user + %v kernel",
			secure, got.Rate, got.Stopped, got.Limit, own/time.Duration(logins), theirs/time.Duration(logins), kernel/time.Duration(logins))
		if got.Why != "" {
			t.Errorf("%+v", got.Calibration)
		}
		if theirs+kernel > own {
			t.Errorf("the sink took %v, the generator %v", theirs+kernel, own)
		}
	}
}

func ownCPU(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestCalibrationOfASlowGenerator (K13): a generator that is starved of
// processors is calibrated lower, and a plan it could have served is refused.
func TestCalibrationOfASlowGenerator(t *testing.T) {
	sc, tape := calibrating(t, true)
	sink, err := startSink(systemEnv(), tape)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.stop()
	calibrate := func() *nulltarget.Result {
		cfg := calibrationConfig(t, sc, tape, sink.addr, t.TempDir())
		cfg.First, cfg.Ceiling, cfg.Window = 50, 1600, 4*time.Second
		got, err := nulltarget.Calibrate(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	whole := calibrate()
	quit := make(chan struct{})
	defer close(quit)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	go func() { // what else runs in a process that has too few processors
		for {
			select {
			case <-quit:
				return
			default:
				for began := time.Now(); time.Since(began) < 30*time.Millisecond; {
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	starved := calibrate()
	t.Logf("whole %.0f/s stopped by %q, starved %.0f/s stopped by %q", whole.Rate, whole.Stopped, starved.Rate, starved.Stopped)
	if whole.Rate < 10 {
		t.Skipf("this machine is too busy to tell: %.0f logins/s with all of it", whole.Rate)
	}
	if starved.Rate > whole.Rate/2 {
		t.Errorf("a starved generator is calibrated at %.0f/s, the whole at %.0f/s", starved.Rate, whole.Rate)
	}
	if peak := whole.Rate / nulltarget.Margin; starved.Allows(peak) || !whole.Allows(peak) {
		t.Error("the plan of the whole generator is not refused to the starved one")
	}
}
