package results

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fleetHistory plays a random morning on several workers, loses some of them and
// keeps its own truth, person by person: what the ledgers must say, given the frames
// that arrived.
type fleetHistory struct {
	rng     *rand.Rand
	plan    *Plan
	workers []*player
	rec     *Fleet
	seconds int
	// many: several losses, some untaken; then an unknown person's second does not
	// always tell whose they were.
	many bool
}

// player is one worker of a fleet.
type player struct {
	history
	id     uint32
	enc    *Encoder
	frames [][]byte
	// states[n] is what the first n frames say of each person.
	states []map[*pupil]pupil
	loss   *Loss
	ends   bool // its last frame is an end
	kept   int  // frames that will ever arrive
	at     int  // frames that have arrived
}

func newFleetHistory(seed uint64) *fleetHistory {
	rng := rand.New(rand.NewPCG(seed, 4))
	groups, seconds := 1+rng.IntN(3), 5+rng.IntN(12)
	f := &fleetHistory{rng: rng, plan: testPlan(groups, seconds), seconds: seconds}
	f.rec = &Fleet{Schema: FleetSchema, ID: "test", Kind: FleetLocal, OnLoss: "continue"}
	n := 2 + rng.IntN(5)
	for w := range n {
		f.workers = append(f.workers, &player{history: history{rng: rng, plan: f.plan}, id: uint32(w), enc: NewEncoder(LimitsOf(f.plan)),
			states: []map[*pupil]pupil{{}}})
	}
	f.plan.People = rng.IntN(250)
	for i := range f.plan.People {
		p := &pupil{group: rng.IntN(groups), intended: time.Duration(rng.Int64N(int64(seconds) * int64(time.Second)))}
		f.plan.Intended[p.group][SecondOf(p.intended)]++
		w := f.workers[i%n]
		w.people = append(w.people, p)
	}
	for _, w := range f.workers {
		f.rec.Workers = append(f.rec.Workers, FleetWorker{ID: w.id, Name: fmt.Sprintf("w%03d", w.id), People: len(w.people)})
	}
	return f
}

// play plays the whole morning; stop is when it is interrupted.
func (f *fleetHistory) play(stop int) {
	losses := f.rng.IntN(3)
	f.many = losses > 1
	for s := range stop {
		if losses > 0 && f.rng.IntN(f.seconds) < 2 && len(f.alive()) > 1 {
			losses--
			f.lose(s)
		}
		for _, w := range f.alive() {
			w.frame(func(d *Delta) { w.tick(d, s) })
		}
	}
	how := EndedPlanned
	if stop < f.seconds+5 {
		how = EndedInterrupted
	}
	end := Ended{How: how, At: time.Duration(stop) * time.Second}
	for _, w := range f.alive() {
		w.frame(func(d *Delta) { d.Written = int32(stop); w.settle(d, false) })
		w.end(end)
	}
	f.rec.Ended = &end
}

func (f *fleetHistory) alive() []*player {
	return slices.DeleteFunc(slices.Clone(f.workers), func(w *player) bool { return w.loss != nil })
}

// frame records one delta.
func (w *player) frame(fill func(*Delta)) {
	d := NewDelta(w.id)
	fill(d)
	d.Seq = uint64(len(w.frames) + 1)
	b, err := w.enc.Append(nil, d)
	if err != nil {
		panic(err)
	}
	w.add(b)
}

func (w *player) end(end Ended) {
	b, err := w.enc.AppendEnd(nil, w.id, uint64(len(w.frames)+1), end)
	if err != nil {
		panic(err)
	}
	w.add(b)
	w.ends = true
}

func (w *player) add(b []byte) {
	state := map[*pupil]pupil{}
	for _, p := range w.people {
		state[p] = *p
		x := state[p]
		x.ended = slices.Clone(p.ended)
		state[p] = x
	}
	w.frames, w.states = append(w.frames, b), append(w.states, state)
	w.kept = len(w.frames)
}

// lose loses one worker in second s: killed with its spool, killed, or partitioned.
func (f *fleetHistory) lose(s int) {
	alive := f.alive()
	w := alive[f.rng.IntN(len(alive))]
	w.kept = len(w.frames)
	expired := time.Duration(s)*time.Second + time.Duration(f.rng.Int64N(int64(1500*time.Millisecond)))
	l := Loss{Worker: w.id, Why: "silent", Expired: expired, TakenFrom: -1, Untaken: "no_room"}
	switch f.rng.IntN(3) {
	case 0:
		w.kept = max(0, w.kept-f.rng.IntN(4))
	case 1:
		w.frame(func(d *Delta) {
			d.Written = SecondOf(expired)
			w.playUntil(d, expired)
			w.settle(d, true)
		})
		w.end(Ended{How: EndedAlone, At: expired})
	}
	w.loss = &l
	if f.rng.IntN(3) > 0 {
		l.TakenFrom, l.Untaken = expired+time.Duration(f.rng.Int64N(int64(time.Second))), ""
		f.takeOver(w, &l)
	}
	f.rec.Losses = append(f.rec.Losses, l)
}

func (f *fleetHistory) takeOver(w *player, l *Loss) {
	takers, given := f.alive(), map[*player]int{}
	w.people = slices.DeleteFunc(w.people, func(p *pupil) bool {
		if p.intended < l.TakenFrom {
			return false
		}
		t := takers[f.rng.IntN(len(takers))]
		t.people = append(t.people, p)
		given[t]++
		return true
	})
	for _, t := range takers {
		if given[t] > 0 {
			l.Takers = append(l.Takers, Taking{Worker: t.id, People: given[t]})
		}
	}
}

// truth is what the folder must say with the frames that have arrived.
func (f *fleetHistory) truth() (people, attempts map[Reason]uint64, pl, al Ledger) {
	people, attempts = map[Reason]uint64{}, map[Reason]uint64{}
	count := func(m map[Reason]uint64, l *Ledger, o Outcome, r Reason) {
		m[r]++
		l.By[o]++
	}
	for _, w := range f.workers {
		whole := w.ends && w.at == len(w.frames)
		known := w.states[w.at]
		flying := ReasonInFlight
		if w.loss != nil && !whole {
			flying = ReasonUnobserved
		}
		for _, real := range w.people {
			p, ok := known[real]
			o, r := p.outcome, p.reason
			switch {
			case ok && p.settled:
			case ok && p.clicked:
				o, r = Unfinished, flying
			default:
				o, r = f.unknown(w, real, whole)
				count(attempts, &al, o, r)
			}
			count(people, &pl, o, r)
			for _, o := range p.ended {
				al.By[o]++
			}
			if p.neverClick {
				count(attempts, &al, NotSent, p.reason)
			}
			if p.tryOpen {
				count(attempts, &al, Unfinished, flying)
			}
		}
	}
	return people, attempts, closeTruth(pl), closeTruth(al)
}

// unknown is what became of a person nothing arrived of.
func (f *fleetHistory) unknown(w *player, p *pupil, whole bool) (Outcome, Reason) {
	if w.loss == nil {
		return NotSent, ReasonCut
	}
	till := w.loss.Expired
	if w.loss.TakenFrom >= 0 {
		till = w.loss.TakenFrom
	}
	if whole || SecondOf(p.intended) >= until(till) {
		return NotSent, ReasonWorkerLost
	}
	return Unfinished, ReasonUnobserved
}

// deliver brings some more frames, or all: late ones among them, out of order within
// a batch, some twice, and from time to time the coordinator is killed in between.
func (f *fleetHistory) deliver(t *testing.T, folder *FleetFolder, all bool) *FleetFolder {
	t.Helper()
	for _, i := range f.rng.Perm(len(f.workers)) {
		w := f.workers[i]
		from := w.at
		to := w.kept
		if !all && w.loss != nil {
			to = from + f.rng.IntN(w.kept-from+1)
		}
		if w.loss == nil && !all && f.rng.IntN(3) > 0 {
			from = 0 // the stream is read again
		}
		batch := slices.Clone(w.frames[from:to])
		f.rng.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		for _, b := range batch {
			got, fresh, err := folder.Append(w.id, b)
			if err != nil || got.Worker != w.id || fresh != (int(got.Seq) > w.at) {
				t.Fatalf("append: %+v, fresh %v, %d had arrived: %v", got, fresh, w.at, err)
			}
			if f.rng.IntN(4) == 0 {
				if _, fresh, err := folder.Append(w.id, b); fresh || err != nil {
					t.Fatalf("append again: fresh %v, %v", fresh, err)
				}
			}
		}
		w.at = to
		if f.rng.IntN(4) == 0 {
			folder = f.killed(t, folder)
		}
	}
	return folder
}

// killed ends the coordinator in the middle of a write and takes its folder up again.
func (f *fleetHistory) killed(t *testing.T, folder *FleetFolder) *FleetFolder {
	t.Helper()
	if err := folder.shut(); err != nil {
		t.Fatal(err)
	}
	for _, w := range f.workers {
		if len(w.frames) > 0 && w.at > 0 {
			torn := w.frames[f.rng.IntN(len(w.frames))]
			appendTo(t, filepath.Join(folder.dir, DeltaDir, deltaName(w.id)), torn[:f.rng.IntN(len(torn))])
		}
	}
	appendTo(t, filepath.Join(folder.dir, EventsFile), []byte(`{"kind":"wor`))
	folder, err := ReopenFleet(folder.dir)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func appendTo(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Random fleets that lose workers at random moments, and with them the ends of their
// recordings, some of which come late: at every moment both ledgers are the truth.
func TestFleetLedgersAreTheTruth(t *testing.T) {
	saw := map[string]int{}
	for seed := range uint64(60) {
		f := newFleetHistory(seed)
		stop := f.seconds + 5
		if f.rng.IntN(3) == 0 {
			stop = f.rng.IntN(stop)
		}
		f.play(stop)
		dir := filepath.Join(t.TempDir(), "run")
		folder, err := CreateFleet(dir, f.plan, []byte("version: 1\n"))
		if err != nil {
			t.Fatal(err)
		}
		unseen := uint64(1 << 40)
		for stage := range 3 {
			folder = f.deliver(t, folder, stage == 2)
			// The others had all been delivered when fleet.json said that it was over.
			for _, w := range f.alive() {
				for ; w.at < len(w.frames); w.at++ {
					if _, _, err := folder.Append(w.id, w.frames[w.at]); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := folder.Record(f.rec); err != nil {
				t.Fatal(err)
			}
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			n := f.compare(t, fmt.Sprintf("seed %d stage %d", seed, stage), r, saw)
			if n > unseen {
				t.Fatalf("seed %d: %d unobserved people, %d before more was delivered", seed, n, unseen)
			}
			unseen = n
		}
		if err := folder.Close(Ended{How: EndedCut}); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []string{"unobserved", "worker_lost", "cut", "all known", "in class", "exact"} {
		if saw[what] == 0 {
			t.Errorf("no history with %s", what)
		}
	}
}

// compare gives the number of unobserved people.
func (f *fleetHistory) compare(t *testing.T, name string, r *Run, saw map[string]int) uint64 {
	t.Helper()
	people, attempts, pl, al := f.truth()
	l := LedgerOf(r)
	if err := l.Check(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	levelsAgree(t, f.plan, &l.People)
	levelsAgree(t, f.plan, &l.Attempts)
	gotP, gotA := reasonsOf(&l.People), reasonsOf(&l.Attempts)
	for _, m := range []map[Reason]uint64{attempts, gotA} { // the truth counts those by outcome only
		for r := range m {
			if r != ReasonUnobserved && r != ReasonWorkerLost && r != ReasonCut {
				delete(m, r)
			}
		}
	}
	if f.many { // then an unknown person may be anybody's
		for _, m := range []map[Reason]uint64{people, gotP, attempts, gotA} {
			if m[ReasonWorkerLost]+m[ReasonUnobserved] > 0 {
				m[ReasonUnobserved], m[ReasonWorkerLost] = m[ReasonUnobserved]+m[ReasonWorkerLost], 0
			}
		}
		if l.People.Total.By[Unfinished] < pl.By[Unfinished] || l.People.Total.Intended != pl.Intended {
			t.Fatalf("%s: %v, want %v", name, l.People.Total.By, pl.By)
		}
	} else {
		saw["exact"]++
		if l.People.Total != pl || l.Attempts.Total != al {
			t.Fatalf("%s:\npeople   %v %v\nwant     %v %v\nattempts %v\nwant     %v", name, l.People.Total, l.People.Total.By, pl, pl.By, l.Attempts.Total.By, al.By)
		}
	}
	if diff := cmp.Diff(people, gotP, ignoreZero); diff != "" {
		t.Fatalf("%s: people %s", name, diff)
	}
	if diff := cmp.Diff(attempts, gotA, ignoreZero); diff != "" {
		t.Fatalf("%s: attempts %s", name, diff)
	}
	return f.compareGaps(t, name, l, saw)
}

// ignoreZero compares counts as if those of 0 were not there.
var ignoreZero = cmp.Transformer("nonzero", func(m map[Reason]uint64) []string {
	var out []string
	for _, r := range append(Reasons(), NoReason) {
		if m[r] > 0 {
			out = append(out, fmt.Sprint(r.String(), " ", m[r]))
		}
	}
	return out
})

func reasonsOf(b *Book) map[Reason]uint64 {
	m := map[Reason]uint64{}
	for _, c := range b.Reasons() {
		m[c.Reason] += c.N
	}
	return m
}

// compareGaps checks that the gaps hold the unobserved and the lost, no more and no
// less, second by second.
func (f *fleetHistory) compareGaps(t *testing.T, name string, l *Ledgers, saw map[string]int) uint64 {
	t.Helper()
	var lost, unseen, sumLost, sumUnseen uint64
	for _, g := range l.Gaps {
		var a, b uint64
		for _, c := range l.People.Cells {
			if c.Second >= g.From && c.Second < g.To {
				switch c.Reason {
				case ReasonUnobserved:
					a += c.N
				case ReasonWorkerLost:
					b += c.N
				}
			}
		}
		if f.workers[g.Worker].loss == nil || g.From >= g.To || g.Unobserved > a || g.NotSent > b || (!f.many && (g.Unobserved != a || g.NotSent != b)) {
			t.Fatalf("%s: gap %+v, ledger %d and %d", name, g, a, b)
		}
		sumUnseen, sumLost = sumUnseen+g.Unobserved, sumLost+g.NotSent
	}
	for _, c := range l.People.Reasons() {
		switch c.Reason {
		case ReasonUnobserved:
			unseen += c.N
		case ReasonWorkerLost:
			lost += c.N
		}
	}
	if lost != sumLost || unseen != sumUnseen {
		t.Fatalf("%s: gaps of %d and %d, ledger %d and %d", name, sumUnseen, sumLost, unseen, lost)
	}
	for what, yes := range map[string]bool{"unobserved": unseen > 0, "worker_lost": lost > 0, "cut": l.People.Total.NotSent > lost,
		"all known": len(f.rec.Losses) > 0 && unseen+lost == 0, "in class": l.People.Total.InClass() > 0} {
		if yes {
			saw[what]++
		}
	}
	return unseen
}
