package fleet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/results"
)

// pair is the coordinator with real workers, on clocks that are wrong.
type pair struct {
	*rig
	real []*runningWorker
	dirs []string
	now  []*skewed
}

func newPair(t *testing.T, n int) *pair {
	p := &pair{rig: newRig(t, n, nil)}
	for i := range n {
		p.dirs = append(p.dirs, t.TempDir())
		p.now = append(p.now, &skewed{ahead: time.Duration(i*200-200) * time.Millisecond, rate: float64(i-1) * 1e-4, from: time.Now()})
		p.bus.link(p.creds[i].Name).delay(time.Duration(i)*4*time.Millisecond, time.Millisecond)
		p.real = append(p.real, p.startWorker(i))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.c.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pair) startWorker(i int) *runningWorker {
	p.t.Helper()
	r := &runningWorker{done: make(chan struct{})}
	c := p.creds[i]
	r.run(p.t, WorkerConfig{Bus: p.bus.connect(c.Name), Credentials: &c, Hello: Hello{Version: "v1"}, Spool: p.dirs[i],
		Now: p.now[i].Now, Tell: r.note,
		Prepare: func(_ context.Context, j Job) (Player, error) {
			if string(j.Bundle) != "bundle" || string(j.Accounts) != fmt.Sprint(j.Prepare.Slices) {
				return nil, fmt.Errorf("bundle %q, accounts %q", j.Bundle, j.Accounts)
			}
			p.sealed(string(j.Bundle), string(j.Accounts))
			return &worldPlayer{w: p.world, name: c.Name, order: j.Prepare}, nil
		}})
	return r
}

func (p *pair) close() {
	p.rig.close()
	for _, w := range p.real {
		w.term()
		<-w.done
	}
}

// sealed: what lies in the workers' buckets can be read by nobody who has no key.
func (p *pair) sealed(secrets ...string) {
	p.bus.mu.Lock()
	defer p.bus.mu.Unlock()
	for worker, objects := range p.bus.buckets {
		for name, data := range objects {
			for _, s := range secrets {
				if bytes.Contains(data, []byte(s)) {
					p.t.Errorf("%s of %s says %q", name, worker, s)
				}
			}
		}
	}
}

// worldPlayer plays the people of its slices when they come, each asked of the guard.
type worldPlayer struct {
	w     *world
	name  string
	order Prepare
}

func (p *worldPlayer) Ready() Ready {
	return Ready{Digest: p.order.Digest, ScenarioHash: p.order.ScenarioHash, People: p.w.count(p.order.Slices, -1), Limits: testLimits}
}
func (*worldPlayer) Close() {}

func (p *worldPlayer) Play(ctx context.Context, io IO) (results.Ended, error) {
	guard := io.Lease.Guard(&openGuard{})
	mine := []*handed{{list: p.order.Slices}}
	step := time.NewTicker(10 * time.Millisecond)
	defer step.Stop()
	second := 1
	for {
		select {
		case <-step.C:
		case t := <-io.Takeovers:
			if string(t.Accounts) != fmt.Sprint(t.Slices) {
				return results.Ended{}, fmt.Errorf("accounts %q for %v", t.Accounts, t.Slices)
			}
			t.Answer(nil)
			mine = append(mine, &handed{list: t.Slices, next: uint32((t.From + p.w.gap - 1) / p.w.gap)})
		case <-guard.Stopped():
			return guard.Cause(), nil
		case <-ctx.Done():
			return results.Ended{How: results.EndedInterrupted}, nil
		}
		at := time.Since(io.Zero)
		p.come(guard.Request(testURL) == nil, at, mine)
		for ; at >= time.Duration(second)*time.Second; second++ {
			d := results.NewDelta(0)
			d.Written = int32(second - 1)
			if err := io.Sink.Append(d); err != nil {
				return results.Ended{}, err
			}
		}
		if at > p.w.at(uint32(p.w.people))+2*time.Second {
			return results.Ended{How: results.EndedPlanned, At: at}, nil
		}
	}
}

// handed is people to be played; next is the first who has not been looked at.
type handed struct {
	list []results.Slice
	next uint32
}

// come plays who has come since the last time, if anybody may be played at all.
func (p *worldPlayer) come(may bool, at time.Duration, mine []*handed) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	for _, h := range mine {
		for ; may && h.next < uint32(p.w.people) && p.w.at(h.next) <= at; h.next++ {
			if has(h.list, h.next) {
				p.w.played[h.next] = append(p.w.played[h.next], playedBy{p.name, time.Now()})
			}
		}
	}
}

func TestPairPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, 4)
		defer p.close()
		for range 2 {
			p.world.played, p.folder = map[uint32][]playedBy{}, newMemFolder()
			end, err := p.c.Play(t.Context(), p.aPlay())
			if err != nil || end.How != results.EndedPlanned || len(p.folder.rec.Losses) > 0 {
				t.Fatalf("ended %+v, %v; losses %+v", end, err, p.folder.rec.Losses)
			}
			if m := p.balance(); len(m) > 0 {
				t.Errorf("not played: %v", m)
			}
			for i, w := range p.folder.rec.Workers {
				truth := time.Duration(200-200*i) * time.Millisecond
				for _, r := range w.Clock {
					if off := (r.Offset - truth).Abs(); off > r.Error+10*time.Millisecond || r.Error > 10*time.Millisecond {
						t.Errorf("%s: offset %v ± %v, truth about %v", w.Name, r.Offset, r.Error, truth)
					}
				}
				if w.StartedAt.Abs() > w.StartError || w.StartError == 0 || w.StartError > 10*time.Millisecond {
					t.Errorf("%s started at %v ± %v", w.Name, w.StartedAt, w.StartError)
				}
				if got := spools(t, p.dirs[i]); len(got) != 0 {
					t.Errorf("%s keeps %v", w.Name, got)
				}
			}
		}
	})
}

// TestPairSurvives: whatever happens to one worker at whatever moment, nobody is
// played twice, who is missing came within two seconds of it, everything the others
// and it had recorded arrives once, and it is said.
func TestPairSurvives(t *testing.T) {
	for name, hit := range map[string]struct {
		strike func(p *pair, i int)
		why    string
	}{
		"partitioned, messages lost": {func(p *pair, i int) { p.breaks(i, (*memLink).cut) }, "silent lease"},
		"partitioned, messages late": {func(p *pair, i int) { p.breaks(i, (*memLink).stall) }, "silent lease"},
		"frozen":                     {func(p *pair, i int) { p.freeze(i) }, "lease"},
		"told to end":                {func(p *pair, i int) { p.real[i].term() }, "gone lease"},
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 7))
			for range 3 {
				at, who := time.Duration(random.Int64N(int64(5500*time.Millisecond))), random.IntN(3)
				synctest.Test(t, func(t *testing.T) {
					p := newPair(t, 3)
					defer p.close()
					p.world.people = 1800 // 18 s: a line is back before the end
					result := p.play(t.Context(), p.aPlay())
					p.until(at)
					hit.strike(p, who)
					end, err := result()
					if err != nil || end.How != results.EndedPlanned {
						t.Fatalf("worker %d at %v: ended %+v, %v", who, at, end, err)
					}
					p.checkLoss(who, at, hit.why)
				})
			}
		})
	}
}

// record is fleet.json as it is now.
func (p *pair) record() *results.Fleet {
	p.folder.mu.Lock()
	defer p.folder.mu.Unlock()
	rec := *p.folder.rec
	return &rec
}

// breaks cuts a worker's line for 10 s.
func (p *pair) breaks(i int, how func(*memLink)) {
	l := p.bus.link(p.creds[i].Name)
	how(l)
	time.AfterFunc(10*time.Second, l.heal)
}

// freeze lets three seconds pass for a worker before anything of it runs.
func (p *pair) freeze(i int) { p.now[i].jump.Store(int64(3 * time.Second)) }

func (p *pair) checkLoss(who int, at time.Duration, why string) {
	p.t.Helper()
	rec := p.record()
	if len(rec.Losses) != 1 || int(rec.Losses[0].Worker) != who || !strings.Contains(why, rec.Losses[0].Why) {
		p.t.Fatalf("worker %d at %v: losses %+v", who, at, rec.Losses)
	}
	l := rec.Losses[0]
	if l.Noticed-at > time.Second || l.TakenFrom >= 0 && l.TakenFrom-at > 2*time.Second {
		p.t.Errorf("struck at %v: %+v", at, l)
	}
	for _, id := range p.balance() {
		if came := p.world.at(id); int(id)%3 != who || came < at-50*time.Millisecond || l.TakenFrom >= 0 && came >= l.TakenFrom {
			p.t.Errorf("struck at %v: person %d, due at %v, was not played; %+v", at, id, came, l)
		}
	}
	if len(p.folder.ends) != 3 {
		p.t.Errorf("struck at %v: ends of %d workers", at, len(p.folder.ends))
	}
	for w, frames := range p.folder.frames {
		for seq := range uint64(len(frames)) {
			if !frames[seq+1] {
				p.t.Errorf("frame %d of worker %d never arrived", seq+1, w)
			}
		}
	}
}

// TestPairResumes: the coordinator is killed; the workers stop by themselves, and
// its successor has everything they had recorded.
func TestPairResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, 3)
		play := p.aPlay()
		result := p.play(t.Context(), play)
		p.until(3500 * time.Millisecond)
		before := p.record()
		dead := p.bus.link("coordinator")
		dead.cut() // kill -9: nothing it says is heard any more
		at := time.Now()
		time.Sleep(5 * time.Second)
		var wg sync.WaitGroup
		wg.Go(func() { p.c.Stop("killed"); result() })
		p.world.mu.Lock()
		for id, by := range p.world.played {
			if late := by[0].at.Sub(at); late > LeaseFor {
				t.Errorf("person %d was played %v after the coordinator's death", id, late)
			}
		}
		p.world.mu.Unlock()
		p.folder = newMemFolder()
		next, err := NewCoordinator(t.Context(), CoordinatorConfig{Bus: p.bus.connect("successor"), Roster: p.roster, Version: "v1", Kind: results.FleetLocal})
		if err != nil {
			t.Fatal(err)
		}
		end, err := next.Resume(t.Context(), play.ID, p.folder, before, time.Minute)
		if err != nil || end.How != results.EndedAlone || len(p.folder.ends) != 3 {
			t.Errorf("ended %+v, %v; ends of %d workers", end, err, len(p.folder.ends))
		}
		time.Sleep(5 * time.Second) // they ask to join again, and are told to forget
		for i := range p.real {
			if got := spools(t, p.dirs[i]); len(got) != 0 {
				t.Errorf("worker %d keeps %v", i, got)
			}
		}
		next.Close(t.Context())
		for _, w := range p.real {
			<-w.done
			if w.err != nil {
				t.Error(w.err)
			}
		}
		dead.heal()
		wg.Wait()
		p.close()
	})
}
