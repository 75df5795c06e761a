//go:build slow

package capacity

import (
	"context"
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestMutations takes one part of the method away at a time and sees a known
// answer missed: what no test would miss would not need to be there.
func TestMutations(t *testing.T) {
	t.Run("drain", func(t *testing.T) {
		// Without it the next plateau begins in the backlog of the last: one that
		// the target holds is then not held.
		target := shared(300, 12, 3, 1)
		judge := simJudge(0.95)
		const limit = 3 * time.Second
		states := func(drained bool) results.State {
			backlog := results.Segment{Name: "before", Rate: 450, Length: 40 * time.Second}
			held := results.Segment{Name: "plateau", Rate: 285, Length: 70 * time.Second}
			c := results.Conduct{Warmup: 10 * time.Second, Segments: []results.Segment{held}}
			if !drained {
				c = results.Conduct{Warmup: 50 * time.Second, Segments: []results.Segment{backlog, held}}
			}
			p := &simPlayer{target: target, limit: limit}
			s, err := p.Play(context.Background(), Spec{Seed: 3, Conduct: c}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return judge(s).State
		}
		if with, without := states(true), states(false); with != results.StateMet || without == results.StateMet {
			t.Errorf("drained %s, not drained %s: the drain changes nothing", with, without)
		}
	})
	t.Run("warm-up", func(t *testing.T) {
		// Pauses fill a target slowly: a plateau read before it is full flatters.
		target := shared(150, 6, 3, 1)
		target.pause = 12
		const limit = 3 * time.Second
		const warm, length = 50 * time.Second, 60 * time.Second
		with, without := truth(target, limit, 0.95, warm, length, 12), truth(target, limit, 0.95, 0, length, 12)
		t.Logf("held: %.1f with a warm-up, %.1f without", with, without)
		if without < 1.03*with {
			t.Errorf("the warm-up changes nothing: %.1f held with it, %.1f without", with, without)
		}
	})
	t.Run("batches", func(t *testing.T) {
		// People counted as independent decide near the limit what they cannot know.
		target := shared(300, 12, 1, 1)
		const limit = 500 * time.Millisecond
		want := truth(target, limit, 0.95, 20*time.Second, 60*time.Second, 12)
		wrong := func(judge Judge) int {
			n := 0
			for seed := range uint64(100) {
				rate, is := want*0.985, results.StateNotMet
				if seed%2 == 1 {
					rate, is = want*1.015, results.StateMet
				}
				p := &simPlayer{target: target, limit: limit}
				s, _ := p.Play(context.Background(), Spec{Seed: seed, Conduct: results.Conduct{Warmup: 20 * time.Second,
					Segments: []results.Segment{{Rate: rate, Length: 80 * time.Second}}}}, nil)
				if judge(s).State == is {
					n++
				}
			}
			return n
		}
		with, without := wrong(simJudge(0.95)), wrong(simJudgeWith(0.95, false))
		t.Logf("wrong verdicts: %d with batches, %d without", with, without)
		if without < 2*with || without < 10 {
			t.Errorf("wrong in %d of 100 with batches and %d without", with, without)
		}
	})
}
