package results

import (
	"regexp"
	"testing"
)

func TestNames(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]bool{}
	used := map[Outcome]bool{}
	for _, r := range Reasons() {
		name := r.String()
		if !snake.MatchString(name) || seen[name] {
			t.Errorf("reason %d is named %q", r, name)
		}
		seen[name] = true
		if o := r.Outcome(); o <= Late || o >= outcomes {
			t.Errorf("%s belongs to outcome %v", name, o)
		}
		used[r.Outcome()] = true
		if got, ok := ParseReason(name); !ok || got != r {
			t.Errorf("ParseReason(%q) = %v, %v", name, got, ok)
		}
		switch r.Outcome() {
		case Timeout, Unreachable, Unfinished, NotSent:
			if r.Answered() {
				t.Errorf("%s is no answer", name)
			}
		case WaitingRoom, Quota, Invalid:
			if !r.Answered() {
				t.Errorf("%s is an answer", name)
			}
		}
	}
	clear(seen)
	for _, o := range Outcomes() {
		if name := o.String(); !snake.MatchString(name) || seen[name] {
			t.Errorf("outcome %d is named %q", o, name)
		}
		seen[o.String()] = true
		if got, ok := ParseOutcome(o.String()); !ok || got != o {
			t.Errorf("ParseOutcome(%q) = %v, %v", o, got, ok)
		}
		if o > Late && !used[o] {
			t.Errorf("%s has no reason", o)
		}
	}
	if len(Outcomes()) != 11 {
		t.Errorf("%d outcomes", len(Outcomes()))
	}
	if _, ok := ParseOutcome("intime"); ok {
		t.Error("an unknown outcome was accepted")
	}
	if _, ok := ParseReason("quota"); ok {
		t.Error("an unknown reason was accepted")
	}
	if r, ok := ParseReason(""); !ok || r != NoReason {
		t.Error(`"" is NoReason`)
	}
	if Outcome(200).String() != "unknown" || Reason(200).String() != "unknown" || Reason(200).Answered() {
		t.Error("values outside the lists")
	}
}
