package runner

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"firstbell/runner/results"
)

// Driver opens browsers. It is safe for concurrent use.
type Driver interface {
	// Open gives one person a browser of their own: empty cookie jar, no
	// connection. It performs no I/O and keeps no goroutine.
	Open(person uint32) Session
}

// Session is one person's browser. Do may be called by up to six goroutines
// at once (a page's calls and assets); the other methods by one, with no Do in
// progress.
type Session interface {
	// Do performs exactly one exchange: no redirect is followed, cookies are
	// sent and stored as browsers do, the guard is asked first. The context's
	// deadline bounds every socket operation.
	//
	// A non-nil error is always a *TransportError; the Response then still
	// carries the timing of what did happen.
	Do(ctx context.Context, req *Request) (*Response, error)
	// Cookie gives a cookie the person would send to u.
	Cookie(u *url.URL, name string) (string, bool)
	// PageDone closes the extra connections of a loaded page; one per host
	// stays open until the server or idle time closes it.
	PageDone()
	// Close closes everything. The session may be used again afterwards, as a
	// browser restarted with the same cookies.
	Close()
	// Forget drops the cookies too.
	Forget()
}

// Kind says what a request is for; extra connections are for calls and assets.
type Kind uint8

const (
	KindPage Kind = iota
	KindCall
	KindAsset
)

// Request is one exchange to perform.
type Request struct {
	Kind      Kind
	Method    string
	URL       *url.URL // absolute, fragment ignored
	Header    []Header // in order; Host, Content-Length, Cookie and the run's own headers are the driver's
	Body      []byte
	NoCookies bool
	// MaxBody bounds what is kept of the body; the rest is read and dropped.
	// 0: nothing is kept.
	MaxBody int
	// Left is called at most once, by Do's own goroutine, when the request has
	// left our hands: it is about to be written to a kept connection, or a
	// socket of its own has begun to connect. Not called when the generator or
	// the guard stopped it. nil: nobody asks.
	Left func(at time.Duration)
}

// Header is one header line.
type Header struct{ Name, Value string }

// Response is one exchange performed.
type Response struct {
	URL       *url.URL
	Status    int // 0 with an error before the status line
	Header    http.Header
	Body      []byte // decoded (gzip, deflate), at most MaxBody; owned by the caller
	Truncated bool
	Closes    bool // the server keeps no connection after it
	Timing    Timing
	Host      int // index into Plan.Hosts
}

// Timing is when the parts of an exchange happened. Sent and Done are offsets
// from the start of the played window by the run's Clock.
type Timing struct {
	Sent, Done                                 time.Duration
	Queued, DNS, Connect, TLS, FirstByte, Body time.Duration
	Reused                                     bool
	BytesIn, BytesOut                          int
}

// TransportError is an exchange that gave no complete answer.
type TransportError struct {
	// Reason is one of the timeout, unreachable or bad-response reasons,
	// ReasonOutOfScope (the guard refused the host), ReasonConsentLimit (the
	// guard refused the rate), or ReasonGenerator (descriptors, ports, memory:
	// our own fault).
	Reason results.Reason
	Err    error
}

func (e *TransportError) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.Err) }
func (e *TransportError) Unwrap() error { return e.Err }

// Guard says which hosts may be loaded, how much, and until when. Default
// deny. It is safe for concurrent use and takes no lock shared by all people on
// the way to "yes".
type Guard interface {
	// Request is asked before every exchange, redirects, calls and assets
	// included. nil, or a *TransportError (out of scope, consent limit).
	Request(u *url.URL) error
	// Dial is asked before every new connection, with the name asked for and
	// the address really dialled.
	Dial(host string, addr netip.AddrPort) error
	// Stopped is closed when everything must stop at once; Cause then says why.
	Stopped() <-chan struct{}
	Cause() results.Ended
}

// Clock is the run's time: offsets from the start of the played window,
// monotonic. Negative before the start.
type Clock interface {
	Now() time.Duration
	// SleepUntil returns nil at t or later, or the context's error.
	SleepUntil(ctx context.Context, t time.Duration) error
}
