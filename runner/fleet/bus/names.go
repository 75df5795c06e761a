package bus

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"firstbell/runner/fleet/keys"
)

// Names on the bus; F is the fleet's id, W a worker's name. Package fleet's
// protocol.go lists the subjects.
func resultsStream(fleet string) string        { return "fb_" + fleet + "_res" }
func resultsSubject(fleet, of string) string   { return "fb." + fleet + ".res." + of }
func bucketName(fleet, worker string) string   { return "fb_" + fleet + "_" + worker }
func bucketStream(bucket string) string        { return "OBJ_" + bucket }
func inboxPrefix(fleet, member string) string  { return "_INBOX." + fleet + "." + member }
func directGet(stream, subject string) string  { return "$JS.API.DIRECT.GET." + stream + "." + subject }
func directGetBody(stream string) string       { return "$JS.API.DIRECT.GET." + stream }
func metaSubject(bucket, name string) string   { return "$O." + bucket + ".M." + name }
func chunksSubject(bucket, nuid string) string { return "$O." + bucket + ".C." + nuid }

// accountReply begins the address by which the server replaces the sender's between
// two accounts. No client can name one itself.
const accountReply = "_R_."

var (
	workerNamePattern = regexp.MustCompile(`^w[0-9]{3}$`)
	objectNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
)

// Errors that callers may ask for with errors.Is.
var (
	// ErrDisconnected: the server cannot be reached now, and nothing was sent or
	// kept to be sent later.
	ErrDisconnected = errors.New("the bus cannot be reached now")
	// ErrDenied: these credentials may not do this.
	ErrDenied = errors.New("the bus does not allow this member to do that")
	// ErrRefused: the server did not let this member in.
	ErrRefused = errors.New("the bus does not know these credentials")
	// ErrStranger: the server has a certificate that these credentials' authority did
	// not sign.
	ErrStranger = errors.New("the bus is not the one of these credentials")
	// ErrTooLarge: more than the bus carries in one message, or an object may hold.
	ErrTooLarge = errors.New("too large for the bus")
	// ErrFull: the results stream takes no more.
	ErrFull = errors.New("the bus has no room for more results")
	// ErrNotFound: no such object, stream or bucket.
	ErrNotFound = errors.New("it is not on the bus")
	// ErrClosed: this end of the bus was closed.
	ErrClosed = errors.New("the bus was closed here")
)

// replyTo is whose inbox the reply to a message on a subject may go to. The server
// checks what a member publishes to, but not the reply address it names: without
// this a worker could have the coordinator speak to a subject of its choice.
func replyTo(fleet, subject string) string {
	rest, ok := strings.CutPrefix(subject, "fb."+fleet+".")
	if !ok {
		return ""
	}
	kind, rest, _ := strings.Cut(rest, ".")
	member, _, _ := strings.Cut(rest, ".")
	switch kind {
	case "up":
		return inboxPrefix(fleet, member) + "."
	case "down", "all":
		return inboxPrefix(fleet, keys.NameCoordinator) + "."
	case "op":
		return inboxPrefix(fleet, keys.NameOperator) + "."
	}
	return ""
}

// sender is the worker that a message comes from; "" if not a worker's.
func sender(fleet, subject string) string {
	rest, ok := strings.CutPrefix(subject, "fb."+fleet+".up.")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, ".")
	return name
}

func checkBucket(worker, name string) error {
	if !workerNamePattern.MatchString(worker) {
		return fmt.Errorf("there is no bucket of %.40q: buckets are named after workers (w000)", worker)
	}
	if !objectNamePattern.MatchString(name) {
		return fmt.Errorf("%.40q is no name for an object: letters, digits, dot, dash and underscore, at most 128", name)
	}
	return nil
}
