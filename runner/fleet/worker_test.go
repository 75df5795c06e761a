package fleet

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

// inFleet runs a test of n workers in virtual time.
func inFleet(t *testing.T, n int, f func(t *testing.T, b *boss)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBoss(t, n)
		defer b.close()
		f(t, b)
	})
}

// spools lists what lies in a spool folder.
func spools(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func TestWorkerPlays(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		dir, p := t.TempDir(), &testPlayer{seconds: 5}
		w := b.worker(0, dir, p, nil)
		time.Sleep(time.Second)
		if got := b.newest("w000"); got.Phase != PhaseIdle || got.Readings == 0 {
			t.Fatalf("an idle worker's beat: %+v", got)
		}
		zero := b.begin("w000", "p1")
		time.Sleep(time.Until(zero.Add(2500 * time.Millisecond)))
		beat := b.newest("w000")
		if beat.Phase != PhasePlaying || beat.Play != "p1" || beat.StartedAt == nil || *beat.StartedAt != 0 || beat.StartError > 5*time.Millisecond {
			t.Errorf("a playing worker's beat: %+v", beat)
		}
		if beat.Clock == nil || beat.Clock.At > 2500*time.Millisecond || beat.Clock.At < -StartLead-2*time.Second {
			t.Errorf("its clock: %+v", beat.Clock)
		}
		time.Sleep(5 * time.Second)
		if beat = b.newest("w000"); beat.Phase != PhaseEnded || beat.Ended != results.EndedPlanned || beat.Spooled != 7 || beat.Acked != 7 {
			t.Errorf("a worker's beat after the play: %+v", beat)
		}
		seconds, end := readFrames(t, b.records("w000", "p1"))
		if seconds != 5 || end == nil || end.How != results.EndedPlanned {
			t.Errorf("%d seconds, ended %+v", seconds, end)
		}
		if got := spools(t, dir); len(got) != 1 {
			t.Errorf("spools before they are forgotten: %v", got)
		}
		if _, err := b.order("w000", Order{Kind: OrderForget, Play: "p1"}); err != nil {
			t.Fatal(err)
		}
		if got := spools(t, dir); len(got) != 0 || p.closings() != 1 {
			t.Errorf("spools after they are forgotten: %v; the player was closed %d times", got, p.closings())
		}
		// A second play, of the same process.
		p.seconds = 2
		b.begin("w000", "p2")
		time.Sleep(7 * time.Second)
		if seconds, end := readFrames(t, b.records("w000", "p2")); seconds != 2 || end == nil {
			t.Errorf("second play: %d seconds, ended %+v", seconds, end)
		}
		if _, err := b.order("w000", Order{Kind: OrderLeave}); err != nil {
			t.Fatal(err)
		}
		if w.told("the fleet closes") != 1 { // when the coordinator hears the answer, the server may go
			t.Error("that it is to leave is not told before it is answered")
		}
		<-w.done
		if w.err != nil {
			t.Errorf("Run = %v", w.err)
		}
		if got := spools(t, dir); len(got) != 0 {
			t.Errorf("spools that were delivered: %v", got)
		}
	})
}

// TestPartition: no request leaves later than LeaseFor after the last tick; what was
// recorded arrives afterwards, once.
func TestPartition(t *testing.T) {
	for name, how := range map[string]func(*memLink){"messages lost": (*memLink).cut, "messages held back": (*memLink).stall} {
		t.Run(name, func(t *testing.T) {
			inFleet(t, 1, func(t *testing.T, b *boss) {
				dir, p := t.TempDir(), &testPlayer{seconds: 60}
				link := b.bus.link("w000")
				link.delay(20*time.Millisecond, 3*time.Millisecond)
				w := b.worker(0, dir, p, nil)
				time.Sleep(time.Second)
				zero := b.begin("w000", "p")
				time.Sleep(time.Until(zero.Add(5300 * time.Millisecond)))
				how(link)
				from := time.Now()
				time.Sleep(10 * time.Second)
				if got := p.lastSent().Sub(b.lastTickBefore(from)); got > LeaseFor || got < LeaseFor-100*time.Millisecond {
					t.Errorf("the last request left %v after the last tick, want a little less than %v", got, LeaseFor)
				}
				sent := p.requests()
				link.heal()
				time.Sleep(10 * time.Second)
				if n := p.requests(); n != sent {
					t.Errorf("%d requests after the line was back", n-sent)
				}
				seconds, end := readFrames(t, b.records("w000", "p"))
				if seconds != 5 || end == nil || end.How != results.EndedAlone {
					t.Errorf("%d seconds, ended %+v", seconds, end)
				}
				if beat := b.newest("w000"); beat.Phase != PhaseEnded || beat.Ended != results.EndedAlone || beat.Acked != beat.Spooled {
					t.Errorf("beat: %+v", beat)
				}
				if w.told("nothing heard of the coordinator") != 1 || w.told("heard again") != 1 {
					t.Errorf("told %+v", w.notices)
				}
				b.order("w000", Order{Kind: OrderLeave})
				<-w.done
			})
		})
	}
}

// lastTickBefore is when the last tick was sent before an instant.
func (b *boss) lastTickBefore(at time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := at.Sub(b.lastTick)
	return at.Add(-((n%TickEvery + TickEvery) % TickEvery))
}

// TestCoordinatorDies: the worker stops, keeps its results, and delivers them to
// whoever takes the coordinator's place.
func TestCoordinatorDies(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		p := &testPlayer{seconds: 60}
		w := b.worker(0, t.TempDir(), p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(5 * time.Second)))
		b.silence(true)
		b.bus.link("w000").cut() // its server is dead too
		time.Sleep(2 * time.Minute)
		b.silence(false)
		b.bus.link("w000").heal()
		time.Sleep(5 * time.Second)
		if _, end := readFrames(t, b.records("w000", "p")); end == nil || end.How != results.EndedAlone {
			t.Errorf("ended %+v", end)
		}
		if beat := b.newest("w000"); beat.Phase != PhaseEnded || beat.Acked != beat.Spooled {
			t.Errorf("beat: %+v", beat)
		}
		b.order("w000", Order{Kind: OrderLeave})
		<-w.done
		if w.err != nil {
			t.Error(w.err)
		}
	})
}

func TestLinger(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		w := b.worker(0, t.TempDir(), &testPlayer{seconds: 60}, func(c *WorkerConfig) { c.Linger = 30 * time.Second })
		time.Sleep(time.Second)
		b.begin("w000", "p")
		time.Sleep(5 * time.Second)
		b.silence(true)
		b.bus.link("w000").cut()
		from := time.Now()
		<-w.done
		if took := time.Since(from); took < 29*time.Second || took > 32*time.Second || w.err == nil {
			t.Errorf("Run = %v after %v", w.err, took)
		}
		b.bus.link("w000").heal()
		// A worker that nobody ever answers.
		from = time.Now()
		w = b.worker(0, t.TempDir(), &testPlayer{}, func(c *WorkerConfig) { c.Linger = 30 * time.Second })
		<-w.done
		if took := time.Since(from); took < 29*time.Second || took > 33*time.Second || w.err == nil {
			t.Errorf("Run = %v after %v", w.err, took)
		}
	})
}

func TestStop(t *testing.T) {
	for name, stop := range map[string]func(b *boss, s Stop){
		"order":     func(b *boss, s Stop) { b.order("w000", Order{Kind: OrderStop, Play: s.Play, Stop: &s}) },
		"broadcast": func(b *boss, s Stop) { b.publish(subject(b.roster.Fleet, "all", "stop"), s) },
	} {
		t.Run(name, func(t *testing.T) {
			inFleet(t, 1, func(t *testing.T, b *boss) {
				p := &testPlayer{seconds: 60}
				w := b.worker(0, t.TempDir(), p, nil)
				time.Sleep(time.Second)
				zero := b.begin("w000", "p")
				time.Sleep(time.Until(zero.Add(3 * time.Second)))
				stop(b, Stop{Play: "another", How: results.EndedStopped})
				time.Sleep(time.Second)
				if p.lastSent().Before(time.Now().Add(-50 * time.Millisecond)) {
					t.Fatal("stopped by the stop of another play")
				}
				stop(b, Stop{Play: "p", How: results.EndedByTarget, Cause: "consent\nwithdrawn"})
				synctest.Wait()
				at := time.Now()
				time.Sleep(3 * time.Second)
				if p.lastSent().After(at) {
					t.Error("a request left after the stop")
				}
				_, end := readFrames(t, b.records("w000", "p"))
				if end == nil || end.How != results.EndedByTarget || end.Cause != "consent?withdrawn" {
					t.Errorf("ended %+v", end)
				}
				w.term()
				<-w.done
			})
		})
	}
}

// publish sends a signed message.
func (b *boss) publish(subject string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	b.conn.Publish(subject, b.me.Wrap(subject, body))
}

// TestTerminated: a worker that is told to end by its machine stops at once,
// delivers and says so.
func TestTerminated(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		dir, p := t.TempDir(), &testPlayer{seconds: 60}
		w := b.worker(0, dir, p, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(3500 * time.Millisecond)))
		w.term()
		at := time.Now()
		<-w.done
		if p.lastSent().After(at) || time.Since(at) > time.Second || w.err == nil {
			t.Errorf("last request %v after the signal, Run = %v after %v", p.lastSent().Sub(at), w.err, time.Since(at))
		}
		synctest.Wait()
		if _, end := readFrames(t, b.records("w000", "p")); end == nil || end.How != results.EndedAlone {
			t.Errorf("ended %+v", end)
		}
		if b.farewell("w000").Why == "" || len(spools(t, dir)) != 0 {
			t.Errorf("gone %+v, spools %v", b.farewell("w000"), spools(t, dir))
		}
	})
}

// TestTerminatedAlone: without a line what was recorded stays on the disk, and the
// next process of that name delivers it.
func TestTerminatedAlone(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		dir := t.TempDir()
		w := b.worker(0, dir, &testPlayer{seconds: 60}, nil)
		time.Sleep(time.Second)
		zero := b.begin("w000", "p")
		time.Sleep(time.Until(zero.Add(3500 * time.Millisecond)))
		b.bus.link("w000").cut()
		w.term()
		at := time.Now()
		<-w.done
		if took := time.Since(at); took < leaveGrace || took > leaveGrace+2*time.Second {
			t.Errorf("Run = %v after %v", w.err, took)
		}
		if len(spools(t, dir)) != 1 {
			t.Fatalf("spools %v", spools(t, dir))
		}
		b.bus.link("w000").heal()
		b.mu.Lock()
		delete(b.instance, "w000")
		b.mu.Unlock()
		w = b.worker(0, dir, &testPlayer{}, nil)
		time.Sleep(2 * time.Second)
		if _, end := readFrames(t, b.records("w000", "p")); end == nil || end.How != results.EndedAlone {
			t.Errorf("ended %+v", end)
		}
		b.order("w000", Order{Kind: OrderForget, Play: "p"})
		if len(spools(t, dir)) != 0 {
			t.Errorf("spools %v", spools(t, dir))
		}
		w.term()
		<-w.done
	})
}

func TestRefused(t *testing.T) {
	inFleet(t, 1, func(t *testing.T, b *boss) {
		first := b.worker(0, t.TempDir(), &testPlayer{}, nil)
		time.Sleep(time.Second)
		for code, edit := range map[string]func(*WorkerConfig){
			"taken":   nil,
			"version": func(c *WorkerConfig) { c.Hello.Version = "older" },
		} {
			w := b.worker(0, t.TempDir(), &testPlayer{}, edit)
			<-w.done
			var r *Refusal
			if !errors.As(w.err, &r) || r.Code != code {
				t.Errorf("Run = %v, want a refusal %s", w.err, code)
			}
		}
		select {
		case <-first.done:
			t.Errorf("the first one ended: %v", first.err)
		default:
		}
		first.term()
		<-first.done
	})
}
