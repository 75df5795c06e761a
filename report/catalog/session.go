package catalog

import (
	"math/big"
	"slices"
	"strings"

	"firstbell/report"
)

// sessionPage turns page one of a run into that of a session, whose headline
// is the largest storm held.
func (c *Catalog) sessionPage(s *report.Summary, p Page) Page {
	p.Lead = append([]Sentence{c.sessionReplayed(s), c.Headline(s)}, c.sessionFinding(s)...)
	p.Rates = c.Rates(s)
	p.Numbers = c.sessionNumbers(s)
	p.Outside = c.sessionOutside(s)
	p.Limits = c.sessionLimits(s)
	return p
}

// InPeople reports whether whole mornings gave an answer; without them it can
// only be said per second.
func InPeople(s *report.Summary) bool { return bounded(s.Capacity.Storm.Range) }

func bounded(r report.Range) bool {
	return r.Censored != "none" && (r.Low.Known() || r.High.Known())
}

func (c *Catalog) sessionReplayed(s *report.Summary) Sentence {
	key := "session.replayed"
	switch {
	case len(s.Capacity.Storm.Replays) == 0:
		key = "session.steady"
	case !severalSizes(s):
		key = "session.replayed_size"
	}
	if s.Run.Date == "" {
		key += "_undated"
	}
	return c.Sentence(key,
		Arg{"date", c.Date(s.Run.Date), ""}, Arg{"from", c.Prose(s.Session.Window.From), ""}, Arg{"to", c.Prose(s.Session.Window.To), ""},
		Arg{"target", s.Run.Target, ""})
}

func (c *Catalog) required(s *report.Summary) Arg {
	return Arg{"required", c.Uint(s.Capacity.Storm.Required), "capacity.storm.required"}
}

// severalSizes reports whether whole mornings of more than the required size
// were replayed.
func severalSizes(s *report.Summary) bool {
	return slices.ContainsFunc(s.Capacity.Storm.Replays, func(r report.Replay) bool { return r.Role != "required" })
}

// Headline says the largest storm held, in people, and how many it takes.
func (c *Catalog) Headline(s *report.Summary) Sentence {
	st := s.Capacity.Storm
	key, r, at := "session.held", st.Range, "capacity.storm.held"
	switch {
	case InPeople(s):
	case bounded(st.Predicted):
		key, r, at = "session.predicted", st.Predicted, "capacity.storm.predicted"
	default:
		return c.Sentence("session.held_none", c.required(s))
	}
	switch r.Censored {
	case "at_least":
		key += "_at_least"
	case "less_than":
		key += "_less_than"
	}
	return c.Sentence(key, c.required(s), Arg{"low", c.People(r.Low, false), at + ".low"}, Arg{"high", c.People(r.High, true), at + ".high"})
}

// sessionFinding says what it means, which step gives way, and what happens
// after too many came.
func (c *Catalog) sessionFinding(s *report.Summary) []Sentence {
	var out []Sentence
	switch s.Verdict.Value {
	case report.Ready:
		out = append(out, c.sessionReady(s))
	case report.NotReady:
		if s.Verdict.Hurt != nil && requiredReplayed(s) {
			out = append(out, c.hurtSentence(s))
		} else {
			out = append(out, c.Sentence("session.not_ready"))
		}
		if s.Verdict.Recounted {
			out = append(out, c.Sentence("page.not_ready_despite"))
		}
	default:
		out = append(out, c.Sentence("session.inconclusive", Arg{"cause", c.Text("cause." + string(s.Verdict.Cause)), ""}))
	}
	for _, more := range []Sentence{c.QuotaSentence(s), c.weakSentence(s), c.causeSentence(s), c.afterSentence(s)} {
		if len(more) > 0 {
			out = append(out, more)
		}
	}
	return out
}

func (c *Catalog) sessionReady(s *report.Summary) Sentence {
	if !s.Capacity.Headroom.Known() {
		return c.Sentence("session.ready")
	}
	key := "session.ready_margin"
	if marginAtLeast(&s.Capacity) {
		key = "session.ready_margin_least"
	}
	return c.Sentence(key, Arg{"margin", c.Times(s.Capacity.Headroom), "capacity.headroom"})
}

// marginAtLeast reports whether nothing was played that would show where the margin
// ends.
func marginAtLeast(k *report.Capacity) bool { return k.Storm.Range.Censored == "at_least" }

// QuotaSentence says that a limiter lets in so many and no more; empty without
// one.
func (c *Catalog) QuotaSentence(s *report.Summary) Sentence {
	q := s.Capacity.Quota
	if q == nil {
		return nil
	}
	key := "quota." + q.Sign
	switch {
	case !c.Has(key):
		key = "quota.quota"
	case q.Spaced && !q.PerIP:
		key = "quota.spaced"
	case q.Alone:
		key = "quota.alone"
	}
	if !q.Rate.Low.Known() || !q.Rate.High.Known() {
		return c.Sentence(key + "_unmeasured")
	}
	lo, hi := c.RateEnd(q.Rate.Low, false), c.RateEnd(q.Rate.High, true)
	return c.Sentence(key, Arg{"low", lo, "capacity.quota.rate.low"}, Arg{"high", hi, "capacity.quota.rate.high"})
}

// weakSentence names the weakest step as far as the evidence goes; a quota has
// no weakest step.
func (c *Catalog) weakSentence(s *report.Summary) Sentence {
	a := s.Attribution
	switch {
	case a.Status != report.Met || s.Capacity.Quota != nil || s.Verdict.Value == report.Ready:
		return nil
	case a.Step != "" && a.Level != "":
		return c.Sentence("session.weak_"+a.Level, Arg{"step", a.Step, ""})
	case !a.Separable && len(a.Isolation) > 0:
		return c.Sentence("session.weak_together")
	}
	return nil
}

// causeSentence names the step that limited an earlier session, once strengthening it
// has shown that.
func (c *Catalog) causeSentence(s *report.Summary) Sentence {
	i := s.Attribution.Intervention
	if i == nil || i.Level != "L3" {
		return nil
	}
	return c.Sentence("session.weak_L3", Arg{"step", i.Step, ""}, Arg{"run", i.RunID, ""})
}

// afterSentence says the worst of what happened after too many came.
func (c *Catalog) afterSentence(s *report.Summary) Sentence {
	states := []string{"metastable", "degraded", "draining"}
	for _, state := range states {
		for _, r := range s.Recovery.Trials {
			if r.State != state {
				continue
			}
			key := "session.after_" + state
			if state == "metastable" && s.Recovery.VulnerR > 0 && s.Recovery.Vulnerable.Known() {
				return c.Sentence(key+"_above", Arg{"share", c.Percent(s.Recovery.Vulnerable), "recovery.vulnerable_above_share"})
			}
			return c.Sentence(key)
		}
	}
	return nil
}

// Rates is the answer per second, with its horizon.
func (c *Catalog) Rates(s *report.Summary) Sentence {
	k := s.Capacity
	var out Sentence
	if bounded(k.Held) {
		key := "session.rate"
		switch k.Held.Censored {
		case "at_least":
			key += "_at_least"
		case "less_than":
			key += "_less_than"
		}
		out = append(out, c.Sentence(key,
			Arg{"low", c.RateEnd(k.Held.Low, false), "capacity.held.low"}, Arg{"high", c.RateEnd(k.Held.High, true), "capacity.held.high"},
			Arg{"horizon", c.Duration(k.Horizon), "capacity.horizon_s"}, Arg{"required", c.Rate(k.Required), "capacity.required"})...)
	}
	if k.Saturation.Low.Known() && k.Saturation.High.Known() && k.Quota == nil {
		key := "session.saturation_alone"
		if len(out) > 0 {
			out, key = append(out, Part{Text: " "}), "session.saturation"
		}
		out = append(out, c.Sentence(key,
			Arg{"low", c.RateEnd(k.Saturation.Low, false), "capacity.saturation.low"},
			Arg{"high", c.RateEnd(k.Saturation.High, true), "capacity.saturation.high"})...)
	}
	return out
}

// HeldLine is the answer in one short line: tenu 182 000 – 201 000 personnes,
// exigé 260 000, marge ×0,70. Nil for a run.
func (c *Catalog) HeldLine(s *report.Summary) Sentence {
	if s.Session == nil {
		return nil
	}
	n := c.sessionNumbers(s)
	unit := c.Text("unit.people")
	if !InPeople(s) && bounded(s.Capacity.Held) {
		unit = c.Text("unit.logins/s")
	}
	if !InPeople(s) && !bounded(s.Capacity.Held) {
		return c.Sentence("face.held_none", c.required(s))
	}
	key := "face.held"
	if !s.Capacity.Headroom.Known() {
		key = "face.held_no_margin"
	}
	return c.Sentence(key, Arg{"held", n[1].Value.String(), ""}, Arg{"required", n[0].Value.String(), ""},
		Arg{"margin", n[2].Value.String(), ""}, Arg{"unit", unit, ""})
}

// HeldStatus compares the largest storm held with the required one.
func HeldStatus(s *report.Summary) report.Status {
	r, required := s.Capacity.Storm.Range, s.Capacity.Storm.Required
	low, lowKnown := r.Low.Rat()
	high, highKnown := r.High.Rat()
	want := new(big.Rat).SetUint64(required)
	switch {
	case !bounded(r):
		return report.Unmeasured
	case lowKnown && low.Cmp(want) >= 0:
		return report.Met
	case highKnown && high.Cmp(want) <= 0:
		return report.NotMet
	}
	return report.Undecided
}

// Margin is held ÷ required, as a number beside others.
func (c *Catalog) Margin(k *report.Capacity) Sentence {
	margin := Sentence{{c.Times(k.Headroom), "capacity.headroom"}}
	switch {
	case !k.Headroom.Known():
		return Sentence{{Text: c.Text("not_measured")}}
	case marginAtLeast(k):
		return append(Sentence{{Text: "≥\u00a0"}}, margin...)
	}
	return margin
}

// sessionNumbers are required, held, margin.
func (c *Catalog) sessionNumbers(s *report.Summary) [3]Number {
	k := s.Capacity
	margin := c.Margin(&k)
	if InPeople(s) || !bounded(k.Held) {
		return [3]Number{
			{Sentence{{c.Uint(k.Storm.Required), "capacity.storm.required"}}, c.Text("session.number_required")},
			{c.Short(k.Storm.Range, "capacity.storm.held", c.People), c.Text("session.number_held")},
			{margin, c.Text("session.number_margin")},
		}
	}
	return [3]Number{
		{Sentence{{c.Rate(k.Required), "capacity.required"}}, c.Text("session.number_required_rate")},
		{c.Short(k.Held, "capacity.held", c.RateEnd), c.Text("session.number_held_rate")},
		{margin, c.Text("session.number_margin")},
	}
}

// Short writes a range in few signs: 182 000 – 201 000, ≥ 182 000, < 20 000; in
// words when nothing was found.
func (c *Catalog) Short(r report.Range, key string, write func(report.Decimal, bool) string) Sentence {
	low, high := Part{write(r.Low, false), key + ".low"}, Part{write(r.High, true), key + ".high"}
	switch {
	case !bounded(r):
		return Sentence{{Text: c.Text("not_measured")}}
	case r.Censored == "at_least":
		return Sentence{{Text: "≥\u00a0"}, low}
	case r.Censored == "less_than":
		return Sentence{{Text: "<\u00a0"}, high}
	}
	return Sentence{low, {Text: " – "}, high}
}

// Range writes a range in words: entre 2 800 et 3 000, au moins, moins de.
func (c *Catalog) Range(r report.Range, key string, write func(report.Decimal, bool) string) Sentence {
	low, high := Arg{"lo", write(r.Low, false), key + ".low"}, Arg{"hi", write(r.High, true), key + ".high"}
	switch {
	case !bounded(r):
		return Sentence{{Text: c.Text("not_measured")}}
	case r.Censored == "at_least":
		return c.Sentence("range.at_least", low)
	case r.Censored == "less_than":
		return c.Sentence("range.less_than", high)
	}
	return c.Sentence("interval", low, high)
}

// requiredReplayed reports whether the trial that the rest of the report
// describes is the required morning at its own size.
func requiredReplayed(s *report.Summary) bool {
	return slices.ContainsFunc(s.Session.Trials, func(t report.TrialRow) bool {
		return t.Name == s.Session.Main && t.Kind == "storm" && t.Role == "required"
	})
}

// RequiredReplayed reports whether sections S2 to S9 of a session describe the
// required morning at its own size.
func RequiredReplayed(s *report.Summary) bool { return s.Session != nil && requiredReplayed(s) }

func (c *Catalog) sessionOutside(s *report.Summary) Sentence {
	if !requiredReplayed(s) {
		return nil
	}
	if !severalSizes(s) {
		return c.outside(s)
	}
	return append(append(c.Sentence("session.outside_lead"), Part{Text: " "}), c.outside(s)...)
}

// sessionLimits says what was not proved, and by what the search was bounded.
func (c *Catalog) sessionLimits(s *report.Summary) []Sentence {
	var out []Sentence
	if n := len(s.Session.Resumed); n > 0 {
		key := "session.resumed"
		if n == 1 {
			key = "session.resumed_once"
		}
		out = append(out, c.Sentence(key, Arg{"n", c.Int(n), ""}))
	}
	if s.Session.Quick {
		out = append(out, c.Sentence("session.quick"))
	}
	if list := c.Unproved(s); len(list) > 0 {
		out = append(out, c.Sentence("session.unproved", Arg{"list", strings.Join(list, c.semicolon()), ""}))
	}
	k := s.Capacity
	if k.Held.Censored == "at_least" && k.Ceiling.Known() {
		out = append(out, c.Sentence("session.ceiling",
			Arg{"rate", c.Rate(k.Ceiling), "capacity.max_offered"}, Arg{"why", c.Word("ceiling", k.CeilingBy), ""}))
	}
	return append(out, c.Sentence("session.limits"))
}

// Unproved lists in words what the session did not prove.
func (c *Catalog) Unproved(s *report.Summary) []string {
	var out []string
	for _, key := range s.Session.Unproved {
		out = append(out, c.Word("unproved", key))
	}
	return out
}

// actions are what to do now; the addresses of the test stand in the sentence
// that asks to allow them, the step in the one that asks to strengthen it.
func (c *Catalog) actions(s *report.Summary) []Action {
	var out []Action
	for _, key := range s.Verdict.Actions {
		who := c.Text("who." + c.Text("action."+key+".who"))
		text := c.Text("action." + key)
		if q := s.Capacity.Quota; q != nil && len(q.Sources) > 0 && c.Has("action."+key+"_from") {
			text = c.Text("action."+key+"_from", "list", strings.Join(q.Sources, ", "))
		}
		if s.Session == nil && len(s.Run.Sources) > 0 && c.Has("action."+key+"_run") {
			text = c.Text("action."+key+"_run", "list", strings.Join(s.Run.Sources, ", "))
		}
		if step := s.Attribution.Step; step != "" && c.Has("action."+key+"_step") {
			text = c.Text("action."+key+"_step", "step", step)
		}
		if lost, ok := c.lostAction(s, key); ok {
			text = lost
		}
		out = append(out, Action{who, text})
	}
	return out
}
