package report

import (
	"slices"
	"testing"

	"firstbell/runner/results"
)

// TestIntervention: only a step that the session before named, strengthened alone,
// with a capacity now wholly above the one before, is called the cause of the limit
// before; strengthened in vain it is no more than the first to degrade.
func TestIntervention(t *testing.T) {
	login, home := results.Step{Journey: "pupil", Name: "login"}, results.Step{Journey: "pupil", Name: "home"}
	before := func(named results.Step, level string, rate float64) *results.Before {
		return &results.Before{RunID: "before", Rate: rate, Low: 0.99 * rate, High: 1.01 * rate, Named: named, Level: level, Strengthened: login}
	}
	for name, row := range map[string]struct {
		before     *results.Before
		unsure     bool
		own        string // level of login in this session
		key        string
		level      string // of the limit before
		left       string // of what this session names
		unmeasured bool   // what strengthening a step would show still is
	}{
		"nobody told":                 {nil, false, levelLowest, "", "", levelLowest, true},
		"it was that step":            {before(login, levelLowest, 300), false, levelLowest, "intervention_cause", levelCause, levelLowest, false},
		"nothing moved":               {before(login, levelLowest, 399), false, levelLowest, "intervention_unmoved", levelFirst, levelFirst, false},
		"nothing moved, confirmed":    {before(login, levelLowest, 399), false, levelCorroborated, "intervention_unmoved", levelFirst, levelFirst, false},
		"it fell":                     {before(login, levelLowest, 500), false, levelLowest, "intervention_unmoved", levelFirst, levelFirst, false},
		"another step was named":      {before(home, levelLowest, 300), false, levelLowest, "intervention_unnamed", "", levelLowest, false},
		"another, and nothing moved":  {before(home, levelLowest, 399), false, levelLowest, "intervention_unmoved", "", levelFirst, false},
		"no more than the first sign": {before(login, levelFirst, 300), false, levelLowest, "intervention_unnamed", "", levelLowest, false},
		"none was named":              {before(results.Step{}, "", 300), false, "", "intervention_unnamed", "", "", false},
		"of another journey":          {before(results.Step{Journey: "parent", Name: "login"}, levelLowest, 300), false, levelLowest, "intervention_cause", levelCause, levelLowest, false},
		"nothing sure now":            {before(login, levelLowest, 300), true, levelLowest, "intervention_unsure", "", levelLowest, true},
	} {
		x := sized(400, nil)
		x.d.Before = row.before
		x.saturated = !row.unsure
		a := Attribution{Status: Met, Level: row.own, Journey: "pupil", Step: "login", Unmeasured: []Claim{{Key: "intervention"}, {Key: "pupils_alone"}}}
		x.intervened(&a, &Capacity{})
		key, level := "", ""
		for _, c := range slices.Concat(a.Proved, a.Compatible, a.Unmeasured) {
			if c.Key != "intervention" && c.Key != "pupils_alone" {
				key = c.Key
			}
		}
		if a.Intervention != nil {
			level = a.Intervention.Level
		}
		still := slices.ContainsFunc(a.Unmeasured, func(c Claim) bool { return c.Key == "intervention" })
		if key != row.key || level != row.level || a.Level != row.left || still != row.unmeasured || (level == levelCause) != (len(a.Proved) > 0) {
			t.Errorf("%s: %q, level %q, own %q, still not measured %t; %+v", name, key, level, a.Level, still, a.Intervention)
		}
	}
}

// TestInterventionWithoutSteps: a session that played no step alone still says what
// two sessions show, and what it did not measure.
func TestInterventionWithoutSteps(t *testing.T) {
	x := sized(400, nil)
	step := results.Step{Journey: "pupil", Name: "login"}
	x.d.Before = &results.Before{RunID: "before", Rate: 300, Low: 299, High: 301, Named: step, Level: levelLowest, Strengthened: step}
	a := unmeasuredAttribution()
	x.intervened(&a, &Capacity{})
	if a.Status != Met || a.Command != "" || a.Level != "" || a.Intervention.Level != levelCause || len(a.Proved) != 1 || len(a.Unmeasured) != 4 {
		t.Errorf("%+v", a)
	}
}

// TestStrengthenedChain: the weakest of a chain is given half as much again, and the
// capacity follows; given to another step, it does not move.
func TestStrengthenedChain(t *testing.T) {
	trials, whole := chainOf(8, 100, 130, 150).certified(100, 3, 7)
	a := attributionOf(trials, nil, whole)
	if a.Step != "a" || a.Level != levelLowest {
		t.Fatalf("%q at %q", a.Step, a.Level)
	}
	for name, row := range map[string]struct {
		after *world
		step  string
		level string
	}{
		"the weakest": {chainOf(8, 150, 130, 150), "a", levelCause},
		"another":     {chainOf(8, 100, 195, 150), "b", ""},
	} {
		_, now := row.after.certified(100, 0, 9)
		x := sized(100, nil)
		x.saturation = now
		x.d.Before = &results.Before{RunID: "before", Rate: whole.Value, Low: whole.Lo, High: whole.Hi, Level: a.Level,
			Named: results.Step{Journey: a.Journey, Name: a.Step}, Strengthened: results.Step{Journey: "login", Name: row.step}}
		b := Attribution{Status: Met}
		x.intervened(&b, &Capacity{})
		if b.Intervention.Level != row.level || b.Intervention.Moved != (row.level != "") {
			t.Errorf("%s: %+v", name, b.Intervention)
		}
	}
}
