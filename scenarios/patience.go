package scenarios

import "time"

const (
	morning2021  = "morning-2021"
	patienceNone = "none"
	maxPatience  = 12 * time.Hour
)

// DefaultPatience is the patience of a scenario that says nothing about it.
func DefaultPatience() Patience { return morning2021Patience() }

// morning2021Patience is how people behaved on 6 April 2021, as far as it was
// told: 45 minutes and 1 h 30 of trying and the 3 minutes of the quota page are
// sourced, the distributions are assumptions.
func morning2021Patience() Patience {
	return Patience{
		Name: morning2021,
		Wait: Think{8 * time.Second, 43600 * time.Millisecond}, ImpatientShare: 0.25, ImpatientWait: 3 * time.Second,
		AfterError: Think{8 * time.Second, 43600 * time.Millisecond},
		QuotaObey:  0.5, QuotaWait: 180 * time.Second, QuotaSpread: 30 * time.Second,
		QuotaRetryFrom: 10 * time.Second, QuotaRetryTo: 30 * time.Second,
		Tries: 6, TriesTeacher: 10, HardStop: 45 * time.Minute, LateStop: 90 * time.Minute, LateShare: 0.05,
	}
}

func (d *decoder) patience(n *node) {
	d.sc.Patience = morning2021Patience()
	switch {
	case n == nil || isNull(n):
	case n.Kind == scalarNode:
		d.patienceProfile(n)
	default:
		d.ownPatience(n)
	}
}

func (d *decoder) patienceProfile(n *node) {
	if d.word(n, "patience", morning2021, patienceNone) == patienceNone {
		d.sc.Patience = Patience{Name: patienceNone, None: true, Tries: 1, TriesTeacher: 1}
	}
}

func (d *decoder) ownPatience(n *node) {
	f, p := d.open(n, patienceTable), &d.sc.Patience
	for k := range f.inOrder() {
		d.ownPatienceKey[k.Value] = true
	}
	if v := f.get("profile"); v != nil {
		d.patienceProfile(v)
	}
	if len(f.vals) > 1 || !f.has("profile") {
		if p.None {
			d.fail(f.keys["profile"], codeStep, "patience: none has no other values", "", "leave profile out")
		}
		p.Name = ""
	}
	if v := f.get("wait"); v != nil {
		p.Wait = d.think(v, "patience: wait")
		if p.Wait.Median == 0 {
			d.fail(v, codeDuration, "patience: wait is 0", "everybody would refresh without end", "write a duration, or patience: none")
		}
	}
	if v := f.get("after_error"); v != nil {
		p.AfterError = d.think(v, "patience: after_error")
	}
	if v := f.get("impatient"); v != nil {
		g := d.open(v, impatientTable)
		p.ImpatientShare = d.share(g.get("share"), "patience.impatient: share", p.ImpatientShare)
		d.patienceTime(g.get("wait"), "patience.impatient: wait", &p.ImpatientWait)
	}
	if v := f.get("quota"); v != nil {
		d.quotaPatience(v)
	}
	if v := f.get("tries"); v != nil {
		p.Tries, _ = d.number(v, "patience: tries", 1, 1000)
		p.TriesTeacher = max(p.TriesTeacher, p.Tries)
	}
	if v := f.get("tries_teacher"); v != nil {
		p.TriesTeacher, _ = d.number(v, "patience: tries_teacher", 1, 1000)
	}
	d.patienceTime(f.get("hard_stop"), "patience: hard_stop", &p.HardStop)
	d.patienceTime(f.get("late_stop"), "patience: late_stop", &p.LateStop)
	if !f.has("late_stop") {
		p.LateStop = max(p.LateStop, p.HardStop)
	}
	if p.LateStop < p.HardStop {
		d.fail(f.keys["late_stop"], codeDuration, "patience: late_stop is before hard_stop", "", "")
	}
	p.LateShare = d.share(f.get("late_share"), "patience: late_share", p.LateShare)
}

func (d *decoder) quotaPatience(n *node) {
	f, p := d.open(n, quotaTable), &d.sc.Patience
	p.QuotaObey = d.share(f.get("obey"), "patience.quota: obey", p.QuotaObey)
	d.patienceTime(f.get("wait"), "patience.quota: wait", &p.QuotaWait)
	d.patienceTime(f.get("spread"), "patience.quota: spread", &p.QuotaSpread)
	d.patienceTime(f.get("retry_from"), "patience.quota: retry_from", &p.QuotaRetryFrom)
	d.patienceTime(f.get("retry_to"), "patience.quota: retry_to", &p.QuotaRetryTo)
	if f.has("wait") && !f.has("spread") {
		p.QuotaSpread = min(p.QuotaSpread, p.QuotaWait)
	}
	if p.QuotaSpread > p.QuotaWait {
		d.fail(n, codeDuration, "patience.quota: spread is larger than wait", "some would come back before they leave", "")
	}
	if p.QuotaRetryTo < p.QuotaRetryFrom {
		d.fail(n, codeDuration, "patience.quota: retry_to is before retry_from", "", "")
	}
}

func (d *decoder) patienceTime(n *node, what string, to *time.Duration) {
	if n != nil {
		*to = d.duration(n, what, time.Millisecond, maxPatience)
	}
}
