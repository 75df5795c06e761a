package ent

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// ENT is the portal: an [http.Handler] safe for concurrent use. It owns no
// goroutine.
type ENT struct {
	cfg     Config
	created time.Time
	key     [32]byte // signs tickets and tokens
	modes   atomic.Pointer[Modes]
	routes  map[string]*route
	pages   *pageSet

	plant  *plant
	room   room
	bucket bucket

	sessions  *store[*session]
	clients   *store[*bucket]  // by address, for PerIP
	wrong     *store[int]      // wrong passwords by login
	known     *store[struct{}] // logins that were accepted
	granting  *store[string]   // CAS: TGC → login
	tickets   *store[ticket]   // CAS: ST → what it is good for
	submitted *store[struct{}] // CAS: execution tokens already used

	sequence [draws]atomic.Uint64
	counters counters
	servers  servers
}

// New makes an ENT, or says everything that is wrong with the configuration.
func New(cfg Config) (*ENT, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	const always = 100 * 365 * 24 * time.Hour
	e := &ENT{
		cfg: cfg, created: time.Now(), pages: newPageSet(cfg.Name),
		plant:    newPlant(cfg.Capacity, cfg.Seed),
		sessions: newStore[*session](cfg.SessionIdle), clients: newStore[*bucket](time.Minute),
		wrong: newStore[int](cfg.BanDelay), known: newStore[struct{}](always),
		granting: newStore[string](cfg.SessionIdle), tickets: newStore[ticket](cfg.TicketLife),
		submitted: newStore[struct{}](formLife),
	}
	rand.Read(e.key[:]) // never fails
	e.plant.crashed = e.down
	e.modes.Store(&cfg.Modes)
	e.plant.set(&cfg.Modes, e.created)
	e.routes = e.newRoutes()
	return e, nil
}

// Modes gives the modes in force.
func (e *ENT) Modes() Modes { return *e.modes.Load() }

// SetModes changes the modes for the requests that arrive from now on.
func (e *ENT) SetModes(m Modes) error {
	if err := m.Validate(); err != nil {
		return err
	}
	e.modes.Store(&m)
	e.plant.set(&m, time.Now())
	e.servers.each(func(s *server) { s.setBacklog(m.Accept.Backlog) })
	return nil
}

// ServeHTTP answers one request of the load.
func (e *ENT) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	woken := make(chan struct{}, 1)
	x := &exchange{w: w, r: r, wake: func() { woken <- struct{}{} }}
	for !e.proceed(x) {
		select {
		case <-woken:
		case <-r.Context().Done():
			if e.leave(x) {
				panic(http.ErrAbortHandler)
			}
			<-woken
		}
	}
	if x.answer.cuts() {
		panic(http.ErrAbortHandler) // the way to close a connection without an answer
	}
}

// guard asks for a session and, as entcore does for what is not a GET, for the
// XSRF token; it also makes the calls of a blank shell fail.
func (e *ENT) guard(x *exchange) (Answer, bool) {
	if x.route.open {
		return 0, false
	}
	if x.session == nil {
		if x.route.page {
			redirect(x.w, "/auth/login?callback="+url.QueryEscape(x.r.URL.RequestURI()))
		} else {
			sendString(x.w, x.r, http.StatusUnauthorized, typeJSON, `{"error":"unauthorized"}`)
		}
		return NoSession, true
	}
	if x.r.Method == http.MethodPost && !x.bearer && x.r.Header.Get("X-Xsrf-Token") != x.session.xsrf {
		sendString(x.w, x.r, http.StatusForbidden, typeJSON, `{"error":"invalid.xsrf.token"}`)
		return BadXSRF, true
	}
	if !x.route.page && x.session.shell {
		sendString(x.w, x.r, http.StatusInternalServerError, typeJSON, `{"error":"internal.error"}`)
		return CallFailed, true
	}
	return 0, false
}

// admit is asked before a login page is shown: here, and not when the password
// is posted, stands entcore's quota.
func (e *ENT) admit(x *exchange) (Answer, bool) {
	if q := x.m.Quota.Sessions; q > 0 && e.sessions.len() > q {
		return e.quota(x), true
	}
	if b := x.m.Bucket; b.Rate > 0 && !e.bucket.take(time.Now(), b.Rate, b.depth()) {
		switch b.Refusal {
		case RefuseUnavailable:
			return e.unavailable(x), true
		case RefuseThrottled:
			return e.throttled(x), true
		}
		return e.quota(x), true
	}
	return 0, false
}

func (e *ENT) quota(x *exchange) Answer {
	e.pages.quota[x.m.Quota.wording()].send(x.w, x.r, http.StatusOK)
	return QuotaPage
}

func (e *ENT) throttled(x *exchange) Answer {
	e.pages.throttled.send(x.w, x.r, http.StatusTooManyRequests)
	return Throttled
}

func (e *ENT) unavailable(x *exchange) Answer {
	if d := x.m.Unavailable.RetryAfter; d > 0 {
		x.w.Header()["Retry-After"] = []string{seconds(d)}
	}
	if x.route != nil && !x.route.page {
		sendString(x.w, x.r, http.StatusServiceUnavailable, typeJSON, `{"error":"unavailable"}`)
	} else {
		e.pages.unavailable.send(x.w, x.r, http.StatusServiceUnavailable)
	}
	return UnavailablePage
}

func (e *ENT) blank(x *exchange) Answer {
	e.pages.blank.send(x.w, x.r, http.StatusOK)
	return BlankPage
}

// overflow answers when the queue before the workers is full.
func (e *ENT) overflow(x *exchange) Answer {
	o := x.m.Overflow
	sum := o.Quota + o.Blank + o.Unavailable
	if !x.route.page || sum == 0 {
		return e.unavailable(x)
	}
	switch u := e.uniform(drawOverflow) * sum; {
	case u < o.Quota:
		return e.quota(x)
	case u < o.Quota+o.Blank:
		return e.blank(x)
	}
	return e.unavailable(x)
}

const maxBody = 1 << 20

// read reads a body, so that a client that leaves is noticed, and its form.
func (e *ENT) read(x *exchange) bool {
	if x.r.Method != http.MethodPost {
		return true
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		return false
	}
	if strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		x.form, err = url.ParseQuery(string(body))
	}
	return err == nil
}

// client gives the bucket of the client's address.
func (e *ENT) client(r *http.Request) *bucket {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return e.clients.update(host, func(b *bucket, ok bool) *bucket {
		if ok {
			return b
		}
		return &bucket{}
	})
}

// What is drawn at random, each from a stream of its own.
const (
	drawReset = iota
	drawUnavailable
	drawOverflow
	drawBlank
	drawShell
	drawLost
	drawIdentity
	drawExerciseLost
	drawExerciseError
	draws
)

// uniform gives the next number of a stream, in [0,1): SplitMix64 of a counter,
// so that the sequence depends on the seed alone.
func (e *ENT) uniform(stream int) float64 {
	z := mix(e.cfg.Seed) + uint64(stream)<<56 + e.sequence[stream].Add(1)*0x9e3779b97f4a7c15
	return float64(mix(z)>>11) / (1 << 53)
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// draw is true for a share of its calls.
func (e *ENT) draw(stream int, share float64) bool {
	return share > 0 && e.uniform(stream) < share
}

// sign gives a short signature of what the ENT wants to recognise later.
func (e *ENT) sign(text string) string {
	m := hmac.New(sha256.New, e.key[:])
	io.WriteString(m, text)
	return hex.EncodeToString(m.Sum(nil)[:12])
}

// token gives a random identifier of 32 hexadecimal digits.
func token() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func seconds(d time.Duration) string { return itoa(int(max(1, (d+time.Second-1)/time.Second))) }

// hash spreads a login over the numbers that make up a plausible person.
func hash(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint64(sum[:])
}

var _ http.Handler = (*ENT)(nil)
