package results

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// Folded is the Step of what was counted together because there were too
	// many series.
	Folded = 65535

	maxHopSeries = 256  // per 10 s
	maxHopCells  = 4096 // per delta
	maxSigns     = 200  // signatures with a text
	maxSignRunes = 160

	onTime = time.Second // gate V1: sent within this of the intended instant
)

// NewDelta gives an empty delta of one worker. Reuse it through [Delta.Reset]:
// in steady state nothing is allocated any more.
func NewDelta(worker uint32) *Delta {
	return &Delta{
		Worker: worker,
		Starts: map[GroupSecond]uint32{}, OnTime: map[GroupSecond]uint32{}, Delay: map[int32]*Hist{}, Later: map[int32]*Hist{},
		Tries: map[GroupSecond]uint32{}, People: map[Cell]uint32{}, Attempts: map[Cell]uint32{},
		MidWork: map[Cell]uint32{}, Beside: map[GroupSecond]*Beside{},
		PulledPeople: map[GroupSecond]uint32{}, PulledTries: map[GroupSecond]uint32{},
		Class: map[ClassKey]*Hist{}, Steps: map[StepKey]*Hist{}, Ends: map[StepCell]uint32{},
		Spent: map[StepTen]time.Duration{},
		Hops:  map[HopKey]*Hist{}, Sent: map[HopCell]*HopCount{}, Signs: map[SignKey]*SignCount{},
		series: map[int32]int{},
	}
}

// SecondOf is the whole second an offset lies in; before the start counts as
// the first.
func SecondOf(d time.Duration) int32 {
	return int32(min(max(d/time.Second, 0), maxSecond))
}

func tenOf(d time.Duration) int32 { return SecondOf(d) / 10 }

func index16(i int) uint16 { return uint16(min(max(i, 0), Folded)) }
func index8(i int) uint8   { return uint8(min(max(i, 0), 255)) }

// AddStart counts one person's first click leaving, and with it the begin of
// the first attempt. Call it once per person who clicks, before AddAttempt and
// AddPerson.
func (d *Delta) AddStart(s Start) {
	k := GroupSecond{index16(s.Group), SecondOf(s.Intended)}
	d.Starts[k]++
	d.Tries[k]++
	delay := s.Sent - s.Intended
	if delay <= onTime {
		d.OnTime[k]++
	}
	hist(d, d.Delay, k.Second/10, StepHist).Record(delay)
}

// AddLater counts how late the generator was with something after the first
// click: a click that was due and left when it was sent, or a connection of a
// page that waited for a place to dial. The person was already measured by then,
// so the portal is charged with it unless it is seen here.
func (d *Delta) AddLater(due, sent time.Duration) {
	hist(d, d.Later, tenOf(due), StepHist).Record(sent - due)
}

// AddAttemptStart counts the begin of one attempt after the first. Call it
// once for every attempt from the second on, with the Intended that its
// AddAttempt will carry.
func (d *Delta) AddAttemptStart(group int, intended time.Duration) {
	d.Tries[GroupSecond{index16(group), SecondOf(intended)}]++
}

// AddAttempt counts one attempt, ended or not sent. A person who never clicked
// has one attempt, not sent.
func (d *Delta) AddAttempt(a Attempt) {
	k := GroupSecond{index16(a.Group), SecondOf(a.Intended)}
	o, r := closed(a.Outcome, a.Reason)
	d.Attempts[Cell{k.Group, o, r, k.Second}]++
	if o == NotSent && a.Left {
		d.PulledTries[k]++
	}
}

// AddPerson counts one person, settled or not sent: once per intended person.
func (d *Delta) AddPerson(p Person) {
	k := GroupSecond{index16(p.Group), SecondOf(p.Intended)}
	o, r := closed(p.Outcome, p.Reason)
	d.People[Cell{k.Group, o, r, k.Second}]++
	if o == NotSent && p.Left {
		d.PulledPeople[k]++
	}
	if o == InTime || o == Late {
		hist(d, d.Class, ClassKey{k.Group, k.Second / 10}, ClassHist).Record(p.TimeToClass)
	}
	if p.MidWorkLoss != NoReason {
		mo, mr := closed(p.MidWorkLoss.Outcome(), p.MidWorkLoss)
		d.MidWork[Cell{k.Group, mo, mr, k.Second}]++
	}
	if p.GaveUp || p.StillTrying || p.Attempts > 1 || p.Waited > 0 || p.ClassLost > 0 || p.OwnTime > 0 {
		d.beside(k).add(p)
	}
}

func (b *Beside) add(p Person) {
	if p.GaveUp {
		b.GaveUp++
	}
	if p.StillTrying {
		b.StillTrying++
	}
	if p.Attempts > 1 {
		b.Retries = satAdd(b.Retries, uint32(min(p.Attempts-1, 1<<20)))
	}
	if p.Waited > 0 {
		b.Waited += min(p.Waited, maxSpan)
		b.WaitedN++
	}
	if p.ClassLost > 0 {
		b.ClassLost += min(p.ClassLost, maxSpan)
		b.ClassLostN++
	}
	b.OwnTime += min(max(p.OwnTime, 0), maxSpan)
}

// AddStep counts one step performed, by both clocks.
func (d *Delta) AddStep(s Sample) {
	step, ten := index16(s.Step), tenOf(s.Intended)
	o, r := closed(s.Outcome, s.Reason)
	d.Ends[StepCell{step, o, r, ten}]++
	hist(d, d.Steps, StepKey{step, FromIntended, ten}, StepHist).Record(s.Done - s.Intended)
	hist(d, d.Steps, StepKey{step, FromSent, ten}, StepHist).Record(s.Done - s.Sent)
	d.AddSpent(s.Step, s.Intended, s.Inside)
}

// AddSpent counts time inside a step that was not brought to an end: the run
// stopped, or the generator took the person out.
func (d *Delta) AddSpent(step int, intended, inside time.Duration) {
	if inside > 0 {
		k := StepTen{index16(step), tenOf(intended)}
		d.Spent[k] = satSpan(d.Spent[k], inside)
	}
}

// AddHop counts one exchange. Phases that did not happen (zero) are not
// recorded; past 256 phase series per 10 s, new ones fold into step [Folded].
func (d *Delta) AddHop(h Hop) {
	key := HopKey{Step: index16(h.Step), Number: index8(h.Number), Host: index8(h.Host), Ten: tenOf(h.Intended)}
	for p, t := range [phases]time.Duration{h.Queued, h.DNS, h.Connect, h.TLS, h.FirstByte, h.Body} {
		if t > 0 {
			key.Phase = Phase(p)
			d.hop(key).Record(t)
		}
	}
	c := d.sent(HopCell{key.Step, key.Number, key.Host, statusOf(h.Status)})
	c.N++
	if h.Reused {
		c.Reused++
	}
	c.BytesIn += uint64(max(h.BytesIn, 0))
	c.BytesOut += uint64(max(h.BytesOut, 0))
}

func (d *Delta) hop(k HopKey) *Hist {
	if h, ok := d.Hops[k]; ok {
		return h
	}
	if k.Step != Folded && d.series[k.Ten] < maxHopSeries {
		d.series[k.Ten]++
	} else {
		k = HopKey{Step: Folded, Phase: k.Phase, Ten: k.Ten}
	}
	return hist(d, d.Hops, k, StepHist)
}

func (d *Delta) sent(k HopCell) *HopCount {
	if _, ok := d.Sent[k]; !ok && len(d.Sent) >= maxHopCells {
		k = HopCell{Step: Folded, Status: k.Status / 100 * 100}
	}
	c, ok := d.Sent[k]
	if !ok {
		c = d.free.sent.get()
		d.Sent[k] = c
	}
	return c
}

// statusOf keeps what a status line may hold; anything else is no answer.
func statusOf(s int) uint16 {
	if s < 100 || s > 999 {
		return 0
	}
	return uint16(s)
}

// AddSign counts one failure by how it looked. Past 200 different texts, new
// ones are counted without their text.
func (d *Delta) AddSign(s Sign) {
	o, r := closed(s.Outcome, s.Reason)
	d.sign(SignKey{index16(s.Step), index8(s.Host), statusOf(s.Status), o, r, signText(s.Text)},
		SignCount{N: 1, First: s.At, Last: s.At})
}

func (d *Delta) sign(k SignKey, n SignCount) {
	if c, ok := d.Signs[k]; ok {
		c.add(n)
		return
	}
	if k.Text != "" && d.texts >= maxSigns {
		k.Text = ""
	}
	if k.Text == "" && len(d.Signs) >= 2*maxSigns {
		k = SignKey{Step: Folded, Outcome: k.Outcome, Reason: k.Reason}
	}
	c, ok := d.Signs[k]
	if !ok {
		c = d.free.signs.get()
		d.Signs[k] = c
		*c = SignCount{First: n.First, Last: n.Last}
		if k.Text != "" {
			d.texts++
		}
	}
	c.add(n)
}

func (c *SignCount) add(n SignCount) {
	c.N += n.N
	c.First = min(c.First, n.First)
	c.Last = max(c.Last, n.Last)
}

// signText makes a target's text fit to be kept: valid UTF-8, one trimmed line,
// at most 160 characters.
func signText(s string) string {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }
	if strings.ContainsFunc(s, bad) {
		s = strings.Join(strings.FieldsFunc(s, bad), " ")
	}
	s = strings.TrimSpace(s)
	n := 0
	for i := range s {
		if n == maxSignRunes {
			return s[:i]
		}
		n++
	}
	return s
}

// AddHealth keeps the generator's state of one second. Numbers that cannot be
// (negative, not a number) are kept as 0.
func (d *Delta) AddHealth(h Health) {
	h.Second = min(max(h.Second, 0), maxSecond)
	if !(h.CPU >= 0 && h.CPU <= math.MaxFloat64) {
		h.CPU = 0
	}
	for _, n := range []*int{&h.Descriptors, &h.DescLimit, &h.Ports, &h.PortLimit, &h.InFlight, &h.Waiting, &h.Between, &h.DialsQueued} {
		*n = max(*n, 0)
	}
	h.BytesIn, h.BytesOut = min(max(h.BytesIn, 0), maxBytes), min(max(h.BytesOut, 0), maxBytes)
	h.Hiccup = max(h.Hiccup, 0)
	d.Health = append(d.Health, h)
}

// AddGauge keeps how many people are inside a step.
func (d *Delta) AddGauge(g Gauge) {
	g.Second, g.Inside = min(max(g.Second, 0), maxSecond), max(g.Inside, 0)
	d.Gauges = append(d.Gauges, g)
}

// closed keeps an outcome and a reason inside their closed lists: what no
// caller should send is counted as in flight, never dropped.
func closed(o Outcome, r Reason) (Outcome, Reason) {
	if o == NoOutcome || o >= outcomes || r >= reasons {
		return Unfinished, ReasonInFlight
	}
	return o, r
}
