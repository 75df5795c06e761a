package fleet

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// listen opens the subscriptions. One per worker: whoever floods the fleet fills a
// backlog of their own.
func (c *Coordinator) listen() error {
	for _, p := range c.peers {
		if err := c.hearOn(subject(c.id, "up", p.name, "*"), func(m Message) { c.hear(p, m) }); err != nil {
			return err
		}
	}
	if err := c.hearOn(subject(c.id, "up", "*", "hello"), c.hearStranger); err != nil {
		return err
	}
	return c.hearOn(subject(c.id, "op", "*"), c.hearOperator)
}

func (c *Coordinator) hearOn(subject string, f func(Message)) error {
	cancel, err := c.cfg.Bus.Subscribe(subject, f)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", subject, err)
	}
	c.unhear = append(c.unhear, cancel)
	return nil
}

// hear takes one message of a worker of the roster.
func (c *Coordinator) hear(p *peer, m Message) {
	now := c.cfg.Now()
	if !p.inbound.take(now) {
		return
	}
	kind := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	limit := maxBeat
	if kind != "beat" {
		limit = maxSmall
	}
	var body []byte
	if len(m.Data) <= limit {
		body, _ = p.public.Unwrap(m.Subject, m.Data)
	}
	switch {
	case kind == "hello":
		c.hearHello(p, m, body)
	case body == nil: // not signed by this worker, or too large: nobody to answer
	case kind == "clock":
		c.hearClock(m, body, now)
	case kind == "beat":
		c.hearBeat(p, body)
	case kind == "gone":
		c.hearGone(p, body)
	}
}

// Bounds of what workers send outside of the stream.
const (
	maxSmall = 16 << 10
	maxBeat  = 64 << 10
)

// hearStranger refuses a name that the roster does not know.
func (c *Coordinator) hearStranger(m Message) {
	name := strings.TrimSuffix(strings.TrimPrefix(m.Subject, subject(c.id, "up")+"."), ".hello")
	if c.byName[name] != nil {
		return // heard on its own subscription
	}
	c.welcome(m, name, Welcome{Refused: &Refusal{Code: "unknown_key",
		What: "this fleet has no worker of that name",
		Fix:  "use a credentials file that was written together with the coordinator's roster"}})
}

func (c *Coordinator) hearHello(p *peer, m Message, body []byte) {
	w := Welcome{Index: p.index, Of: c.cfg.Size}
	var h Hello
	switch {
	case body == nil:
		w.Refused = &Refusal{Code: "unknown_key", What: "the message is not signed by the key of " + p.name,
			Why: "the credentials are another fleet's, another worker's, or were made anew since",
			Fix: "use the credentials file that was written together with the coordinator's roster"}
	case json.Unmarshal(body, &h) != nil || h.Worker != p.name || h.Instance == "" || len(h.Instance) > 100:
		w.Refused = &Refusal{Code: "bad_message", What: "the request to join makes no sense",
			Fix: "run the same version of firstbell on all machines"}
	case h.Protocol != Protocol || h.Version != c.cfg.Version:
		w.Refused = &Refusal{Code: "version", What: "another version of firstbell",
			Why: fmt.Sprintf("the worker runs %s (protocol %d), the coordinator %s (protocol %d)",
				printable(h.Version, 60), h.Protocol, c.cfg.Version, Protocol),
			Fix: "install the coordinator's version on the worker's machine"}
	default:
		w.Refused = c.admit(p, h)
	}
	c.welcome(m, p.name, w)
}

// admit lets a process in under a name, or says why not.
func (c *Coordinator) admit(p *peer, h Hello) *Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	if c.closing {
		return &Refusal{Code: "full", What: "the fleet is closed", Why: "its run has ended"}
	}
	if p.alive(now) {
		if p.instance == h.Instance {
			p.heard = now // its answer was lost, or the line to the bus
			return nil
		}
		return &Refusal{Code: "taken", What: "another process is " + p.name + " already",
			Why: "it was heard " + now.Sub(p.heard).Round(time.Millisecond).String() + " ago",
			Fix: "give every worker a credentials file of its own, or wait a second if this one was started again"}
	}
	there := 0
	for _, other := range c.peers {
		if other.alive(now) {
			there++
		}
	}
	if there >= c.cfg.Size {
		return &Refusal{Code: "full", What: fmt.Sprintf("the fleet has its %d workers", c.cfg.Size),
			Fix: "start the coordinator with more workers"}
	}
	if p.instance != h.Instance {
		if c.play != nil {
			c.play.replaced(p, now)
		}
		p.instance, p.beat, p.busy = h.Instance, Beat{}, ""
	}
	h.Go, h.OS, h.Place = printable(h.Go, 60), printable(h.OS, 60), printable(h.Place, 60)
	h.CPUs, h.DescLimit = sane(h.CPUs, 1<<16), min(max(h.DescLimit, 0), 1<<30)
	p.hello, p.heard, p.gone, p.silent = h, now, false, false
	if h.Place == "" {
		c.tell("joined", p.name, "os", h.OS, "cpus", h.CPUs)
	} else {
		c.tell("joined_at", p.name, "place", h.Place, "os", h.OS, "cpus", h.CPUs)
	}
	close(c.changed)
	c.changed = make(chan struct{})
	return nil
}

// welcome answers a Hello; a refusal is told and kept, unless there are too many.
func (c *Coordinator) welcome(m Message, name string, w Welcome) {
	if w.Refused != nil {
		c.mu.Lock()
		answer, news := c.refuse.note(c.cfg.Now(), printable(name, 40), *w.Refused)
		if news {
			c.tellRefused(printable(name, 40), w.Refused)
		}
		c.mu.Unlock()
		if !answer {
			return
		}
	}
	c.reply(m, w)
}

// tellRefused tells who was not let in. mu is held.
func (c *Coordinator) tellRefused(name string, why *Refusal) {
	switch key := "refused_" + why.Code; key {
	case "refused_unknown_key", "refused_taken", "refused_full":
		c.tell(key, name)
	case "refused_version":
		c.tell(key, name, "version", c.cfg.Version)
	default:
		c.tell("refused", name, "why", why)
	}
}

// reply signs an answer.
func (c *Coordinator) reply(m Message, v any) {
	body, err := json.Marshal(v)
	if err != nil || m.Reply == nil {
		return
	}
	_ = m.Reply(c.me.Wrap(m.Subject+"/reply", body)) // whoever asked asks again
}

// refusals keeps who was not let in, in bounded memory, and bounds what a hostile
// joiner can cause: answers, lines and lines pushed out of the list.
type refusals struct {
	mu      sync.Mutex
	list    []RefusedJoin
	answers bucket
	lines   bucket
}

const (
	keptRefusals  = 20
	answersPerSec = 10
	linesPerSec   = 1
)

// note remembers a refusal. answer is false beyond the rate; news is true when it
// is worth a line: a name and reason not seen in the last 10 s.
func (r *refusals) note(now time.Time, name string, why Refusal) (answer, news bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers.perSecond == 0 {
		r.answers, r.lines = perSecond(answersPerSec), perSecond(linesPerSec)
	}
	if !r.answers.take(now) {
		return false, false
	}
	for i := range r.list {
		if k := &r.list[i]; k.Worker == name && k.Code == why.Code {
			news = now.Sub(k.At) > 10*time.Second && r.lines.take(now)
			k.At, k.Refusal = now, why
			return true, news
		}
	}
	if len(r.list) == keptRefusals {
		r.list = append(r.list[:0], r.list[1:]...)
	}
	r.list = append(r.list, RefusedJoin{At: now, Worker: name, Refusal: why})
	return true, r.lines.take(now)
}

func (r *refusals) kept() []RefusedJoin {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]RefusedJoin(nil), r.list...)
}

// printable makes a stranger's text fit for a terminal and a file.
func printable(s string, limit int) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "?") {
		if b.Len() >= limit {
			b.WriteString("…")
			break
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// sane bounds a number that somebody else has measured.
func sane(x, limit float64) float64 {
	if x >= 0 && x <= limit {
		return x
	}
	return 0
}
