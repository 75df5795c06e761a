package nulltarget

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"sync"
	"time"
)

const (
	requestBuffer = 4 << 10
	maxRequest    = 96 << 10 // a head with the largest jar there is
	idleTime      = 75 * time.Second
	handshake     = 0x16 // first byte of a TLS record that begins one
)

// Serve answers on l from a tape until ctx is done, and closes l. A client that
// begins with a TLS handshake gets one, under a certificate made for this
// server. Requests without the tape's key are closed without an answer. The
// error is nil after a stop that was asked for.
func Serve(ctx context.Context, l net.Listener, a *Answers) error {
	cert, err := certificate()
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	s := newSink(a, cert)
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close()
		s.closeAll()
	})
	defer stop()
	defer s.wg.Wait()
	defer s.closeAll()
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = c.Close()
			}
			return nil
		case err != nil && temporary(err):
			time.Sleep(time.Millisecond) // out of descriptors: those who wait, wait
			continue
		case err != nil:
			return fmt.Errorf("sink: accept: %w", err)
		}
		if s.add(c) {
			s.wg.Go(func() { s.serve(c) })
		}
	}
}

func temporary(err error) bool {
	var ne net.Error
	return !errors.Is(err, net.ErrClosed) && errors.As(err, &ne)
}

// fillerBlock is how much of a body that holds nothing is written at once.
const fillerBlock = 64 << 10

// sink is a server of finished answers.
type sink struct {
	answers []answer
	marker  []byte // what stands before the number of an answer
	tls     *tls.Config
	filler  []byte

	mu   sync.Mutex
	open map[net.Conn]struct{}
	shut bool
	wg   sync.WaitGroup
}

func newSink(a *Answers, cert tls.Certificate) *sink {
	return &sink{
		answers: a.list,
		marker:  []byte("\r\n" + header + ": " + a.key + "-"),
		tls:     &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		open:    map[net.Conn]struct{}{},
		filler:  bytes.Repeat([]byte{' '}, fillerBlock),
	}
}

func (s *sink) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		_ = c.Close()
		return false
	}
	s.open[c] = struct{}{}
	return true
}

func (s *sink) remove(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

func (s *sink) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for c := range s.open {
		_ = c.Close()
	}
}

var buffers = sync.Pool{New: func() any {
	b := make([]byte, requestBuffer)
	return &b
}}

// serve answers one client until either side has had enough.
func (s *sink) serve(c net.Conn) {
	defer s.remove(c)
	buf := buffers.Get().(*[]byte)
	defer func() {
		if len(*buf) == requestBuffer {
			buffers.Put(buf)
		}
	}()
	r := &requests{conn: c, buf: *buf}
	defer func() { *buf = r.buf }()
	if r.read() != nil {
		return
	}
	if r.buf[0] == handshake {
		tc := tls.Server(&prefixed{Conn: c, first: append([]byte(nil), r.buf[:r.end]...)}, s.tls)
		r.conn, r.end = tc, 0
	}
	for {
		head, ok := r.next()
		if !ok {
			return
		}
		n, ok := number(head, s.marker)
		if !ok || !s.write(r.conn, n) || !r.skip(head) {
			return
		}
	}
}

// notOnTape answers a request that was not recorded.
var notOnTape = []byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

// write writes one answer; false: the connection ends here.
func (s *sink) write(c net.Conn, n int) bool {
	if n >= len(s.answers) {
		_, err := c.Write(notOnTape)
		return err == nil
	}
	a := &s.answers[n]
	if a.wait > 0 {
		time.Sleep(a.wait)
	}
	if len(a.head) == 0 {
		return false
	}
	if _, err := c.Write(a.head); err != nil {
		return false
	}
	for left := a.filler; left > 0; left -= len(s.filler) {
		if _, err := c.Write(s.filler[:min(left, len(s.filler))]); err != nil {
			return false
		}
	}
	return !a.close
}

// requests takes a client's requests out of its bytes.
type requests struct {
	conn net.Conn
	buf  []byte
	end  int // of what was read
	used int // by the request taken last, its head
}

// read adds to the buffer.
func (r *requests) read() error {
	if r.end == len(r.buf) {
		if len(r.buf) >= maxRequest {
			return errors.New("a request that is too long")
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	if err := r.conn.SetDeadline(time.Now().Add(idleTime)); err != nil {
		return err
	}
	n, err := r.conn.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return errors.New("a read of nothing")
	}
	return err
}

var headEnd = []byte("\r\n\r\n")

// next gives the next request's head, up to its empty line.
func (r *requests) next() ([]byte, bool) {
	for {
		if i := bytes.Index(r.buf[:r.end], headEnd); i >= 0 {
			r.used = i + len(headEnd)
			return r.buf[:r.used], true
		}
		if r.read() != nil {
			return nil, false
		}
	}
}

var lengthMarker = []byte("\r\nContent-Length: ")

// skip drops the request taken last and its body.
func (r *requests) skip(head []byte) bool {
	body, _ := number(head, lengthMarker)
	for left := r.used + body; ; {
		have := min(left, r.end)
		copy(r.buf, r.buf[have:r.end])
		r.end -= have
		if left -= have; left == 0 {
			return true
		}
		if r.read() != nil {
			return false
		}
	}
}

// number reads the decimal number behind a marker, nine digits at most.
func number(head, marker []byte) (n int, ok bool) {
	i := bytes.Index(head, marker)
	if i < 0 {
		return 0, false
	}
	digits := head[i+len(marker):]
	for k := 0; k < 9 && k < len(digits) && digits[k] >= '0' && digits[k] <= '9'; k++ {
		n, ok = n*10+int(digits[k]-'0'), true
	}
	return n, ok
}

// prefixed is a connection some bytes of which were read ahead.
type prefixed struct {
	net.Conn
	first []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.first) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// certificate makes one for this server's life.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "firstbell sink"},
		DNSNames:     []string{"firstbell-sink.invalid"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// header is the one line a replayed request carries more: key-number.
const header = "Firstbell-Null"

// absent is the number of a request that is not on the tape.
const absent = maxAnswers + 1

func headerLine(key string, n int) string { return key + "-" + strconv.Itoa(n) }
