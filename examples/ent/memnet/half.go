package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize bounds the bytes under way in one direction, about what loopback
// TCP holds in its two socket buffers.
const bufferSize = 1 << 20

// half is one direction of a connection: a bounded buffer with a writing and a
// reading end. Its lock is never held while waiting.
type half struct {
	mu      sync.Mutex
	buf     []byte
	wake    chan struct{} // closed when anything below changes; nil when nobody waits
	wClosed bool          // the writing end is closed: the reader drains, then reads EOF
	rClosed bool          // the reading end is closed: the writer gets EPIPE
	reset   bool
	rBefore time.Time // read deadline, zero for none
	wBefore time.Time
}

// changed wakes whoever waits; mu is held.
func (h *half) changed() {
	if h.wake != nil {
		close(h.wake)
		h.wake = nil
	}
}

// update changes the state under the lock and wakes the waiters.
func (h *half) update(f func(*half)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h)
	h.changed()
}

// wait gives up the lock until something changes or the deadline comes, and
// takes it again.
func (h *half) wait(before time.Time) {
	if h.wake == nil {
		h.wake = make(chan struct{})
	}
	wake := h.wake
	h.mu.Unlock()
	defer h.mu.Lock()
	if before.IsZero() {
		<-wake
		return
	}
	t := time.NewTimer(time.Until(before))
	defer t.Stop()
	select {
	case <-wake:
	case <-t.C:
	}
}

func passed(deadline time.Time) bool {
	return !deadline.IsZero() && !time.Now().Before(deadline)
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.rClosed:
			return 0, net.ErrClosed
		case h.reset:
			return 0, os.NewSyscallError("read", syscall.ECONNRESET)
		case passed(h.rBefore):
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			h.buf = h.buf[n:]
			if len(h.buf) == 0 {
				h.buf = nil // an idle connection keeps no buffer
			}
			h.changed()
			return n, nil
		case h.wClosed:
			return 0, io.EOF
		}
		h.wait(h.rBefore)
	}
}

func (h *half) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for {
		switch {
		case h.wClosed:
			return n, net.ErrClosed
		case h.reset:
			return n, os.NewSyscallError("write", syscall.ECONNRESET)
		case passed(h.wBefore):
			return n, os.ErrDeadlineExceeded
		case h.rClosed:
			return n, os.NewSyscallError("write", syscall.EPIPE)
		}
		if k := min(len(p)-n, bufferSize-len(h.buf)); k > 0 {
			h.buf = append(h.buf, p[n:n+k]...)
			n += k
			h.changed()
		}
		if n == len(p) {
			return n, nil
		}
		h.wait(h.wBefore)
	}
}
