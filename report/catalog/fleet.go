package catalog

import (
	"slices"
	"strconv"
	"strings"

	"firstbell/report"
)

// mostNames is how many workers a sentence names before it counts the others.
const mostNames = 3

// Few joins names; beyond a few it counts the others.
func (c *Catalog) Few(names []string) string {
	shown := names[:min(len(names), mostNames)]
	if len(names) == len(shown) {
		return strings.Join(shown, ", ")
	}
	return c.Text("fleet.and_more", "list", strings.Join(shown, ", "), "n", c.Int(len(names)-len(shown)))
}

// lostWorkers names the workers that were lost, each once, in time order.
func lostWorkers(s *report.Summary) []string {
	var out []string
	if s.Fleet == nil {
		return nil
	}
	for _, l := range s.Fleet.Losses {
		if !slices.Contains(out, l.Worker) {
			out = append(out, l.Worker)
		}
	}
	return out
}

// lostSentence says on page one that nothing can be concluded, and names the lost
// workers that are why.
func (c *Catalog) lostSentence(s *report.Summary) (Sentence, bool) {
	names := lostWorkers(s)
	if s.Verdict.Cause != report.CauseWorkerLost || len(names) == 0 {
		return nil, false
	}
	key := "page.lost_several"
	if len(names) == 1 {
		key = "page.lost_one"
	}
	return c.Sentence(key, Arg{"names", c.Few(names), ""}, Arg{"k", c.Int(len(names)), ""},
		Arg{"n", c.Uint(s.Fleet.Touched), "fleet.touched"}), true
}

// slowSentence names on page one the workers of a fleet whose checks failed when they
// are why nothing can be concluded; of each check the worst one.
func (c *Catalog) slowSentence(s *report.Summary) (Sentence, bool) {
	if s.Fleet == nil || s.Verdict.Cause != report.CauseGenerator {
		return nil, false
	}
	names := slowWorkers(s, report.NotMet)
	if len(names) == 0 {
		names = slowWorkers(s, report.Unmeasured) // nothing failed outright
	}
	switch len(names) {
	case 0:
		return nil, false
	case 1:
		return c.Sentence("page.slow_one", Arg{"names", names[0], ""}), true
	}
	return c.Sentence("page.slow_several", Arg{"names", c.Few(names), ""}), true
}

// slowWorkers are the worst workers of those measures of a generator (V2, V3) that
// have a status, each once.
func slowWorkers(s *report.Summary, status report.Status) []string {
	var out []string
	for _, g := range s.Validity {
		if g.ID != "V2" && g.ID != "V3" {
			continue
		}
		for _, m := range g.Measures {
			if m.Status == status && m.Worker != "" && !slices.Contains(out, m.Worker) {
				out = append(out, m.Worker)
			}
		}
	}
	return out
}

// outsideOrLost keeps those whom nobody followed to the end apart from those who
// stayed outside.
func (c *Catalog) outsideOrLost(s *report.Summary, of Arg) Sentence {
	lost := Arg{"lost", c.Uint(s.Outside.Unobserved), "outside.unobserved"}
	if s.Outside.Observed == 0 {
		return c.Sentence("page.outside_lost_only", of, lost)
	}
	return c.Sentence("page.outside_lost", of, lost, Arg{"n", c.Uint(s.Outside.Observed), "outside.never_observed"})
}

// lostAction is what to do about lost workers, by their names.
func (c *Catalog) lostAction(s *report.Summary, key string) (string, bool) {
	names := lostWorkers(s)
	if key != "cause_"+string(report.CauseWorkerLost) || len(names) == 0 {
		return "", false
	}
	form := "action." + key + "_several"
	if len(names) == 1 {
		form = "action." + key + "_names"
	}
	return c.Text(form, "names", c.Few(names)), true
}

// FleetLines says in few lines what became of the workers: that none was lost, or
// each loss, the first ones of many. Nothing for a run on one machine.
func (c *Catalog) FleetLines(s *report.Summary, most int) []Sentence {
	f := s.Fleet
	switch {
	case f == nil:
		return nil
	case !f.Kept:
		return []Sentence{c.Sentence("fleet.unkept")}
	case len(f.Losses) == 0:
		return []Sentence{c.Sentence("fleet.none_lost", Arg{"n", c.Int(s.Run.Workers), "run.workers"})}
	}
	var out []Sentence
	for i := range f.Losses[:min(len(f.Losses), most)] {
		out = append(out, c.Loss(&f.Losses[i], "fleet.losses."+strconv.Itoa(i)))
	}
	if left := len(f.Losses) - most; left > 0 {
		out = append(out, c.Sentence("fleet.more_losses", Arg{"n", c.Int(left), ""}))
	}
	return out
}

// Loss is one loss in words; key is its path in summary.json.
func (c *Catalog) Loss(l *report.Loss, key string) Sentence {
	form := "fleet.lost_at"
	if c.Has("loss_why." + l.Why) {
		form = "fleet.lost_at_why"
	}
	out := c.Sentence(form, Arg{"worker", l.Worker, ""}, Arg{"at", c.Clock(l.Heard), key + ".heard_s"},
		Arg{"why", c.Word("loss_why", l.Why), ""}, Arg{"noticed", c.Duration(l.Noticed), key + ".noticed_after_s"})
	add := func(s Sentence) { out = append(append(out, Part{Text: c.semicolon()}), s...) }
	if unsent := (Arg{"n", c.Uint(l.NotSent), key + ".not_sent"}); l.NotSent > 0 && l.Unobserved == 0 {
		add(c.Sentence("fleet.not_sent_only", unsent))
	} else {
		add(c.unobserved(l, key))
		if l.NotSent > 0 {
			add(c.Sentence("fleet.not_sent", unsent))
		}
	}
	add(c.taken(l, key))
	if l.Returned >= 0 {
		add(c.Sentence("fleet.returned", Arg{"at", c.Clock(l.Returned), key + ".returned_s"}))
	}
	if !l.InWindow {
		add(c.Sentence("fleet.outside"))
	}
	return append(out, Part{Text: "."})
}

func (c *Catalog) unobserved(l *report.Loss, key string) Sentence {
	n, from, to := Arg{"n", c.Uint(l.Unobserved), key + ".unobserved"}, Arg{"from", c.Clock(l.From), key + ".gap_from_s"}, Arg{"to", c.Clock(l.To), key + ".gap_to_s"}
	switch l.Unobserved {
	case 0:
		return c.Sentence("fleet.unobserved_none")
	case 1:
		return c.Sentence("fleet.unobserved_one", from)
	}
	return c.Sentence("fleet.unobserved", n, from, to)
}

// takeoverSeconds is the limit of gate V6.
const takeoverSeconds = 2

func (c *Catalog) taken(l *report.Loss, key string) Sentence {
	if l.Taken < 0 {
		return c.Sentence("fleet.untaken", Arg{"why", c.Word("untaken", l.Untaken), ""})
	}
	var names []string
	for _, t := range l.Takers {
		names = append(names, t.Worker)
	}
	form := "fleet.taken"
	if l.TakenAfter.Float() >= takeoverSeconds {
		form = "fleet.taken_late"
	}
	return c.Sentence(form, Arg{"at", c.Clock(l.Taken), key + ".taken_s"}, Arg{"takers", c.Few(names), ""},
		Arg{"after", c.Duration(l.TakenAfter), key + ".taken_after_s"})
}

// WorkerMark goes with the word of a worker's state.
func WorkerMark(state string) string {
	switch state {
	case "ok":
		return "✓"
	case "warned":
		return "!"
	case "returned":
		return "↺"
	}
	return "✗"
}

// Outcome is an outcome in words. Who was left unfinished by a loss of ours is not
// merely still on the way.
func (c *Catalog) Outcome(s *report.Summary, outcome string) string {
	return c.outcome("outcome.", s, outcome)
}

// Explained says what an outcome means.
func (c *Catalog) Explained(s *report.Summary, outcome string) string {
	return c.outcome("explained.", s, outcome)
}

func (c *Catalog) outcome(prefix string, s *report.Summary, outcome string) string {
	if outcome == "unfinished" && s.Outside.Unobserved > 0 {
		outcome = "unfinished_or_lost"
	}
	return c.Text(prefix + outcome)
}
