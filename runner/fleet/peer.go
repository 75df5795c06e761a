package fleet

import (
	"sync/atomic"
	"time"

	"firstbell/runner/fleet/keys"
)

// peer is one name of the roster and the process that goes by it now. What is not
// constant or atomic is guarded by Coordinator.mu.
type peer struct {
	index  int
	name   string
	public keys.Public

	instance string // of the process that has joined; "" nobody yet
	hello    Hello
	heard    time.Time
	gone     bool   // it has said that it leaves
	beat     Beat   // the newest; N 0: none yet
	silent   bool   // it has been called silent, outside of a play
	busy     string // the play it has prepared and not forgotten
	// forgetting: it is being asked to forget it.
	forgetting bool
	bundle     Ref // what lies in its bucket, under bundleHash
	inBucket   string

	stored int64 // bytes of its in the results stream
	barred bool  // the stream takes nothing of it any more

	ticks   uint64
	until   time.Time // until when it may load, of all leases given
	orders  atomic.Uint64
	inbound bucket // its messages; its subscription's own
}

// alive reports whether the process is heard.
func (p *peer) alive(now time.Time) bool {
	return p.instance != "" && !p.gone && now.Sub(p.heard) < LostAfter
}

// bucket bounds a rate: perSecond tokens a second, twice as many at once.
type bucket struct {
	perSecond, tokens float64
	last              time.Time
}

// inboundRate is what a worker may send a second: 5 beats, a reading of the clock
// every 10 s, and now and then a Hello.
const inboundRate = 100

func perSecond(n float64) bucket { return bucket{perSecond: n, tokens: 2 * n} }

func (b *bucket) take(now time.Time) bool {
	if !b.last.IsZero() {
		b.tokens = min(2*b.perSecond, b.tokens+b.perSecond*now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
