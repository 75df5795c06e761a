package report

import (
	"fmt"
	"slices"

	"firstbell/runner/results"
	"firstbell/runner/results/stats"
	"firstbell/scenarios"
)

// NotASize is why a session cannot stand for another size of the target, and what
// to do about it.
type NotASize struct{ Why, Fix string }

func (e *NotASize) Error() string { return e.Why }

// OtherSize reads, from the journal and trials of another session, the capacity of
// the same target with another number of servers; sc is the scenario of own. It is
// as pure as [JudgeDossier]. The error is a [NotASize]: only sessions of the same
// file, target and time criterion that say how many servers there were, and that
// saw a capacity (not "at least", not a quota), are taken together.
func OtherSize(own, other *results.Dossier, open OpenTrial, sc *scenarios.Scenario) (results.OtherSize, error) {
	if err := sameSubject(own, other); err != nil {
		return results.OtherSize{}, err
	}
	if other.Servers <= 0 {
		return results.OtherSize{}, &NotASize{"it does not say how many servers the target had", "tell it: firstbell report FOLDER --servers N"}
	}
	return readSession(other, open, sc).size()
}

// readSession reads the trials of another session.
func readSession(d *results.Dossier, open OpenTrial, sc *scenarios.Scenario) *session {
	x := newSession(d, sc)
	for _, trial := range d.Trials {
		run, err := open(trial.Name)
		x.add(trial, run, err)
	}
	return x
}

// size is what a session measured, as another one takes it.
func (x *session) size() (results.OtherSize, error) {
	rate, err := x.sure()
	if err != nil {
		return results.OtherSize{}, err
	}
	out := results.OtherSize{RunID: x.d.RunID, Servers: x.d.Servers, Rate: rate.Value, Low: rate.Lo, High: rate.Hi}
	if err := out.Check(); err != nil {
		return results.OtherSize{}, &NotASize{err.Error(), "compare the folder with its MANIFEST.sha256"}
	}
	return out, nil
}

// sure is the capacity that another session takes from this one.
func (x *session) sure() (stats.Estimate, error) {
	k := x.capacity()
	if len(x.lost) > 0 || !x.sureCapacity(&k) {
		return stats.Estimate{}, &NotASize{"it measured no sure capacity: " + x.unsure(&k),
			"leave it out, or measure it again until the target is saturated"}
	}
	return x.saturation, nil
}

// unsure says why a session's capacity is not taken.
func (x *session) unsure(k *Capacity) string {
	if n := len(x.lost); n > 0 {
		return fmt.Sprintf("%d of its %d trials cannot be read", n, len(x.trials))
	}
	if !x.saturated && (k.Why == "" || k.Why == stats.WhyWide || k.Why == stats.WhySeeds) {
		return "the target was never saturated"
	}
	return k.Why
}

// sameSubject refuses a session that measured something else.
func sameSubject(own, other *results.Dossier) error {
	a, b := own.Settings, other.Settings
	same := "only sessions of one file, against one target, are taken together"
	switch {
	case other.RunID == own.RunID:
		return &NotASize{"it is this very session", "give the folders of other sessions only"}
	case other.ScenarioHash != own.ScenarioHash:
		return &NotASize{"it played another scenario file", same}
	case other.Target != own.Target:
		return &NotASize{fmt.Sprintf("its target was %q, not %q", other.Target, own.Target), same}
	case a.Criterion != b.Criterion || a.Limit != b.Limit || a.Quantile != b.Quantile:
		return &NotASize{"it was judged by another time criterion", same}
	case !searchOver(other):
		return &NotASize{"its search did not come to an end", "give its command again: it goes on where it was"}
	}
	return nil
}

// searchOver reports whether a session's search was finished; the probe's entry
// says so for all of it.
func searchOver(d *results.Dossier) bool {
	return !slices.ContainsFunc(d.Stages, func(s results.Stage) bool { return s.Name == results.StageProbe && !s.Done })
}

// sureCapacity reports whether what the session saw is the target's own limit: a
// trial was saturated, nothing else capped it, and the target stayed the same.
func (x *session) sureCapacity(k *Capacity) bool {
	switch k.Why {
	case "", stats.WhyWide, stats.WhySeeds: // these speak of the rate held, not of this one
	default:
		return false
	}
	e := x.saturation
	return x.saturated && e.Sure && e.Lo > 0 && e.Lo <= e.Value && e.Value <= e.Hi && estimated(e, 3).Censored == ""
}

// sizes are the capacities of all sizes measured, this session's own first; nil
// when its own size or capacity is not known.
func (x *session) sizes(k *Capacity) []stats.Size {
	if x.d.Servers <= 0 || !x.sureCapacity(k) {
		return nil
	}
	out := []stats.Size{{Nodes: float64(x.d.Servers), Rate: x.saturation}}
	for _, o := range x.d.Others {
		out = append(out, stats.Size{Nodes: float64(o.Servers), Rate: rateAt(o)})
	}
	return out
}

func rateAt(o results.OtherSize) stats.Estimate {
	return stats.Estimate{Value: o.Rate, Interval: stats.Interval{Lo: o.Low, Hi: o.High}, Sure: true}
}

// distinct counts the sizes that differ.
func distinct(sizes []stats.Size) int {
	seen := map[float64]bool{}
	for _, s := range sizes {
		seen[s.Nodes] = true
	}
	return len(seen)
}

// sizeRows are the sizes measured, fewest servers first; empty while nobody said
// how many there are.
func (x *session) sizeRows(k *Capacity) []SizeRow {
	if x.d.Servers <= 0 {
		return []SizeRow{}
	}
	own := SizeRow{RunID: x.d.RunID, Servers: x.d.Servers, Rate: k.Saturation, Own: true}
	if !x.sureCapacity(k) {
		own.Rate = Range{Censored: stats.CensoredNone}
	}
	out := []SizeRow{own}
	for _, o := range x.d.Others {
		out = append(out, SizeRow{RunID: o.RunID, Servers: o.Servers, Rate: estimated(rateAt(o), 3)})
	}
	slices.SortStableFunc(out, func(a, b SizeRow) int { return a.Servers - b.Servers })
	return out
}

// bySize adds what the sessions at other sizes say of the limit. It raises no
// level: servers counts the whole target, and not which step the new ones were given
// to. That one step alone was strengthened is told of one session, see intervened.
func (x *session) bySize(a *Attribution, k *Capacity) {
	sizes := x.sizes(k)
	if a.Status == Unmeasured || distinct(sizes) < 2 {
		return
	}
	for i := range a.Unmeasured {
		if a.Unmeasured[i].Key == "intervention" {
			a.Unmeasured[i].Key = "intervention_whole"
		}
	}
	less, more := sizes[0], nearestSize(sizes)
	if less.Nodes > more.Nodes {
		less, more = more, less
	}
	args := map[string]string{
		"servers": string(rounded(less.Nodes, 0)), "more": string(rounded(more.Nodes, 0)),
		"low": string(rounded(less.Rate.Lo, 1)), "high": string(rounded(less.Rate.Hi, 1)),
		"more_low": string(rounded(more.Rate.Lo, 1)), "more_high": string(rounded(more.Rate.Hi, 1)),
	}
	if less.Rate.Hi < more.Rate.Lo {
		a.Proved = append(a.Proved, Claim{"servers_moved", args})
		return
	}
	a.Compatible = append(a.Compatible, Claim{"servers_unmoved", args})
}

// nearestSize is the other size closest to the first one.
func nearestSize(sizes []stats.Size) stats.Size {
	best := sizes[0]
	away := func(s stats.Size) float64 { return max(s.Nodes-sizes[0].Nodes, sizes[0].Nodes-s.Nodes) }
	for _, s := range sizes[1:] {
		if away(s) > 0 && (away(best) == 0 || away(s) < away(best)) {
			best = s
		}
	}
	return best
}
