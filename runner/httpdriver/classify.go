package httpdriver

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// phase is what an exchange was doing when it failed.
type phase uint8

const (
	resolving phase = iota
	connecting
	handshaking
	exchanging // writing the request, reading the answer
)

var (
	errEnded    = errors.New("the wait for an answer ended")
	errTooLarge = errors.New("the answer is larger than any page")
	errHead     = errors.New("the head of the answer is too large")
	errFlood    = errors.New("too many 1xx answers")
	errLines    = errors.New("too many header lines")
	errSwitch   = errors.New("the server switched protocols unasked")
	errMalform  = errors.New("malformed answer")
	errEncoding = errors.New("the body is not in the encoding announced")
	errUnasked  = errors.New("the body is in an encoding that was not asked for")
)

// classify turns what an operation returned into a reason:
//
//	the context ended                          see reasonOf
//	EMFILE ENFILE ENOBUFS ENOMEM EADDRNOTAVAIL generator
//	DNS                                        dns
//	ECONNREFUSED                               refused
//	ECONNRESET EPIPE ECONNABORTED              reset
//	ETIMEDOUT, connect timeout                 connect_timeout while connecting, else reset
//	unreachable, forbidden                     no_route
//	end of stream                              closed
//	handshake, certificate                     tls
//	anything else in an answer                 bad_response
//
// The error it gives never repeats bytes of the answer.
func classify(ctx context.Context, p phase, h *host, err error) *runner.TransportError {
	var te *runner.TransportError
	if errors.As(err, &te) {
		return te
	}
	if ended(ctx, err) {
		whole := results.ReasonStepTimeout
		if p <= handshaking {
			whole = results.ReasonConnectTimeout
		}
		return fault(reasonOf(ctx, whole), errEnded)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if r, ok := errnoReason(errno, p, h); ok {
			return fault(r, errno)
		}
	}
	if r, ok := networkReason(p, err); ok {
		return fault(r, plain(p, err))
	}
	switch p {
	case resolving:
		return fault(results.ReasonDNS, err)
	case connecting:
		return fault(results.ReasonNoRoute, err)
	case handshaking:
		return fault(results.ReasonTLS, err)
	}
	return fault(results.ReasonBadResponse, plain(p, err))
}

func errnoReason(e syscall.Errno, p phase, h *host) (results.Reason, bool) {
	switch e {
	case syscall.EADDRNOTAVAIL:
		// A machine without IPv6 says so this way, too.
		if h.worked.Load() {
			return results.ReasonGenerator, true
		}
		return results.ReasonNoRoute, true
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM:
		return results.ReasonGenerator, true
	case syscall.ECONNREFUSED:
		return results.ReasonRefused, true
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED:
		return results.ReasonReset, true
	case syscall.ETIMEDOUT:
		if p <= connecting {
			return results.ReasonConnectTimeout, true
		}
		return results.ReasonReset, true
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
		syscall.EACCES, syscall.EPERM, syscall.EAFNOSUPPORT:
		return results.ReasonNoRoute, true
	}
	return 0, false
}

// networkReason recognises errors that carry no errno.
func networkReason(p phase, err error) (results.Reason, bool) {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return results.ReasonDNS, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return results.ReasonClosed, true
	case errors.As(err, &timeout) && timeout.Timeout():
		if p <= handshaking {
			return results.ReasonConnectTimeout, true
		}
		return results.ReasonStepTimeout, true
	}
	return 0, false
}

// plain keeps only texts that are ours or the system's.
func plain(p phase, err error) error {
	if p <= handshaking {
		return err
	}
	for _, own := range []error{errTooLarge, errHead, errFlood, errLines, errSwitch, errEncoding, errUnasked} {
		if errors.Is(err, own) {
			return own
		}
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	case errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	}
	return errMalform
}

// ended reports whether an operation failed because the context did. A socket
// deadline can fire a moment before the context's own: then it is waited for,
// because its cause says who gave up.
func ended(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
		return true
	}
	return false
}

// reasoned is a cause that knows its reason, beside *runner.TransportError.
type reasoned interface{ Reason() results.Reason }

// reasonOf says why a context ended: its cause's own reason, whole for a
// deadline, in_flight for a run that stops.
func reasonOf(ctx context.Context, whole results.Reason) results.Reason {
	cause := context.Cause(ctx)
	var te *runner.TransportError
	if errors.As(cause, &te) {
		return te.Reason
	}
	var r reasoned
	if errors.As(cause, &r) {
		return r.Reason()
	}
	if errors.Is(cause, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return whole
	}
	return results.ReasonInFlight
}
