package report

import (
	"cmp"
	"slices"

	"firstbell/runner/results"
)

// of is one outcome's count.
func (l Ledger) of(o results.Outcome) uint64 {
	switch o {
	case results.InTime:
		return l.InTime
	case results.Late:
		return l.Late
	case results.WaitingRoom:
		return l.WaitingRoom
	case results.Quota:
		return l.Quota
	case results.Blank:
		return l.Blank
	case results.Error:
		return l.Error
	case results.Timeout:
		return l.Timeout
	case results.Unreachable:
		return l.Unreachable
	case results.Invalid:
		return l.Invalid
	case results.Unfinished:
		return l.Unfinished
	case results.NotSent:
		return l.NotSent
	}
	return 0
}

// Of is the count of an outcome by its key, "" and unknown keys have none.
func (l Ledger) Of(outcome string) uint64 {
	o, ok := results.ParseOutcome(outcome)
	if !ok {
		return 0
	}
	return l.of(o)
}

// Of is the share of an outcome by its key.
func (s Shares) Of(outcome string) Decimal {
	switch outcome {
	case "in_time":
		return s.InTime
	case "late":
		return s.Late
	case "waiting_room":
		return s.WaitingRoom
	case "quota":
		return s.Quota
	case "blank":
		return s.Blank
	case "error":
		return s.Error
	case "timeout":
		return s.Timeout
	case "unreachable":
		return s.Unreachable
	case "invalid":
		return s.Invalid
	case "unfinished":
		return s.Unfinished
	case "not_sent":
		return s.NotSent
	}
	return ""
}

// Outcomes lists the keys of a ledger in the order every figure stacks them.
func Outcomes() []string {
	var out []string
	for _, o := range results.Outcomes() {
		out = append(out, o.String())
	}
	return out
}

func sharesOf(l Ledger) Shares {
	of := func(n uint64) Decimal { return share(n, l.Started) }
	return Shares{
		NotSent: share(l.NotSent, l.Intended), InTime: of(l.InTime), Late: of(l.Late),
		WaitingRoom: of(l.WaitingRoom), Quota: of(l.Quota), Blank: of(l.Blank), Error: of(l.Error),
		Timeout: of(l.Timeout), Unreachable: of(l.Unreachable), Invalid: of(l.Invalid), Unfinished: of(l.Unfinished),
	}
}

// hundred shrinks a ledger to 100 pupils by largest remainder (Hamilton's
// method): the parts add up to 100, and ties go to the first.
func hundred(l Ledger) Hundred {
	parts := []uint64{
		l.InTime, l.Late, l.WaitingRoom + l.Quota,
		l.Blank + l.Error + l.Timeout + l.Unreachable,
		l.Invalid + l.Unfinished + l.NotSent,
	}
	var total uint64
	for _, p := range parts {
		total += p
	}
	if total == 0 {
		return Hundred{}
	}
	seats, left := make([]int, len(parts)), 100
	order := make([]int, len(parts))
	for i, p := range parts {
		seats[i], order[i] = int(p*100/total), i
		left -= seats[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[b]*100%total, parts[a]*100%total) })
	for _, i := range order[:left] {
		seats[i]++
	}
	return Hundred{seats[0], seats[1], seats[2], seats[3], seats[4]}
}
