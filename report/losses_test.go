package report

import (
	"testing"
	"time"

	"firstbell/runner/results"
)

// TestV6HearsTheTakers: a takeover that was ordered in time and began late is late.
func TestV6HearsTheTakers(t *testing.T) {
	l := results.Loss{Heard: 10 * time.Second, TakenFrom: 11 * time.Second, Takers: []results.Taking{{At: 10900 * time.Millisecond}, {At: 13 * time.Second}}}
	if got := takenAfter(&l); got != "3" {
		t.Errorf("taken over after %s s", got)
	}
	if !touches(&l, span{12, 20}) || touches(&l, span{13, 20}) {
		t.Error("the worker was missing until 13 s")
	}
}
