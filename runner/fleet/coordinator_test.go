package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstbell/runner/fleet/keys"
	"firstbell/runner/results"
)

// memFolder is a run folder in memory.
type memFolder struct {
	mu     sync.Mutex
	frames map[uint32]map[uint64]bool
	ends   map[uint32]results.Ended
	events []results.Event
	rec    *results.Fleet
	fails  error
	slow   time.Duration
	dead   bool // nothing is written any more
}

func newMemFolder() *memFolder {
	return &memFolder{frames: map[uint32]map[uint64]bool{}, ends: map[uint32]results.Ended{}}
}

func (m *memFolder) Append(worker uint32, frame []byte) (results.Frame, bool, error) {
	d := results.NewDelta(worker)
	f, n, err := results.NewDecoder(results.Limits{Groups: 8, Steps: 8, Hosts: 8}).Next(frame, d)
	if err != nil || n != len(frame) || f.Worker != worker {
		return f, false, fmt.Errorf("%w: %v", results.ErrBadFrame, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return f, false, errors.New("dead")
	}
	if m.frames[worker] == nil {
		m.frames[worker] = map[uint64]bool{}
	}
	fresh := !m.frames[worker][f.Seq]
	m.frames[worker][f.Seq] = true
	if f.End != nil {
		m.ends[worker] = *f.End
	}
	return f, fresh, m.fails
}

func (m *memFolder) Event(e results.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead {
		m.events = append(m.events, e)
	}
	return nil
}

func (m *memFolder) Sync() error { time.Sleep(m.slow); return nil }

func (m *memFolder) Record(f *results.Fleet) error {
	time.Sleep(m.slow)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead {
		m.rec = f
	}
	return nil
}

func (m *memFolder) has(kind string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.events, func(e results.Event) bool { return e.Kind == kind })
}

// rig is a fleet of fakes in a bubble.
type rig struct {
	t       *testing.T
	bus     *memBus
	roster  *keys.Roster
	creds   []keys.Credentials
	op      keys.Credentials
	world   *world
	c       *Coordinator
	workers []*fakeWorker
	folder  *memFolder
	mu      sync.Mutex
	notices []Notice
	start   time.Time
	plays   int
}

// rosters are made once: keys cost time.
var rosters = sync.OnceValue(func() func(n int) (*keys.Roster, []keys.Credentials, keys.Credentials) {
	var mu sync.Mutex
	type set struct {
		r  *keys.Roster
		w  []keys.Credentials
		op keys.Credentials
	}
	made := map[int]set{}
	return func(n int) (*keys.Roster, []keys.Credentials, keys.Credentials) {
		mu.Lock()
		defer mu.Unlock()
		s, ok := made[n]
		if !ok {
			r, w, op, err := keys.Generate(keys.Options{Workers: n, Now: time.Now()})
			if err != nil {
				panic(err)
			}
			s = set{r, w, op}
			made[n] = s
		}
		return s.r, s.w, s.op
	}
})

func newRig(t *testing.T, n int, change func(*CoordinatorConfig)) *rig {
	r := &rig{t: t, bus: newMemBus(), folder: newMemFolder(), world: &world{people: 600, gap: 10 * time.Millisecond, played: map[uint32][]playedBy{}}}
	r.roster, r.creds, r.op = rosters()(n)
	cfg := CoordinatorConfig{Bus: r.bus.connect("coordinator"), Roster: r.roster, Version: "v1", Kind: results.FleetLocal,
		Tell: func(n Notice) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.notices = append(r.notices, n)
		}}
	if change != nil {
		change(&cfg)
	}
	var err error
	if r.c, err = NewCoordinator(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		r.workers = append(r.workers, newFakeWorker(t, r.world, r.bus, r.creds[i], fmt.Sprintf("i%d", i)))
	}
	return r
}

// join starts all workers and waits for them.
func (r *rig) join() {
	for _, w := range r.workers {
		w.start()
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if err := r.c.Wait(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) close() {
	r.c.Close(context.Background())
	for _, w := range r.workers {
		w.kill()
	}
	r.bus.close()
}

func (r *rig) aPlay() *Play {
	r.plays++
	groups := make([]uint32, int(time.Duration(r.world.people)*r.world.gap/time.Second)+1)
	return &Play{ID: fmt.Sprintf("run-%d", r.plays), Plan: &results.Plan{RunID: "run", Digest: "d", ScenarioHash: "s", People: r.world.people,
		Intended: [][]uint32{groups}, Drain: 2 * time.Second},
		Bundle:   []byte("bundle"),
		Accounts: func(s []results.Slice) ([]byte, error) { return []byte(fmt.Sprint(s)), nil },
		People:   r.world.count,
		Open: func(start time.Time, workers int) (Folder, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.start = start
			return r.folder, nil
		}}
}

// began is the first instant of the play; zero before it is agreed.
func (r *rig) began() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.start
}

// play plays in the background; zero is waited for.
func (r *rig) play(ctx context.Context, p *Play) (result func() (results.Ended, error)) {
	var end results.Ended
	var err error
	done := make(chan struct{})
	go func() {
		end, err = r.c.Play(ctx, p)
		close(done)
	}()
	return func() (results.Ended, error) { <-done; return end, err }
}

// until sleeps until an offset of the play.
func (r *rig) until(at time.Duration) {
	for r.began().IsZero() {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Until(r.began().Add(at)))
}

func (r *rig) heard(kind NoticeKind) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.notices {
		if x.Kind == kind {
			n++
		}
	}
	return n
}

// balance checks that nobody was played twice and gives who was not played.
func (r *rig) balance() (missing []uint32) {
	r.t.Helper()
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	for id := range uint32(r.world.people) {
		switch n := len(r.world.played[id]); {
		case n == 0:
			missing = append(missing, id)
		case n > 1:
			r.t.Errorf("person %d was played %d times: %v", id, n, r.world.played[id])
		}
	}
	return missing
}

func TestPlayToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4, nil)
		defer r.close()
		r.join()
		for range 2 {
			r.world.played = map[uint32][]playedBy{}
			r.folder = newMemFolder()
			end, err := r.c.Play(t.Context(), r.aPlay())
			if err != nil || end.How != results.EndedPlanned {
				t.Fatalf("ended %+v, %v", end, err)
			}
			if m := r.balance(); len(m) > 0 {
				t.Errorf("not played: %v", m)
			}
			f := r.folder
			if f.rec == nil || f.rec.Ended == nil || len(f.rec.Workers) != 4 || len(f.rec.Losses) > 0 || len(f.ends) != 4 {
				t.Fatalf("recorded %+v", f.rec)
			}
			for _, w := range f.rec.Workers {
				if len(w.Clock) < 3 || w.Clock[0].At >= 0 || w.Clock[len(w.Clock)-1].At < end.At || w.StartError == 0 {
					t.Errorf("worker %d: clock %v, end at %v", w.ID, w.Clock, end.At)
				}
			}
			for _, w := range r.workers {
				if len(w.forgot) != r.plays {
					t.Errorf("%s has forgotten %v", w.hello.Worker, w.forgot)
				}
			}
		}
		for b, objects := range r.bus.buckets {
			if len(objects) != 1 {
				t.Errorf("%s still holds %d objects", b, len(objects))
			}
		}
	})
}

// TestKilledAtAnyMoment: a worker that is killed is noticed within a second, its
// future people are taken over within two, nobody is played twice, and who is
// missing came within those two seconds.
func TestKilledAtAnyMoment(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for i := range kills {
		at := time.Duration(random.Int64N(int64(5800 * time.Millisecond)))
		who := random.IntN(3)
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { killOne(t, who, at) })
		})
	}
}

func killOne(t *testing.T, who int, at time.Duration) {
	r := newRig(t, 3, nil)
	defer r.close()
	r.join()
	result := r.play(t.Context(), r.aPlay())
	r.until(at)
	r.workers[who].kill()
	end, err := result()
	if err != nil || end.How != results.EndedPlanned {
		t.Fatalf("killed at %v: ended %+v, %v", at, end, err)
	}
	rec := r.folder.rec
	if len(rec.Losses) != 1 || int(rec.Losses[0].Worker) != who {
		t.Fatalf("killed at %v: losses %+v", at, rec.Losses)
	}
	l := rec.Losses[0]
	if l.Heard > at || l.Noticed-l.Heard > time.Second || l.Expired < l.Heard+LeaseFor {
		t.Errorf("killed at %v: %+v", at, l)
	}
	if l.Expired-l.Heard > SuspectAfter+LeaseFor+5*time.Millisecond || l.TakenFrom >= 0 && l.TakenFrom < l.Expired+takeLead {
		t.Errorf("killed at %v: its lease was over at %v: %+v", at, l.Expired, l)
	}
	missing := r.balance()
	if l.TakenFrom >= 0 && l.TakenFrom-l.Heard > 2*time.Second || l.TakenFrom < 0 && l.Untaken != "nothing_left" {
		t.Errorf("killed at %v: taken over from %v, last heard %v, untaken %q", at, l.TakenFrom, l.Heard, l.Untaken)
	}
	for _, id := range missing {
		if came := r.world.at(id); int(id)%3 != who || came < at-20*time.Millisecond || l.TakenFrom >= 0 && came >= l.TakenFrom {
			t.Errorf("killed at %v: person %d, due at %v, was not played; %+v", at, id, came, l)
		}
	}
	if !r.folder.has(EventLost) {
		t.Error("no event of the loss")
	}
	taken := 0
	for _, x := range l.Takers {
		taken += x.People
	}
	if taken != l.Due && l.TakenFrom >= 0 {
		t.Errorf("%d of %d were taken over", taken, l.Due)
	}
}

func TestVersionsNamesAndKeysAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, func(c *CoordinatorConfig) { c.Size = 2 })
		defer r.close()
		other, creds, _, err := keys.Generate(keys.Options{Workers: 4, Now: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		try := func(code string, c keys.Credentials, change func(*fakeWorker)) {
			t.Helper()
			c.Fleet, c.Coordinator = r.roster.Fleet, r.creds[0].Coordinator
			w := newFakeWorker(t, r.world, r.bus, c, "other")
			defer w.kill()
			if change != nil {
				change(w)
			}
			w.join()
			switch {
			case code == "" && !w.in, code != "" && (w.refused == nil || w.refused.Code != code || w.refused.What == ""):
				t.Errorf("want %q, in: %v, refused: %+v", code, w.in, w.refused)
			}
			time.Sleep(200 * time.Millisecond)
		}
		_ = other
		try("unknown_key", creds[3], nil) // a name we do not know
		try("unknown_key", creds[0], nil) // another key
		try("version", r.creds[0], func(w *fakeWorker) { w.hello.Version = "v2\x1b[31m" })
		try("version", r.creds[0], func(w *fakeWorker) { w.hello.Protocol++ })
		try("bad_message", r.creds[0], func(w *fakeWorker) { w.hello.Instance = "" })
		r.workers[0].start()
		r.workers[1].start()
		if err := r.c.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		try("taken", r.creds[0], nil)
		try("full", r.creds[2], nil)
		r.workers[1].kill()
		time.Sleep(time.Second)
		try("", r.creds[2], nil)
		s := r.c.Status()
		if len(s.Refused) != 6 || r.heard(NoticeRefused) < 2 || strings.Contains(fmt.Sprint(s.Refused), "\x1b") {
			t.Errorf("%d refused joins are kept, %d told: %+v", len(s.Refused), r.heard(NoticeRefused), s.Refused)
		}
		if got := r.c.Alive(); len(got) != 1 && len(got) != 2 {
			t.Errorf("alive: %v", got)
		}
	})
}

func TestHostileJoinerCannotFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, nil)
		defer r.close()
		r.join()
		conn := r.bus.connect("evil")
		for i := range 3000 {
			_ = conn.Publish(subject(r.roster.Fleet, "up", fmt.Sprintf("w%d", i), "hello"), []byte("x"))
		}
		time.Sleep(time.Second)
		if n := r.heard(NoticeRefused); n > 5 {
			t.Errorf("%d lines about refused joins", n)
		}
		if n := len(r.c.Status().Refused); n > 20 {
			t.Errorf("%d refused joins are kept", n)
		}
		if got := r.c.Alive(); len(got) != 1 {
			t.Errorf("alive: %v", got)
		}
	})
}

// TestFirstInstantOutlastsTheWallClock: a machine whose time is set during a play
// must not move the instants of losses and takeovers, or people would be played
// twice. (Time in a bubble has no monotonic reading.)
func TestFirstInstantOutlastsTheWallClock(t *testing.T) {
	now := time.Now()
	at := wholeMicrosecond(now.Add(StartLead + 1234))
	if !strings.Contains(at.String(), " m=") || at.UnixNano()%1000 != 0 {
		t.Errorf("the first instant is %v: without a monotonic reading, or not a whole microsecond", at)
	}
	if ahead := at.Sub(now); ahead <= StartLead || ahead > StartLead+1234 {
		t.Errorf("%v ahead", ahead)
	}
}
