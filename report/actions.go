package report

import "slices"

// actions is the fixed list of "what to do now": tied to what failed, most
// telling first. The keys are texts of the catalogue.
func actions(s *Summary) []string {
	switch s.Verdict.Value {
	case Ready:
		out := []string{}
		if s.Outside.Never > s.Outside.Unobserved {
			out = append(out, "help_desk")
		}
		if s.Verdict.Reservations > 0 {
			out = append(out, "lift_reservations")
		}
		return append(out, "measure_margin", "compare_production")
	case NotReady:
		return append(remedies(s), "run_again")
	}
	return []string{"cause_" + string(s.Verdict.Cause)}
}

// remedies follow what kept people out, the most frequent first; then what the
// failed criteria say beside it.
func remedies(s *Summary) []string {
	var out []string
	add := func(key string) {
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	for _, key := range outsideCauses(s.People) {
		add(key)
	}
	for _, c := range s.Criteria {
		if c.Status != NotMet || !mustHold(c) {
			continue
		}
		switch c.Metric {
		case "time_to_class", "in_time", "late":
			add("speed_up")
		case "mid_work_loss":
			add("keep_sessions")
		}
		if len(c.By) > 0 {
			add("look_at_group")
		}
	}
	return out[:min(len(out), 4)]
}

func outsideCauses(l Ledger) []string {
	type part struct {
		key string
		n   uint64
	}
	parts := []part{
		{"raise_admission", l.Quota + l.WaitingRoom},
		{"mend_pages", l.Blank},
		{"mend_errors", l.Error},
		{"add_capacity", l.Timeout + l.Unreachable},
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		switch {
		case a.n > b.n:
			return -1
		case a.n < b.n:
			return 1
		}
		return 0
	})
	var out []string
	for _, p := range parts {
		if p.n > 0 && len(out) < 2 {
			out = append(out, p.key)
		}
	}
	return out
}
