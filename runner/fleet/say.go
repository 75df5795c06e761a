package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// saying is one sentence that a notice may say.
type saying struct {
	kind NoticeKind
	text string // in English; {worker} is Notice.Worker, the other names are its Args
}

// sayings are all notices by their keys.
var sayings = map[string]saying{
	// Of the coordinator.
	"joined":              {NoticeJoined, "{worker} has joined ({os}, {cpus} CPUs)"},
	"joined_at":           {NoticeJoined, "{worker} has joined at {place} ({os}, {cpus} CPUs)"},
	"refused":             {NoticeRefused, "{worker} was not let in: {why}"},
	"refused_unknown_key": {NoticeRefused, "{worker} was not let in: its credentials are not of this fleet"},
	"refused_version":     {NoticeRefused, "{worker} was not let in: it is not version {version} of firstbell"},
	"refused_taken":       {NoticeRefused, "{worker} was not let in: another process has this name already"},
	"refused_full":        {NoticeRefused, "{worker} was not let in: nobody else is awaited"},
	"preparing":           {NoticePreparing, "{worker} prepares its part"},
	"ready":               {NoticeReady, "{worker} is ready: {people} people, clock ± {error}"},
	"starting":            {NoticeStarting, "everybody is ready ({n} workers); the load begins in {time}"},
	"leaves":              {NoticeLost, "{worker} leaves: {why}"},
	"silent":              {NoticeLost, "{worker} is not heard any more"},
	"lost_silent":         {NoticeLost, "{worker} is not heard any more; last heard {time} ago"},
	"lost_gone":           {NoticeLost, "{worker} has left; last heard {time} ago"},
	"lost_lease":          {NoticeLost, "{worker} has stopped by itself: its lease had expired; last heard {time} ago"},
	"lost_spool":          {NoticeLost, "{worker} cannot write its results any more; last heard {time} ago"},
	"lost_expelled":       {NoticeLost, "{worker} broke the bounds of what a worker may send; last heard {time} ago"},
	"lost_undelivered":    {NoticeLost, "{worker} is heard and does not deliver its results; the last are of {time} ago"},
	"taken_over":          {NoticeTakenOver, "others ({n} workers) take over {people} people of {worker}, from {time} after its last sign of life"},
	"untaken":             {NoticeUntaken, "{people} people of {worker} are played by nobody: {why}"},
	"heard_again":         {NoticeReturned, "{worker} is heard again"},
	"returned":            {NoticeReturned, "{worker} is heard again; it delivers what it has and plays no more"},
	"back":                {NoticeReturned, "{worker} is back and delivers"},
	"expelled":            {NoticeExpelled, "{worker} is expelled: {why}"},
	"stopping":            {NoticeStopping, "everything stops: {why}"},
	"stopped":             {NoticeStopped, "all workers have stopped, {time} after the order"},
	"stopped_missing":     {NoticeStopped, "the stop was not confirmed by {n} workers; their leases have expired"},
	"resumed":             {NoticeResumed, "taking in what {n} workers still have"},
	"ended":               {NoticeEnded, "the play has ended: {how}"},
	"unreadable":          {NoticeTrouble, "the results cannot be read, trying again: {why}"},
	"not_taking":          {NoticeTrouble, "{worker} does not take over: {why}"},
	"not_saying":          {NoticeTrouble, "{worker} does not say whether it takes over"},
	"not_ending":          {NoticeTrouble, "{worker} did not confirm the end of the load: {why}"},

	// Of a worker.
	"not_let_in":     {NoticeTrouble, "not let in yet: {why}"},
	"alone":          {NoticeTrouble, "nothing heard of the coordinator for {time}"},
	"not_alone":      {NoticeReturned, "the coordinator is heard again"},
	"foreign":        {NoticeTrouble, "a message that is not this fleet's coordinator's, or cannot be read, was ignored; more of them are not told"},
	"leaving":        {NoticeLeaving, "the fleet closes"},
	"part_failed":    {NoticeTrouble, "the part of {play} ended with an error: {why}"},
	"end_unrecorded": {NoticeTrouble, "the end of {play} could not be recorded: {why}"},
	"left":           {NoticeTrouble, "delivering {n} records of {play} that an earlier process left behind"},
	"left_damaged":   {NoticeTrouble, "results of an earlier run could not be read back: {why}"},
	"waiting":        {NoticeTrouble, "results wait in the spool: {why}"},
	"spool_kept":     {NoticeTrouble, "a spool could not be deleted: {why}"},
	"spool_open":     {NoticeTrouble, "a spool could not be closed: {why}"},
}

// NoticeKeys are the keys of all notices, in order.
func NoticeKeys() []string { return slices.Sorted(maps.Keys(sayings)) }

// NoticeText is a notice's sentence in English, with its values as {name}; "" for a
// key that does not exist.
func NoticeText(key string) string { return sayings[key].text }

// args pairs names with values.
func args(pairs ...any) []NoticeArg {
	out := make([]NoticeArg, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		value := pairs[i+1]
		if err, ok := value.(error); ok {
			value = err.Error()
		}
		out = append(out, NoticeArg{name, value})
	}
	return out
}

// notice makes a notice of a key and of names and values.
func notice(key, worker string, pairs ...any) Notice {
	n := Notice{Kind: sayings[key].kind, Worker: worker, Key: key, Args: args(pairs...)}
	put := []string{"{worker}", worker}
	for _, a := range n.Args {
		put = append(put, "{"+a.Name+"}", plain(a.Value))
	}
	n.Text = strings.NewReplacer(put...).Replace(sayings[key].text)
	return n
}

// plain writes a value for a log.
func plain(v any) string {
	switch v := v.(type) {
	case time.Duration:
		if v < 10*time.Millisecond {
			return v.Round(10 * time.Microsecond).String()
		}
		return v.Round(time.Millisecond).String()
	case float64:
		return fmt.Sprintf("%.3g", v)
	case NoticeWord:
		return v.Value
	}
	return fmt.Sprint(v)
}
