package fleet

import (
	"testing"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// BenchmarkSecondOf200 is the coordinator's work for one second of a fleet of 200:
// 1,000 beats, 200 of them with a snapshot, 1,000 ticks, and 200 deltas of 16
// series.
func BenchmarkSecondOf200(b *testing.B) {
	const n = 200
	roster, creds, _ := rosters()(n)
	bus := newMemBus()
	defer bus.close()
	c, err := NewCoordinator(b.Context(), CoordinatorConfig{Bus: bus.connect("coordinator"), Roster: roster, Version: "v1"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(b.Context())
	w := &world{people: n, played: map[uint32][]playedBy{}}
	pl := c.newPlaying("run")
	pl.stage, pl.zero, pl.folder = stageRunning, time.Now(), newMemFolder()
	close(pl.opened)
	var workers []*fakeWorker
	for i := range n {
		f := newFakeWorker(b, w, bus, creds[i], "i")
		workers = append(workers, f)
		p := c.peers[i]
		p.instance, p.inbound = "i", perSecond(1e9)
		pl.add(uint32(i), p, firstSlice(i, n))
		pl.rec.Workers = append(pl.rec.Workers, results.FleetWorker{ID: uint32(i)})
	}
	c.mu.Lock()
	c.play, c.steady = pl, time.Now().Add(time.Hour) // nobody is lost
	c.mu.Unlock()
	frame := benchFrame(b)
	b.ReportMetric(float64(len(frame(0, 1))), "B/delta")
	seq := uint64(0)
	for b.Loop() {
		b.StopTimer()
		seq++
		var beats, records [][]byte
		for i, f := range workers {
			for k := range uint64(5) {
				beat := Beat{Instance: "i", N: seq*5 + k, Phase: PhasePlaying, Play: "run", Clock: &results.ClockReading{N: 16}, Readings: int(seq / 10)}
				if k == 0 {
					beat.Snapshot = &runner.Snapshot{At: time.Second}
				}
				beats = append(beats, f.say("beat", beat))
			}
			r, err := EncodeRecord(Record{Play: "run", Worker: uint32(i), N: seq, Kind: RecordFrame, Body: frame(uint32(i), seq)})
			if err != nil {
				b.Fatal(err)
			}
			records = append(records, f.me.Wrap(resultsSubject(f.fleet, f.hello.Worker), r))
		}
		b.StartTimer()
		for i, f := range workers {
			for _, m := range beats[i*5 : i*5+5] {
				c.hear(c.peers[i], Message{Subject: subject(f.fleet, "up", f.hello.Worker, "beat"), Data: m})
			}
			c.take(resultsSubject(f.fleet, f.hello.Worker), records[i])
		}
		for range 5 {
			c.tickAll()
		}
		pl.merged()
	}
	if pl.parts[0].beatless() {
		b.Fatal("nothing was heard")
	}
	c.mu.Lock()
	c.play = nil
	c.mu.Unlock()
}

func (pt *seat) beatless() bool { return pt.peer.beat.N == 0 || pt.seen.Count() == 0 || pt.lost() }

// benchFrame gives frames of a delta with 16 series.
func benchFrame(b *testing.B) func(worker uint32, seq uint64) []byte {
	enc := results.NewEncoder(results.Limits{Groups: 8, Steps: 8, Hosts: 8})
	return func(worker uint32, seq uint64) []byte {
		d := results.NewDelta(worker)
		d.Seq, d.Written = seq, int32(seq)
		for i := range 200 {
			at, took := time.Duration(i%20)*time.Second, time.Duration(1+i*7919%9000)*time.Millisecond
			d.AddStart(results.Start{Group: i % 8, Intended: at, Sent: at + took/1000})
			d.AddStep(results.Sample{Step: i % 8, Intended: at, Sent: at, Done: at + took, Outcome: results.InTime})
			d.AddHop(results.Hop{Step: i % 8, Number: i % 3, Status: 200, Intended: at, Connect: took, FirstByte: took, Body: took})
		}
		f, err := enc.Append(nil, d)
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
}
