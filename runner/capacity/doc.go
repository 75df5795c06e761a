// Package capacity finds where a target breaks: a search over plateaus of
// steady load whose answer is an interval, or one side of one, never a number.
//
// # The search
//
// A ramp flatters: while the load rises the backlog has had no time to grow, so
// a ramp to twice the capacity in five minutes reads 23 % too high. A plateau
// flatters too, less and by a known amount: a load of (1+e) times the capacity
// builds a delay of e·t, so a plateau of length L fails a limit T on the p-th
// percentile only when e·p·L > T. The length of a plateau is therefore computed
// from the criterion.
//
//	probe    double the load until it is beyond doubt too much
//	read     offer a little more than came out, for half a minute: what is the capacity?
//	confirm  a plateau just below that must hold, one just above must not
//	bracket  surprises move the bracket; bisect it to its width
//	repeat   more trials at the two bounds, in random order
//	control  the first plateau that held once more: has the target changed meanwhile?
//
// Every load keeps all its trials and is Lower, Upper or Undecided by all of
// them, in the vocabulary of MLRsearch (IETF BMWG). A load that held above one
// that did not widens the answer and is said.
//
// Goodput in overload is not the capacity. Where all steps of a login share one
// pool, a backlog lets more first steps through than last ones; what is conserved
// is work, and that is what is read ([firstbell/runner/results.Series.Work]).
//
// A plateau may end early in one way only: when more people are late than twice
// what the whole of it may have (curtailed sampling). No interval is looked at
// while it runs. A trial whose own interval does not decide leans where its bare
// reading points; three that agree settle a load.
//
// The search knows neither sockets nor criteria: a [Player] plays a [Spec], a
// function given by the caller judges what came of it. With the same answers it
// asks the same questions, which is how a session that was killed goes on: the
// trials it had finished answer from their folders. What trials say together is
// [firstbell/runner/results/stats.AnswerOf], for the report too.
package capacity
