package fleet

import (
	"context"
	"sync"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// part is one play on one worker, from its preparation until it is forgotten.
type part struct {
	play      string
	order     Prepare
	ctx       context.Context // ends when nobody wants the part any more
	cancel    context.CancelFunc
	takeovers chan Takeover
	loadEnds  chan time.Duration
	prepared  chan struct{} // closed when preparing is over
	done      chan struct{} // closed when playing is over, or will never begin

	mu         sync.Mutex
	made              // the zero value until it is ready
	lease      *Lease // nil before the start
	zero       Instant
	phase      Phase
	ended      results.Ended
	startedAt  *time.Duration
	startError time.Duration
	snapshot   *runner.Snapshot // not told yet
}

// made is what a preparation gives.
type made struct {
	player Player
	ready  Ready
	sink   *sink
}

func newPart(ctx context.Context, play string, o Prepare) *part {
	ctx, cancel := context.WithCancel(ctx)
	return &part{play: play, order: o, ctx: ctx, cancel: cancel, phase: PhasePreparing,
		takeovers: make(chan Takeover), loadEnds: make(chan time.Duration, 1),
		prepared: make(chan struct{}), done: make(chan struct{})}
}

// busy reports whether the part plays.
func (p *part) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.phase == PhasePlaying
}

// built ends the preparation. What was made is kept to be closed even if it failed.
func (p *part) built(m made, err error) {
	p.mu.Lock()
	p.made = m
	if err == nil && p.phase == PhasePreparing {
		p.phase = PhaseReady
	}
	p.mu.Unlock()
	close(p.prepared)
}

// begin starts a part that is ready, once.
func (p *part) begin(zero Instant, lease *Lease) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.phase != PhaseReady {
		return refused("busy", "this part is not ready to start", "it is "+string(p.phase))
	}
	p.phase, p.zero, p.lease = PhasePlaying, zero, lease
	return nil
}

// stop ends the load of a part that plays; one that does not play yet never will.
func (p *part) stop(e results.Ended) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.phase {
	case PhasePlaying:
		p.lease.order(e)
	case PhasePreparing, PhaseReady:
		p.phase, p.ended = PhaseEnded, e
		p.cancel()
		close(p.done)
	}
}

// drop stops a part, waits until nothing of it runs, and closes its player.
func (p *part) drop(e results.Ended) {
	p.stop(e)
	<-p.prepared
	select {
	case <-p.done:
	case <-time.After(leaveGrace): // a player that does not obey its lease
	}
	p.cancel()
	<-p.done
	p.mu.Lock()
	player := p.player
	p.player = nil
	p.mu.Unlock()
	if player != nil {
		player.Close()
	}
}

// finish is the end of playing.
func (p *part) finish(e results.Ended) {
	p.mu.Lock()
	p.phase, p.ended = PhaseEnded, e
	p.mu.Unlock()
	close(p.done)
}

func (p *part) started(at, bound time.Duration) {
	p.mu.Lock()
	p.startedAt, p.startError = &at, bound
	p.mu.Unlock()
}

// observe keeps the newest snapshot for the next beat.
func (p *part) observe(s runner.Snapshot) {
	p.mu.Lock()
	p.snapshot = &s
	p.mu.Unlock()
}

// tell fills in a beat.
func (p *part) tell(b *Beat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.Phase, b.Play, b.Ended = p.phase, p.play, p.ended.How
	b.StartedAt, b.StartError = p.startedAt, p.startError
	if p.snapshot != nil {
		b.Snapshot, p.snapshot = p.snapshot, nil
		b.CPU, b.Descriptors = b.Snapshot.CPU, b.Snapshot.Open
	}
	if p.phase == PhasePlaying {
		b.Ended = p.lease.Cause().How
	}
	if p.sink != nil {
		b.Spooled, b.Acked = p.sink.spool.counts()
		b.Broken = p.sink.broken()
	}
}

// loads gives the lease of a part that may still load.
func (p *part) loads() (*Lease, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lease, p.phase == PhasePlaying && p.lease.Alive()
}

// needs is how far ahead of the first instant the part must begin.
func (p *part) needs() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ready.Preparation
}
