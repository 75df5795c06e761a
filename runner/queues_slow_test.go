//go:build slow

package runner_test

import (
	"testing"
	"time"

	"firstbell/examples/ent"
)

// The known answers that take longer: services of high variance, more refreshes,
// and how often an interval covers the truth.

func TestSlowSojournKnownAnswer(t *testing.T) { sojournOf(t, 4, 5*time.Minute) }

func TestSlowErlangBKnownAnswer(t *testing.T) { refusedBy(t, 4, 20*time.Minute) }

func TestSlowRetryStormKnownAnswer(t *testing.T) { retryStorms(t, 3) }

// TestSlowIntervalsCoverTheTruth is the coverage of K1: of 100 seeds at 0.8 of
// the capacity, with batches of 11 relaxation times, at least 90 intervals of 95 %
// hold the queue's own share.
func TestSlowIntervalsCoverTheTruth(t *testing.T) {
	const c, service, lambda, limit = 4, 40 * time.Millisecond, 80, 150 * time.Millisecond
	truth := ent.MMcSojournExceeds(c, service, lambda, limit)
	covered := 0
	for seed := range uint64(100) {
		got := sojourn(t, seed, c, service, 1, lambda, 120*time.Second, limit, 1)
		if got.Lo <= truth && truth <= got.Hi {
			covered++
		}
	}
	t.Logf("%d of 100 intervals hold %.4f", covered, truth)
	if covered < 90 {
		t.Errorf("%d of 100 intervals hold %.4f", covered, truth)
	}
}
