package scenarios

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// assumptions lists every default the file relies on, in the file's order.
func (d *decoder) assumptions(f *fields) {
	d.assumePeople(f)
	d.assumeStorm(f)
	d.assumePersonas(f)
	d.assumePatience()
	if child(f.get("criteria"), "in_time") == nil {
		d.assume("criteria.in_time", d.sc.Criteria.InTime.String(), "")
	}
	if child(f.get("limits"), "drain") == nil {
		d.assumeDrain()
	}
	if d.sc.Limits.EndsAfter == 0 {
		d.sc.Limits.EndsAfter = d.sc.Storm.Play.Length() + d.sc.Limits.Drain + time.Minute
	}
}

// assumeDrain leaves those who type slowly their time, unless the file says when
// the run ends.
func (d *decoder) assumeDrain() {
	l := &d.sc.Limits
	if len(d.mistakes) > 0 { // a journey may be missing
		return
	}
	need := d.sc.Criteria.LongestTime() + d.sc.SlowOwnTime()
	if l.EndsAfter != 0 || need <= l.Drain {
		d.assume("limits.drain", l.Drain.String(), "")
		return
	}
	l.Typing = (need - l.Drain).Round(time.Second)
	d.assume("limits.drain", (l.Drain + l.Typing).String(), "for all but one in a thousand to finish typing")
}

func (d *decoder) assume(key, value, source string) {
	d.sc.Assumptions = append(d.sc.Assumptions, Assumption{key, value, source})
}

func (d *decoder) assumePeople(f *fields) {
	if !f.has("population") {
		total := 0
		for _, c := range d.sc.Population {
			total += c.People
		}
		d.assume("population", strconv.Itoa(total), "the rows of the accounts file")
	}
	seen := map[string]bool{}
	for _, c := range d.sc.Population {
		if d.impliedShow(c) && !seen[c.Persona] {
			seen[c.Persona] = true
			source := "profile " + d.sc.Storm.Profile + ", an assumption for part of it"
			if d.sc.Storm.Profile == "" {
				source = ""
			}
			d.assume("population.show_up."+c.Persona, percent(c.ShowUp), source)
		}
	}
}

// impliedShow reports whether a cohort's show-up came from a default.
func (d *decoder) impliedShow(c Cohort) bool { return d.impliedShowUp[c.Line] || c.Line == 0 }

func (d *decoder) assumeStorm(f *fields) {
	s := d.sc.Storm
	n := f.get("storm")
	if n == nil || isNull(n) {
		d.assume("storm.profile", s.Profile, "")
	}
	if child(n, "play") == nil {
		d.assume("storm.play", s.Play.String(), "")
	}
	if child(n, "peak") == nil {
		d.assume("storm.peak", s.Peak.String(), "the busiest 5 minutes of play")
	}
	if !d.ownCurve {
		d.assume("storm.curve", strconv.Itoa(len(s.Curve))+" intervals of "+s.Profile, "instants from the press of the day, percentages assumed")
	}
	if child(n, "batches") == nil {
		b := s.Batches
		d.assume("storm.batches", fmt.Sprintf("{share: %s, mean: %v, class: %d, school: %d}", percent(b.Share), b.Mean, b.Class, b.School), "")
	}
}

func (d *decoder) assumePersonas(f *fields) {
	own := f.get("personas")
	for _, p := range d.sc.Personas {
		key, given := "personas."+p.ID, child(own, p.ID)
		if child(given, "role") == nil {
			d.assume(key+".role", string(p.Role), "from the name")
		}
		if child(given, "device") == nil {
			d.assume(key+".device", sharesText(p.Devices), "")
		}
		if child(given, "think") == nil {
			d.assume(key+".think", p.Think.String(), "")
		}
		if child(given, "journeys") == nil {
			d.assume(key+".journeys", sharesText(p.Journeys), "")
		}
	}
}

// String is the think time as the file writes it.
func (t Think) String() string {
	switch {
	case t == Think{}:
		return "none"
	case t.Median == t.P95:
		return t.Median.String()
	}
	return fmt.Sprintf("{median: %v, p95: %v}", t.Median, t.P95)
}

func sharesText(list []Share) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.Name + ": " + percent(s.Part))
	}
	return "{" + b.String() + "}"
}

func (d *decoder) assumePatience() {
	p := d.sc.Patience
	if p.None {
		return
	}
	studies := "assumption, anchored on studies of 3 s patience on the web"
	quota := "3 min is the text of the quota page; the rest is assumed"
	stop := "45 min and 1 h 30 of trying were told in the press; the distribution is assumed"
	for _, a := range []Assumption{
		{"patience.wait", p.Wait.String(), studies},
		{"patience.impatient", fmt.Sprintf("{share: %s, wait: %v}", percent(p.ImpatientShare), p.ImpatientWait), studies},
		{"patience.after_error", p.AfterError.String(), "assumption"},
		{"patience.quota", fmt.Sprintf("{obey: %s, wait: %v, spread: %v, retry_from: %v, retry_to: %v}", percent(p.QuotaObey), p.QuotaWait, p.QuotaSpread, p.QuotaRetryFrom, p.QuotaRetryTo), quota},
		{"patience.tries", strconv.Itoa(p.Tries), "assumption"},
		{"patience.tries_teacher", strconv.Itoa(p.TriesTeacher), "assumption"},
		{"patience.hard_stop", p.HardStop.String(), stop},
		{"patience.late_stop", p.LateStop.String(), stop},
		{"patience.late_share", percent(p.LateShare), stop},
	} {
		if !d.ownPatienceKey[strings.TrimPrefix(a.Key, "patience.")] {
			d.sc.Assumptions = append(d.sc.Assumptions, a)
		}
	}
}
