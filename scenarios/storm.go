package scenarios

import (
	"math/big"
	"slices"
	"time"

	"firstbell/scenarios/presets"
)

const defaultProfile = "2021-04-06"

// profile is a named storm and the show-up that goes with it.
type profile struct {
	storm Storm
	show  map[Role]float64
}

func (p *profile) showUp(r Role) float64 {
	if p == nil {
		return 1
	}
	if v, ok := p.show[r]; ok {
		return v
	}
	return 1
}

// loadProfile reads a built-in morning. A built-in that does not read is a
// defect a test finds.
func (d *decoder) loadProfile(n *node, name string) *profile {
	b, err := presets.ReadProfile(name)
	if err != nil {
		var names []string
		for _, p := range presets.Profiles() {
			names = append(names, p.Name)
		}
		d.fail(n, codeName, "storm: the profile "+quoted(name)+" is not known", "", DidYouMean(name, names))
		return nil
	}
	inner := &decoder{file: name + ".yaml", opts: d.opts, sc: &Scenario{}}
	p := &profile{storm: Storm{Profile: name}, show: map[Role]float64{}}
	if top := inner.loadTree(b); top != nil {
		inner.stormKeys(inner.open(top, stormTable), p)
	}
	d.mistakes = append(d.mistakes, inner.mistakes...)
	return p
}

// storm reads who comes when, over a profile or on its own curve. The profile
// it returns gives the show-up by role.
func (d *decoder) storm(n *node) *profile {
	p := &profile{show: map[Role]float64{}}
	f := &fields{d: d, table: stormTable}
	var name *node
	switch {
	case n == nil || isNull(n):
	case n.Kind == scalarNode:
		name = n
	default:
		f = d.open(n, stormTable)
		name = f.get("profile")
	}
	switch {
	case name != nil:
		if s, ok := d.text(name, "storm: profile"); ok {
			if known := d.loadProfile(name, s); known != nil {
				p = known
			}
		}
	case !f.has("curve"):
		p = d.loadProfile(n, defaultProfile)
	}
	known := len(p.storm.Curve) > 0
	d.stormKeys(f, p)
	d.ownCurve = f.has("curve")
	if f.has("curve") && known && !f.has("play") { // the profile's play belongs to the profile's curve
		p.storm.Play = Window{}
	}
	d.windows(f, &p.storm)
	d.sc.Storm = p.storm
	return p
}

// stormKeys reads the keys that a profile and a scenario share.
func (d *decoder) stormKeys(f *fields, p *profile) {
	s := &p.storm
	if v := f.get("date"); v != nil {
		s.Date = d.date(v, "storm: date")
	}
	if v := f.get("curve"); v != nil {
		s.Curve = d.curve(v)
	}
	if v := f.get("bells"); v != nil {
		s.Bells = nil
		for _, b := range d.strictList(v, "storm: bells") {
			if t, ok := d.timeOfDay(b, "storm: bells"); ok {
				s.Bells = append(s.Bells, t)
			}
		}
		slices.Sort(s.Bells)
	}
	if v := f.get("play"); v != nil {
		s.Play = d.window(v, "storm: play")
	}
	if v := f.get("peak"); v != nil {
		s.Peak = d.window(v, "storm: peak")
	}
	if v := f.get("background"); v != nil {
		s.Background = d.label(v, "storm: background", 1000)
	}
	if v := f.get("show_up"); v != nil {
		sf := d.open(v, showUpTable)
		for _, r := range []Role{RolePupil, RoleParent, RoleTeacher, RoleStaff} {
			if x := sf.get(string(r)); x != nil {
				p.show[r] = d.share(x, "storm.show_up: "+string(r), 1)
			}
		}
	}
	d.batches(f.get("batches"), s)
}

func (d *decoder) batches(n *node, s *Storm) {
	if s.Batches.Class == 0 {
		s.Batches = Batches{Share: 0.45, Mean: 3 * time.Second, Class: 30, School: 600}
	}
	if n == nil {
		return
	}
	f, b := d.open(n, batchesTable), &s.Batches
	b.Share = d.share(f.get("share"), "storm.batches: share", b.Share)
	if v := f.get("mean"); v != nil {
		b.Mean = d.duration(v, "storm.batches: mean", time.Millisecond, 10*time.Minute)
	}
	if v := f.get("class"); v != nil {
		b.Class, _ = d.number(v, "storm.batches: class", 1, 10000)
	}
	if v := f.get("school"); v != nil {
		b.School, _ = d.number(v, "storm.batches: school", 1, 1000000)
	}
	if b.School < b.Class {
		d.fail(n, codeNumber, "storm.batches: a school is smaller than a class", "", "")
	}
}

func (d *decoder) curve(n *node) []Interval {
	if !d.isMapping(n, "storm: curve") {
		return nil
	}
	var out []Interval
	sum := new(big.Rat)
	for k, v := range d.pairs(n) {
		w := d.window(k, "storm: curve")
		r := d.percent(v, "storm: curve: "+k.Value)
		if r == nil || w == (Window{}) {
			continue
		}
		if len(out) > 0 && w.From < out[len(out)-1].To {
			d.fail(k, codeWindow, "storm: curve: "+k.Value+" starts before the interval above it ends", "", "keep the intervals in order, without overlap")
			continue
		}
		sum.Add(sum, r)
		out = append(out, Interval{Window: w, Share: float(r)})
	}
	if sum.Cmp(big.NewRat(1, 1)) > 0 {
		d.fail(n, codeShares, "storm: curve: the intervals add up to more than 100%", "", "")
	}
	if sum.Sign() == 0 && len(n.Content) == 0 {
		d.fail(n, codeMissing, "storm: curve is empty", "", "add 08:55-09:02: 30%")
	}
	return out
}

func (d *decoder) window(n *node, what string) Window {
	s, ok := d.text(n, what)
	if !ok {
		return Window{}
	}
	w, err := parseWindow(s)
	if err != nil {
		d.fail(n, codeTime, what+": "+quoted(s)+" is not a window", "", err.Error())
	}
	return w
}

func (d *decoder) timeOfDay(n *node, what string) (TimeOfDay, bool) {
	s, ok := d.text(n, what)
	if !ok {
		return 0, false
	}
	t, err := parseTimeOfDay(s)
	if err != nil {
		d.fail(n, codeTime, what+": "+quoted(s)+" is not a time of day", "", err.Error())
	}
	return t, err == nil
}

const maxPlay = 12 * time.Hour

// windows fills and checks play and peak.
func (d *decoder) windows(f *fields, s *Storm) {
	if len(s.Curve) == 0 {
		return
	}
	whole := Window{s.Curve[0].From, s.Curve[len(s.Curve)-1].To}
	if s.Play == (Window{}) && !f.has("play") {
		s.Play = whole
	}
	if s.Play == (Window{}) {
		return
	}
	at := f.vals["play"]
	switch {
	case !s.Play.within(whole):
		d.fail(at, codeWindow, "storm: play "+s.Play.String()+" lies outside the curve "+whole.String(), "nobody comes then", "")
		return
	case s.Play.Length() > maxPlay:
		d.fail(at, codeWindow, "storm: play is longer than 12 hours", "", "")
	case s.mass(s.Play) == 0:
		d.fail(at, codeWindow, "storm: nobody comes during play "+s.Play.String(), "", "")
	}
	if !f.has("peak") {
		s.Peak = s.busiest(5 * time.Minute)
		return
	}
	if s.Peak != (Window{}) && !s.Peak.within(s.Play) {
		d.fail(f.vals["peak"], codeWindow, "storm: peak "+s.Peak.String()+" lies outside play "+s.Play.String(), "criteria are judged in the peak, so it must be played", "")
	}
}

// mass is the share of those who come that start inside w.
func (s *Storm) mass(w Window) float64 {
	var sum float64
	for _, i := range s.Curve {
		from, to := max(i.From, w.From), min(i.To, w.To)
		if to > from {
			sum += i.Share * float64(to-from) / float64(i.To-i.From)
		}
	}
	return sum
}

// busiest is the window of a length inside play that most people start in; the
// curve is flat inside its intervals, so a best window touches one of their
// ends.
func (s *Storm) busiest(length time.Duration) Window {
	l := TimeOfDay(length)
	if s.Play.To-s.Play.From <= l {
		return s.Play
	}
	best, most := Window{s.Play.From, s.Play.From + l}, -1.0
	try := func(from TimeOfDay) {
		from = min(max(from, s.Play.From), s.Play.To-l)
		w := Window{from, from + l}
		if m := s.mass(w); m > most+1e-12 {
			best, most = w, m
		}
	}
	try(s.Play.From)
	for _, i := range s.Curve {
		try(i.From)
		try(i.To - l)
	}
	return best
}
