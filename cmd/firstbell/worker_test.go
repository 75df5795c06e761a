package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"firstbell/runner/fleet"
	"firstbell/runner/fleet/bus"
	"firstbell/runner/results"
)

// A worker that was refused says so, not that nobody could be reached.
func TestWorkerEnd(t *testing.T) {
	for _, c := range []struct {
		err        error
		code, what string
		exit       int
	}{
		{fmt.Errorf("the bus refused w000: %w", bus.ErrRefused), "FB0604", "refused these credentials", exitRefused},
		{fmt.Errorf("subscribe: %w", bus.ErrDenied), "FB0604", "refused these credentials", exitRefused},
		{fmt.Errorf("the bus: %w, no", bus.ErrStranger), "FB0604", "not the fleet of these", exitRefused},
		{fmt.Errorf("worker w000: %w", &fleet.Refusal{Code: "unknown_key", What: "not signed"}), "FB0604", "did not let this worker in", exitRefused},
		{fmt.Errorf("joining: %w", fleet.ErrAbandoned), "FB0607", "stayed away", exitStopped},
		{fmt.Errorf("connecting: %w", bus.ErrDisconnected), "FB0607", "stayed away", exitStopped},
		{errors.New("does not speak TLS"), "FB0603", "cannot be reached", exitRefused},
	} {
		var said *userError
		if !errors.As(workerEnd(context.Background(), c.err), &said) || said.code != c.code || said.exit != c.exit || !strings.Contains(said.what, c.what) {
			t.Errorf("%v: %+v", c.err, said)
		}
	}
	if err := workerEnd(context.Background(), nil); err != nil {
		t.Error(err)
	}
}

// Who leaves does not say that the connection is lost.
func TestLeavingIsNoLoss(t *testing.T) {
	var b strings.Builder
	log := &workerLog{w: &b, now: time.Now, who: "w000"}
	log.link(t.Context(), false)
	if !strings.Contains(b.String(), "is lost") {
		t.Error("a loss is not told")
	}
	b.Reset()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	log.link(stopped, false)
	log.tell(fleet.Notice{Kind: fleet.NoticeLeaving, Text: "the fleet closes"})
	log.link(t.Context(), false)
	if strings.Contains(b.String(), "is lost") {
		t.Error(b.String())
	}
}

// Whom a worker cannot play it refuses, so that another does: nobody is accepted and
// forgotten.
func TestTakeoverIsChecked(t *testing.T) {
	sc := fleetFixture(t)
	drawn := drawn(t, sc, 3, 1)
	l := newLender(sc, drawn.arrivals(), nil)
	if l.paired == nil {
		t.Fatal("not the case meant")
	}
	half, other := []results.Slice{{Residue: 0, Modulus: 2}}, []results.Slice{{Residue: 1, Modulus: 2}}
	good, err := l.lend(half)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := l.lend(other)
	if err != nil {
		t.Fatal(err)
	}
	p := &part{sc: sc, plan: drawn}
	for name, c := range map[string]struct {
		accounts []byte
		ok       bool
	}{
		"theirs":      {good, true},
		"of others":   {foreign, false},
		"damaged":     {good[:len(good)/2], false},
		"of nobody":   {nil, false},
		"another one": {[]byte("{}"), false},
	} {
		more, err := p.more(fleet.Takeover{Slices: half, Accounts: c.accounts})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if c.ok && len(more.Arrivals) != l.people(half, -1) {
			t.Errorf("%s: %d people", name, len(more.Arrivals))
		}
	}
}
