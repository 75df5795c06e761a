package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// bubble runs a fleet of n fakes that have joined.
func bubble(t *testing.T, n int, change func(*CoordinatorConfig), f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, n, change)
		defer r.close()
		r.join()
		f(t, r)
	})
}

func TestPartitionedWorkerStopsDeliversAndPlaysNoMore(t *testing.T) {
	for _, loses := range []bool{true, false} {
		bubble(t, 3, nil, func(t *testing.T, r *rig) {
			result := r.play(t.Context(), r.aPlay())
			r.until(2 * time.Second)
			l := r.bus.link("w001")
			if l.stall(); loses {
				l.cut()
			}
			r.until(5 * time.Second)
			l.heal()
			end, err := result()
			if err != nil || end.How != results.EndedPlanned {
				t.Fatalf("ended %+v, %v", end, err)
			}
			rec := r.folder.rec
			if len(rec.Losses) != 1 || rec.Losses[0].Returned == nil || rec.Workers[1].Late == 0 || r.folder.ends[1].How != results.EndedAlone {
				t.Errorf("losses %+v, late %d, ends %+v", rec.Losses, rec.Workers[1].Late, r.folder.ends)
			}
			if at := *rec.Losses[0].Returned; at < 5*time.Second || at > 5*time.Second+2*TickEvery {
				t.Errorf("returned at %v", at)
			}
			if stopped := r.workers[1].stopAt.Sub(r.start); stopped > 3*time.Second {
				t.Errorf("the worker stopped %v after it was cut off", stopped-2*time.Second)
			}
			for _, id := range r.balance() {
				if came := r.world.at(id); id%3 != 1 || came < 2*time.Second || came >= rec.Losses[0].TakenFrom {
					t.Errorf("person %d, due at %v, was not played", id, came)
				}
			}
			if rec.Workers[1].Missing != 0 {
				t.Errorf("%d records are missing", rec.Workers[1].Missing)
			}
			// It takes part again in the next play.
			time.Sleep(time.Second)
			if got := len(r.c.Alive()); got != 3 {
				t.Errorf("%d workers for the next play", got)
			}
		})
	}
}

func TestReturnedWorkerIsWaitedFor(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, r *rig) {
		r.workers[1].sendAfter = 7 * time.Second // the others end at 8 s
		result := r.play(t.Context(), r.aPlay())
		r.until(2 * time.Second)
		r.bus.link("w001").cut()
		r.until(5 * time.Second)
		r.bus.link("w001").heal()
		if _, err := result(); err != nil || r.folder.ends[1].How != results.EndedAlone {
			t.Errorf("ends %+v, %v", r.folder.ends, err)
		}
		r.workers[0].sendAfter, r.workers[1].sendAfter = time.Minute, 0 // bounded all the same
		r.world.played, r.start, r.folder = map[uint32][]playedBy{}, time.Time{}, newMemFolder()
		result = r.play(t.Context(), r.aPlay())
		r.until(2 * time.Second)
		r.bus.link("w000").cut()
		r.until(5 * time.Second)
		r.bus.link("w000").heal()
		if _, err := result(); err != nil || time.Since(r.start) > 8*time.Second+lateDelivery+time.Second {
			t.Errorf("%v, after %v", err, time.Since(r.start))
		}
	})
}

// TestOldProcessIsNobody: a process that was frozen and wakes after another has
// taken its name is no sign of life of that.
func TestOldProcessIsNobody(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		old := r.workers[1]
		old.mu.Lock()
		beat := old.beat
		old.mu.Unlock()
		old.kill()
		time.Sleep(2 * LostAfter)
		again := newFakeWorker(t, r.world, r.bus, r.creds[1], "again")
		again.start()
		if err := r.c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		again.kill()
		for range 10 {
			beat.N += 100
			_ = old.conn.Publish(subject(old.fleet, "up", "w001", "beat"), old.say("beat", beat))
			time.Sleep(TickEvery)
		}
		if got := r.c.Alive(); len(got) != 1 {
			t.Errorf("alive: %v", got)
		}
	})
}

func TestDelayAndDuplicatesChangeNothing(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, r *rig) {
		for i, name := range []string{"w000", "w001", "w002"} {
			r.bus.link(name).delay(time.Duration(40*i)*time.Millisecond, 50*time.Millisecond)
			r.bus.link(name).duplicate(2)
		}
		end, err := r.c.Play(t.Context(), r.aPlay())
		if err != nil || end.How != results.EndedPlanned {
			t.Fatalf("ended %+v, %v", end, err)
		}
		if m := r.balance(); len(m) > 0 || len(r.folder.rec.Losses) > 0 {
			t.Errorf("not played: %v, losses %+v", m, r.folder.rec.Losses)
		}
	})
}

func TestLossesInARow(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for range 30 {
		n := 3 + random.IntN(4)
		bubble(t, n, nil, func(t *testing.T, r *rig) {
			result := r.play(t.Context(), r.aPlay())
			at := time.Duration(random.Int64N(int64(time.Second)))
			dead := map[int]bool{}
			for len(dead) < n-1 {
				r.until(at)
				who := random.IntN(n)
				if !dead[who] {
					r.workers[who].kill()
					dead[who] = true
				}
				at = min(at+time.Duration(random.Int64N(int64(1500*time.Millisecond))), 5900*time.Millisecond)
			}
			end, err := result()
			if err != nil || end.How != results.EndedPlanned || len(r.folder.rec.Losses) != n-1 {
				t.Fatalf("ended %+v, %v; losses %+v", end, err, r.folder.rec.Losses)
			}
			for _, id := range r.balance() {
				came, said := r.world.at(id), false
				for _, l := range r.folder.rec.Losses {
					said = said || came >= l.Heard-20*time.Millisecond && (l.TakenFrom < 0 || came < l.TakenFrom)
				}
				if !said {
					t.Errorf("%d workers: person %d, due at %v, was not played: %+v", n, id, came, r.folder.rec.Losses)
				}
			}
		})
	}
}

func TestNobodyIsLeft(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		result := r.play(t.Context(), r.aPlay())
		r.until(1050 * time.Millisecond) // between two beats: both were heard last at the same instant
		r.workers[0].kill()
		r.workers[1].kill()
		end, err := result()
		if err != nil || end.How != results.EndedLoss {
			t.Fatalf("ended %+v, %v", end, err)
		}
		for _, l := range r.folder.rec.Losses {
			if l.TakenFrom >= 0 || l.Untaken != "nobody_left" || l.Due == 0 {
				t.Errorf("%+v", l)
			}
		}
	})
}

func TestOnLossStop(t *testing.T) {
	bubble(t, 3, func(c *CoordinatorConfig) { c.OnLoss = OnLossStop }, func(t *testing.T, r *rig) {
		result := r.play(t.Context(), r.aPlay())
		r.until(2 * time.Second)
		r.workers[2].kill()
		end, err := result()
		rec := r.folder.rec
		if err != nil || end.How != results.EndedLoss || rec.Stop == nil || len(rec.Losses) != 1 || rec.Losses[0].Untaken != "on_loss_stop" {
			t.Fatalf("ended %+v, %v; %+v, stop %+v", end, err, rec.Losses, rec.Stop)
		}
		for _, w := range r.workers[:2] {
			if at := w.stopAt.Sub(r.start); at > 3200*time.Millisecond {
				t.Errorf("stopped at %v", at)
			}
		}
	})
}

func TestTakersWithoutRoomOrWill(t *testing.T) {
	bubble(t, 4, nil, func(t *testing.T, r *rig) {
		r.workers[1].cpu = 0.6 // has no room
		r.workers[2].refuses = func(o Order) *Refusal {
			if o.Kind == OrderMore {
				return &Refusal{Code: "busy", What: "no"}
			}
			return nil
		}
		result := r.play(t.Context(), r.aPlay())
		r.until(2 * time.Second)
		r.workers[0].kill()
		if _, err := result(); err != nil {
			t.Fatal(err)
		}
		l := r.folder.rec.Losses[0]
		for _, x := range l.Takers {
			if x.Worker != 3 {
				t.Errorf("worker %d took over", x.Worker)
			}
		}
		for _, id := range r.balance() {
			if r.world.at(id) > l.TakenFrom+time.Second {
				t.Errorf("person %d, due at %v, was not played: %+v", id, r.world.at(id), l)
			}
		}
	})
}

// Why nobody took over is always said.
func TestTakersThatDoNotAnswer(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		r.workers[1].deaf = func(o Order) bool { return o.Kind == OrderMore }
		result := r.play(t.Context(), r.aPlay())
		r.until(time.Second)
		r.workers[0].kill()
		if _, err := result(); err != nil {
			t.Fatal(err)
		}
		if l := r.folder.rec.Losses[0]; len(l.Takers) > 0 || l.Untaken != "unanswered" {
			t.Errorf("%+v", l)
		}
	})
}

// After a stutter of the coordinator's own nobody is lost who was not called so.
func TestNobodySeemsLost(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		r.c.mu.Lock()
		r.c.peers[0].heard = time.Now().Add(-2 * LostAfter)
		r.c.mu.Unlock()
		if s := r.c.Status().Workers[0].State; s != "suspect" {
			t.Errorf("a worker that was not heard for a stutter is %q", s)
		}
		r.workers[1].kill()
		time.Sleep(2 * LostAfter)
		if s := r.c.Status().Workers; s[0].State == "lost" || s[1].State != "lost" {
			t.Errorf("%+v", s)
		}
	})
}

func TestStopReachesAllButTheDeaf(t *testing.T) {
	bubble(t, 8, nil, func(t *testing.T, r *rig) {
		r.workers[5].deaf = func(o Order) bool { return o.Kind == OrderStop }
		result := r.play(t.Context(), r.aPlay())
		r.until(2 * time.Second)
		op, err := r.op.Member()
		if err != nil {
			t.Fatal(err)
		}
		s := subject(r.roster.Fleet, "op", "stop")
		if _, err := r.bus.connect("operator").Request(t.Context(), s, op.Wrap(s, []byte(`{"why":"the school called"}`))); err != nil {
			t.Fatal(err)
		}
		end, err := result()
		rec := r.folder.rec
		if err != nil || end.How != results.EndedStopped || end.Cause != "the school called" {
			t.Fatalf("ended %+v, %v", end, err)
		}
		if st := rec.Stop; st == nil || len(st.Missing) != 1 || st.Missing[0] != 5 || st.Reached-st.Sent > 100*time.Millisecond {
			t.Errorf("stop %+v", st)
		}
		for i, w := range r.workers {
			if late := w.stopAt.Sub(r.start) - 2*time.Second; late > time.Second || late < 0 {
				t.Errorf("worker %d stopped %v after the order", i, late)
			}
		}
		if _, err := r.c.Play(t.Context(), r.aPlay()); !errors.Is(err, ErrStopped) {
			t.Errorf("the next play: %v", err)
		}
	})
}

func TestEndsFromOutside(t *testing.T) {
	var halt chan struct{}
	for name, c := range map[string]struct {
		act  func(r *rig, cancel context.CancelFunc)
		want results.EndedAs
	}{
		"Ctrl-C":  {func(r *rig, cancel context.CancelFunc) { cancel() }, results.EndedInterrupted},
		"consent": {func(*rig, context.CancelFunc) { close(halt) }, results.EndedByTarget},
		"Stop":    {func(r *rig, _ context.CancelFunc) { r.c.Stop("") }, results.EndedStopped},
		"disk": {func(r *rig, _ context.CancelFunc) {
			r.folder.mu.Lock()
			r.folder.fails = errors.New("full")
			r.folder.mu.Unlock()
		}, results.EndedInternal},
		"accounts": {func(r *rig, _ context.CancelFunc) {
			w := r.workers[1]
			w.mu.Lock()
			w.stop(&Stop{Play: w.beat.Play, How: results.EndedCredentials, Cause: "rejected"})
			w.mu.Unlock()
		}, results.EndedCredentials},
	} {
		for _, before := range []bool{true, false} {
			if before && (name == "disk" || name == "accounts") {
				continue
			}
			bubble(t, 3, nil, func(t *testing.T, r *rig) {
				halt = make(chan struct{})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				p := r.aPlay()
				p.Halt, p.Cause = halt, func() results.Ended { return results.Ended{How: results.EndedByTarget, Cause: "withdrawn"} }
				if before {
					r.workers[2].deaf = func(o Order) bool { return o.Kind == OrderPrepare }
				}
				result := r.play(ctx, p)
				if time.Sleep(time.Second); !before {
					r.until(2 * time.Second)
				}
				c.act(r, cancel)
				at := time.Now()
				end, err := result()
				if end.How != c.want || (err != nil) != (before || name == "disk") {
					t.Errorf("%s, before the start: %v: ended %+v, %v", name, before, end, err)
				}
				if took := time.Since(at); took > 5*time.Second {
					t.Errorf("%s, before the start: %v: it took %v", name, before, took)
				}
				if before != r.start.IsZero() {
					t.Errorf("%s: a folder was made: %v", name, !r.start.IsZero())
				}
			})
		}
	}
}

func TestPlayIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(r *rig, p *Play)
		want string
	}{
		"clock":  {func(r *rig, _ *Play) { r.workers[1].clockError = 300 * time.Millisecond }, "clock of w001"},
		"people": {func(_ *rig, p *Play) { p.Plan.People = 599 }, "600 people, the plan has 599"},
		"counts": {func(r *rig, _ *Play) { r.workers[1].miscounts = 3 }, "w001 counts "},
		"counts that add up": {func(r *rig, _ *Play) {
			r.workers[1].miscounts, r.workers[2].miscounts = 3, -3
		}, "where it was given"},
		"not well": {func(r *rig, _ *Play) {
			r.workers[0].refuses = func(Order) *Refusal { return &Refusal{What: "no disk"} }
		}, "w000: no disk"},
		"too slow": {func(r *rig, _ *Play) { r.workers[2].deaf = func(o Order) bool { return o.Kind == OrderPrepare } }, "w002 did not answer"},
		"no start": {func(r *rig, _ *Play) { r.workers[2].deaf = func(o Order) bool { return o.Kind == OrderStart } }, "w002 did not answer"},
		"dies": {func(r *rig, _ *Play) {
			r.workers[2].deaf = func(o Order) bool { return o.Kind == OrderPrepare }
			time.AfterFunc(time.Second, r.workers[2].cancel)
		}, "w002 is not heard any more"},
		"folder": {func(_ *rig, p *Play) {
			p.Open = func(time.Time, int) (Folder, error) { return nil, errors.New("no space") }
		}, "no space"},
	} {
		bubble(t, 3, func(c *CoordinatorConfig) { c.ReadyWithin = 15 * time.Second }, func(t *testing.T, r *rig) {
			p := r.aPlay()
			c.act(r, p)
			end, err := r.c.Play(t.Context(), p)
			if err == nil || !strings.Contains(err.Error(), c.want) || end.How != results.EndedInternal {
				t.Errorf("%s: %+v, %v", name, end, err)
			}
			time.Sleep(4 * time.Second)
			for _, w := range r.workers {
				if w.mu.Lock(); w.beat.Phase == PhasePlaying && w.stopped == nil && w.beat.Ended == "" {
					t.Errorf("%s: %s still plays", name, w.hello.Worker)
				}
				w.mu.Unlock()
			}
		})
	}
}

func TestEnoughEndsTheLoadEverywhereAtOnce(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, r *rig) {
		p := r.aPlay()
		seen := 0
		p.Observe = func(s runner.Snapshot) { seen++ }
		p.Enough = func(s runner.Snapshot) bool { return s.At > 2*time.Second && s.Done == 3 }
		end, err := r.c.Play(t.Context(), p)
		if err != nil || end.How != results.EndedEnough || end.LoadEnd < 2500*time.Millisecond || end.LoadEnd > 4500*time.Millisecond || seen < 4 {
			t.Errorf("ended %+v, %v, observed %d times", end, err, seen)
		}
		for i, w := range r.workers {
			if w.endLoad != end.LoadEnd {
				t.Errorf("worker %d ends its load at %v, not %v", i, w.endLoad, end.LoadEnd)
			}
		}
	})
}

func TestHostileRecords(t *testing.T) {
	for name, send := range map[string]func(w *fakeWorker){
		"garbage": func(w *fakeWorker) {
			s := resultsSubject(w.fleet, "w001")
			_ = w.conn.Append(w.ctx, s, "x", w.me.Wrap(s, []byte("FR?")))
		},
		"frame": func(w *fakeWorker) {
			w.send(Record{Play: w.beat.Play, Worker: 1, N: 900, Kind: RecordFrame, Body: []byte("FB")})
		},
		"other worker": func(w *fakeWorker) {
			w.send(Record{Play: w.beat.Play, Worker: 0, N: 900, Kind: RecordEvent, Body: []byte("{}")})
		},
		"number": func(w *fakeWorker) {
			w.send(Record{Play: w.beat.Play, Worker: 1, N: 1 << 60, Kind: RecordEvent, Body: []byte("{}")})
		},
		"flood": func(w *fakeWorker) {
			for n := range uint64(recordsAtOnce + 500) {
				w.send(Record{Play: w.beat.Play, Worker: 1, N: 100 + n, Kind: RecordEvent, Body: []byte("{}")})
			}
		},
		"unsigned": func(w *fakeWorker) {
			for n := range bytesAtOnce>>20 + 10 {
				_ = w.conn.Append(w.ctx, resultsSubject(w.fleet, "w001"), fmt.Sprint("unsigned", n), make([]byte, 1<<20))
			}
		},
	} {
		bubble(t, 3, nil, func(t *testing.T, r *rig) {
			result := r.play(t.Context(), r.aPlay())
			r.until(2 * time.Second)
			w := r.workers[1]
			w.mu.Lock()
			send(w)
			w.mu.Unlock()
			end, err := result()
			l := r.folder.rec.Losses
			if err != nil || end.How != results.EndedPlanned || len(l) != 1 || l[0].Why != lostExpelled || l[0].TakenFrom < 0 || r.heard(NoticeExpelled) != 1 {
				t.Errorf("%s: ended %+v, %v, losses %+v", name, end, err, l)
			}
			if !r.bus.isBarred("w001") || r.bus.isBarred("w000") {
				t.Errorf("%s: the store takes more of it", name)
			}
			if w.stopped == nil || len(r.folder.frames[1]) == 0 {
				t.Errorf("%s: stopped: %v, %d frames kept", name, w.stopped, len(r.folder.frames[1]))
			}
			r.balance()
		})
	}
}

func TestForeignRecordsAreNobodysFault(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		result := r.play(t.Context(), r.aPlay())
		r.until(2 * time.Second)
		evil, s := r.workers[0], resultsSubject(r.roster.Fleet, "w001")
		b, err := EncodeRecord(Record{Play: "run-1", Worker: 1, N: 77, Kind: RecordFrame, Body: []byte("FB")})
		if err != nil {
			t.Fatal(err)
		}
		for i, data := range [][]byte{evil.me.Wrap(s, b), b, nil} { // signed by another, not at all, nothing
			_ = evil.conn.Append(t.Context(), s, string(rune('a'+i)), data)
		}
		for i, e := range []string{`{"kind":"worker_lost"}`, `{"kind":"Odd Kind"}`, `[]`, `{"kind":"first_quota","text":"\u001b[2J","fields":{"worker":"w000","x":"y"}}`} {
			r.workers[1].mu.Lock()
			r.workers[1].records++
			r.workers[1].send(Record{Play: "run-1", Worker: 1, N: r.workers[1].records, Kind: RecordEvent, Body: []byte(e)})
			r.workers[1].mu.Unlock()
			_ = i
		}
		end, err := result()
		if err != nil || end.How != results.EndedPlanned || len(r.folder.rec.Losses) != 0 {
			t.Errorf("ended %+v, %v, losses %+v", end, err, r.folder.rec.Losses)
		}
		if ev := r.folder.events; len(ev) != 1 || ev[0].Fields["worker"] != "w001" || ev[0].Fields["x"] != "y" || strings.Contains(ev[0].Text, "\x1b") {
			t.Errorf("events %+v", ev)
		}
	})
}

func TestSlowDiskDelaysNoLease(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, r *rig) {
		r.folder.slow = 3 * time.Second
		end, err := r.c.Play(t.Context(), r.aPlay())
		if err != nil || end.How != results.EndedPlanned || len(r.folder.rec.Losses) > 0 {
			t.Errorf("ended %+v, %v", end, err)
		}
	})
}

func TestGoneAndBrokenAndReplaced(t *testing.T) {
	for why, act := range map[string]func(r *rig, w *fakeWorker){
		lostGone: func(r *rig, w *fakeWorker) {
			_ = w.conn.Publish(subject(w.fleet, "up", "w001", "gone"), w.say("gone", Gone{Instance: w.hello.Instance, Why: "told to"}))
			w.kill()
		},
		lostSpool: func(r *rig, w *fakeWorker) { w.mu.Lock(); w.beat.Broken = true; w.mu.Unlock() },
		lostSilent: func(r *rig, w *fakeWorker) { // restarted at once: not let in before the first is silent
			w.kill()
			again := newFakeWorker(r.t, r.world, r.bus, r.creds[1], "again")
			again.start()
			r.workers = append(r.workers, again)
		},
	} {
		bubble(t, 3, nil, func(t *testing.T, r *rig) {
			result := r.play(t.Context(), r.aPlay())
			r.until(2 * time.Second)
			act(r, r.workers[1])
			end, err := result()
			l := r.folder.rec.Losses
			if err != nil || end.How != results.EndedPlanned || len(l) != 1 || l[0].Why != why || l[0].TakenFrom < 0 || l[0].TakenFrom > 4*time.Second {
				t.Errorf("%s: ended %+v, %v, losses %+v", why, end, err, l)
			}
			r.balance()
			if late := r.workers[1].stopAt.Sub(r.start) - 2*time.Second; why == lostSpool && (late < 0 || late > 1100*time.Millisecond) {
				t.Errorf("%s: it stopped %v later", why, late)
			}
			if why == lostSilent && len(r.c.Alive()) != 3 {
				t.Errorf("alive %v", r.c.Alive())
			}
		})
	}
}

func TestCall(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		if a, err := r.c.Call(t.Context(), 1, "sink", []byte("payload")); err != nil || string(a) != "sink done" {
			t.Errorf("%q, %v", a, err)
		}
		if len(r.bus.buckets["w001"]) != 0 {
			t.Error("the payload still lies in the bucket")
		}
		r.workers[1].deaf = func(o Order) bool { return o.Kind == OrderCall }
		time.AfterFunc(time.Second, r.workers[1].cancel)
		if _, err := r.c.Call(t.Context(), 1, "sink", nil); err == nil || !strings.Contains(err.Error(), "not heard") {
			t.Errorf("a worker that died meanwhile: %v", err)
		}
		if _, err := r.c.Call(t.Context(), 7, "sink", nil); err == nil {
			t.Error("an answer of nobody")
		}
	})
}

func TestResume(t *testing.T) {
	for _, c := range []struct {
		name string
		at   time.Duration // when the coordinator dies
		kill bool          // a worker dies with it
		want results.EndedAs

		halfTaken bool
	}{
		{"in the middle", 3 * time.Second, false, results.EndedAlone, false},
		{"with a worker", 3 * time.Second, true, results.EndedAlone, false},
		{"within a takeover", 3 * time.Second, false, results.EndedAlone, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, 3, nil)
			defer r.close()
			r.join()
			p := r.aPlay()
			result := r.play(t.Context(), p)
			if c.halfTaken { // its last record is the last of the stream
				r.workers[2].sendAfter = 100 * time.Millisecond
			}
			r.until(c.at)
			r.die()
			if c.kill {
				r.workers[2].kill()
			}
			_, _ = result()
			r.folder.mu.Lock()
			r.folder.dead = false
			rec := copyOf(r.folder.rec)
			if c.halfTaken { // the record of a coordinator that died within the takeover
				rec.Losses = []results.Loss{{Worker: 2, Why: lostSilent, Heard: 2 * time.Second, Noticed: 3 * time.Second, Expired: 3 * time.Second, TakenFrom: -1}}
			}
			r.folder.mu.Unlock()
			time.Sleep(5 * time.Second)
			if c.halfTaken { // and it does not come back
				r.workers[2].kill()
			}
			cfg := r.c.cfg
			r.bus.link("coordinator again").delay(0, 20*time.Millisecond) // it reads one record after the other
			cfg.Bus = r.bus.connect("coordinator again")
			var err error
			if r.c, err = NewCoordinator(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			for _, w := range r.workers {
				w.mu.Lock()
				w.in = false // it asks to join again, hearing no ticks
				w.mu.Unlock()
			}
			from := time.Now()
			end, err := r.c.Resume(t.Context(), p.ID, r.folder, rec, time.Minute)
			if err != nil || end.How != c.want {
				t.Fatalf("%s: ended %+v, %v", c.name, end, err)
			}
			for _, l := range r.folder.rec.Losses {
				if l.TakenFrom < 0 && l.Untaken != untakenAlone {
					t.Errorf("%s: nobody took over, and why is %q", c.name, l.Untaken)
				}
			}
			if took := time.Since(from); c.kill != (took >= time.Minute) {
				t.Errorf("%s: it took %v", c.name, took)
			}
			rec = r.folder.rec
			if len(rec.Outages) != 1 || rec.Outages[0].From < 2*time.Second || rec.Outages[0].From > 4*time.Second || rec.Ended == nil || !r.folder.has(EventResumed) {
				t.Errorf("%s: %+v", c.name, rec)
			}
			for i, w := range r.workers {
				if c.kill && i == 2 {
					continue
				}
				if got := uint64(len(r.folder.frames[uint32(i)])); got != w.frames || rec.Workers[i].Missing != 0 {
					t.Errorf("%s: %d of %d frames of worker %d are there", c.name, got, w.frames, i)
				}
			}
		})
	}
}

// die ends the coordinator as kill -9 does: nobody hears of it.
func (r *rig) die() {
	for _, f := range r.c.unhear {
		f()
	}
	r.c.cfg.Bus.(*memConn).link.cut()
	r.folder.mu.Lock()
	r.folder.dead = true
	r.folder.mu.Unlock()
	r.c.shut()
}

// TestLostBeforeTheFirstInstant: others have all its people, from the very first on,
// and the record says so: nothing is missing.
func TestLostBeforeTheFirstInstant(t *testing.T) {
	bubble(t, 3, nil, func(t *testing.T, r *rig) {
		result := r.play(t.Context(), r.aPlay())
		r.until(-2500 * time.Millisecond)
		r.workers[1].kill()
		end, err := result()
		if err != nil || end.How != results.EndedPlanned {
			t.Fatalf("ended %+v, %v", end, err)
		}
		if m := r.balance(); len(m) > 0 {
			t.Errorf("not played: %v", m)
		}
		l := r.folder.rec.Losses[0]
		if l.TakenFrom != 0 || l.Untaken != "" || len(l.Takers) != 2 || l.Due != r.world.people/3 {
			t.Errorf("loss %+v", l)
		}
	})
}

// TestTakeoverBeginsWithTheAnswer: how long a worker's people were without anybody is
// told by those who took them over, not by what they were asked.
func TestTakeoverBeginsWithTheAnswer(t *testing.T) {
	bubble(t, 2, nil, func(t *testing.T, r *rig) {
		result := r.play(t.Context(), r.aPlay())
		r.until(time.Second)
		lost := time.Now()
		r.workers[1].deaf = func(o Order) bool { return o.Kind == OrderMore && time.Since(lost) < 4*time.Second }
		r.workers[0].kill()
		if _, err := result(); err != nil {
			t.Fatal(err)
		}
		l := r.folder.rec.Losses[0]
		if l.TakenFrom-l.Heard > 2*time.Second || l.Taken()-l.Heard < 3900*time.Millisecond || l.Untaken != "" {
			t.Errorf("taken over from %v, %v after its last sign of life: %+v", l.TakenFrom, l.Taken()-l.Heard, l)
		}
	})
}
