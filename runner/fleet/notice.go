package fleet

import "firstbell/runner/results"

// Notice is something worth a line in a terminal. Tell functions get them one at a
// time and must not block for long.
type Notice struct {
	Kind   NoticeKind
	Worker string // w000; "" for the whole fleet
	// Key names the sentence, one of [NoticeKeys]; Args are its values, raw, for who
	// says it in another language.
	Key  string
	Args []NoticeArg
	Text string // the sentence in English: one line, no secrets
}

// NoticeArg is a value of a notice: an int, a float64, a time.Duration, a string as
// it is to be shown, or a [NoticeWord].
type NoticeArg struct {
	Name  string
	Value any
}

// NoticeWord is a value that has words of its own in every language.
type NoticeWord struct {
	Of    string // ended (a results.EndedAs), untaken (a results.Loss.Untaken)
	Value string
}

// NoticeKind is what a notice is about.
type NoticeKind string

const (
	NoticeJoined    NoticeKind = "joined"
	NoticeRefused   NoticeKind = "refused"
	NoticePreparing NoticeKind = "preparing"
	NoticeReady     NoticeKind = "ready"
	NoticeStarting  NoticeKind = "starting" // the first instant is agreed
	NoticeLost      NoticeKind = "lost"
	NoticeTakenOver NoticeKind = "taken_over"
	NoticeUntaken   NoticeKind = "untaken" // a lost worker's people nobody plays
	NoticeReturned  NoticeKind = "returned"
	NoticeExpelled  NoticeKind = "expelled" // a worker broke the bounds on what it may send
	NoticeStopping  NoticeKind = "stopping"
	NoticeStopped   NoticeKind = "stopped"
	NoticeResumed   NoticeKind = "resumed"
	NoticeEnded     NoticeKind = "ended"
	NoticeLeaving   NoticeKind = "leaving" // a worker is told to end
	NoticeTrouble   NoticeKind = "trouble" // something failed that the play survives
)

// Kinds of events that the coordinator alone writes to the run folder; a worker
// that sends one is not believed.
const (
	EventLost      = "worker_lost"
	EventTakenOver = "worker_taken_over"
	EventReturned  = "worker_returned"
	EventExpelled  = "worker_expelled"
	EventResumed   = "coordinator_resumed"
	EventStop      = "stop_ordered"
)

// OnLoss says what a lost worker means for a play.
const (
	OnLossContinue = "continue" // the others take over its future people
	OnLossStop     = "stop"     // everything stops
)

func coordinatorsOwn(kind string) bool {
	switch kind {
	case EventLost, EventTakenOver, EventReturned, EventExpelled, EventResumed, EventStop:
		return true
	}
	return false
}

// rank orders the ways parts may end: the whole ends as its highest.
func rank(how results.EndedAs) int {
	for i, h := range []results.EndedAs{
		results.EndedStopped, results.EndedByTarget, results.EndedCredentials, results.EndedInternal,
		results.EndedLoss, results.EndedInterrupted, results.EndedLimit, results.EndedAlone,
		results.EndedEnough, results.EndedPlanned,
	} {
		if h == how {
			return 10 - i
		}
	}
	return 0
}
