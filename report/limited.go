package report

import (
	"firstbell/runner/results"
	"firstbell/runner/results/stats"
)

// limitedBefore reports whether what turned people away in a storm was a limit in
// front of a portal that had hardly anything to do: errors of one kind, while those
// who got in were the same number again and again, far more evenly than chance, and
// so few that less than half a server was busy with them. Whether such a limit holds
// for everybody or for each address one storm cannot tell; if for each, it met the
// test and would not meet the pupils. A limit that says so by a quota page or a
// waiting room is the portal's own word.
func (t *tally) limitedBefore() bool {
	s := results.SeriesOf(t.run)
	rest, ok := s.AtRest()
	if !ok {
		return false
	}
	in, _ := s.Door(0, t.due())
	out, one := t.refusedEvenly(len(in))
	l := stats.LimiterOf(in, out, 0, 0)
	return one && l.Seen && rest.Idle(l.Rate.Value)
}

// refusedEvenly counts the tries that ended in an error or without a connection,
// by second; one says that nine in ten of them, and of all tries that the portal
// turned away in any words, have one reason.
func (t *tally) refusedEvenly(seconds int) (out []float64, one bool) {
	out = make([]float64, seconds)
	by := map[results.Reason]uint64{}
	var all, most uint64
	for _, c := range t.ledgers.Attempts.Cells {
		switch c.Outcome {
		case results.Error, results.Unreachable:
			by[c.Reason] += c.N
			if c.Second >= 0 && int(c.Second) < seconds {
				out[c.Second] += float64(c.N)
			}
		case results.Quota, results.WaitingRoom, results.Blank, results.Timeout:
		default:
			continue
		}
		all += c.N
	}
	for _, n := range by {
		most = max(most, n)
	}
	return out, all > 0 && most*10 >= all*9
}
