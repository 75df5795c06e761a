package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"firstbell/report"
	"firstbell/runner"
	"firstbell/runner/fleet"
	"firstbell/runner/fleet/bus"
	"firstbell/runner/fleet/keys"
)

// workerOptions are the flags of a worker.
type workerOptions struct {
	join, credentials, index, natsCreds, place, spool, linger string

	wait time.Duration // linger, read
}

func newWorkerCmd(e *env) *cobra.Command {
	var o workerOptions
	c := &cobra.Command{
		Use:   "worker",
		Short: "Join a fleet, and play a part of its storms",
		Long: `Join the fleet that a "firstbell run --listen" (or capacity, or certify) leads, play
the part of each storm it is given, and leave when the fleet closes. A worker that
does not hear its coordinator for a second stops loading by itself; its results stay
in its spool and are delivered when the coordinator is back.

--credentials names a worker's file, or a folder of them: w000.json is then chosen
by --index, whose default is JOB_COMPLETION_INDEX (an Indexed Job of Kubernetes).
It ends with 0 when the fleet has closed, 5 when it was not let in, 6 when the
coordinator stayed away for --linger, 130 when it was interrupted.`,
		Example: "  firstbell worker --join tls://pilot.example:7422 --credentials fleet-keys/w000.json\n" +
			"  firstbell worker --join tls://pilot.example:7422 --credentials fleet-keys --index 3 --place Lyon",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.resolve(e, cmd); err != nil {
				return err
			}
			return runWorker(cmd.Context(), e, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.join, "join", "", "address of the fleet: tls://HOST:PORT, or the cluster's servers")
	f.StringVar(&o.credentials, "credentials", "", "this worker's file of credentials, or a folder of several; - reads standard input")
	f.StringVar(&o.index, "index", "", "which worker of a folder of credentials, from 0 (default: JOB_COMPLETION_INDEX)")
	f.StringVar(&o.natsCreds, "nats-creds", "", "credentials file of an external NATS cluster")
	f.StringVar(&o.place, "place", "", "where this machine is, for the report: a region, a data centre")
	f.StringVar(&o.spool, "spool", "", "folder that keeps results until they are delivered (default: in the temporary folder)")
	f.StringVar(&o.linger, "linger", "10m", "how long to wait for a coordinator that is not there")
	return c
}

func (o *workerOptions) resolve(e *env, c *cobra.Command) error {
	for name, value := range map[string]*string{"join": &o.join, "credentials": &o.credentials, "index": &o.index,
		"nats-creds": &o.natsCreds, "place": &o.place, "spool": &o.spool, "linger": &o.linger} {
		*value = e.setting(name, *value, c.Flags().Changed(name))
	}
	if o.index == "" {
		o.index = e.getenv("JOB_COMPLETION_INDEX")
	}
	var err error
	if o.wait, err = time.ParseDuration(o.linger); err != nil || o.wait <= 0 {
		return usageError("--linger %q: want a time above 0, like 10m", o.linger)
	}
	switch {
	case o.join == "":
		return usageError("--join is missing: the address that `firstbell run --listen` prints")
	case o.credentials == "":
		return usageError("--credentials is missing: this worker's file, made by `firstbell credentials`")
	}
	o.place = plainLine(o.place)
	check := fleetOptions{nats: o.join}
	if err := check.readNATS(); err != nil {
		return usageError("--join %q: want an address like tls://pilot.example:7422 (nats:// or tls://), and no password in it", o.join)
	}
	return nil
}

// secrets reads whatever --credentials names.
func (o *workerOptions) secrets(e *env) (*keys.Credentials, error) {
	if o.credentials == "-" {
		var c keys.Credentials
		if err := json.NewDecoder(io.LimitReader(e.stdin, maxState)).Decode(&c); err != nil {
			return nil, badCredentials("standard input", errors.New("it holds no credentials"))
		}
		return &c, nil
	}
	if info, err := os.Stat(o.credentials); err == nil && info.IsDir() {
		index, err := strconv.Atoi(o.index)
		if err != nil || index < 0 {
			return nil, usageError("--index %q: want the worker's number, from 0: %s holds several credentials", o.index, o.credentials)
		}
		c, err := keys.ReadCredentialsFor(o.credentials, index)
		if err != nil {
			return nil, badCredentials(o.credentials, err)
		}
		return c, nil
	}
	c, err := keys.ReadCredentials(o.credentials)
	if err != nil {
		return nil, badCredentials(o.credentials, err)
	}
	return c, nil
}

// workerLog prints plain lines with the time; safe for concurrent use.
type workerLog struct {
	mu  sync.Mutex
	w   io.Writer
	now func() time.Time
	who string

	leaving atomic.Bool
}

func (l *workerLog) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%s %s %s\n", l.now().UTC().Format("2006-01-02T15:04:05.000Z"), l.who, report.Legible(fmt.Sprintf(format, args...)))
}

// tell prints what a worker notices. From the order to leave on, the end of the
// connection is no news: the server may close before we do.
func (l *workerLog) tell(n fleet.Notice) {
	if n.Kind == fleet.NoticeLeaving {
		l.leaving.Store(true)
	}
	l.printf("%s %s", n.Kind, plainLine(n.Text))
}

// link prints how the connection goes, until ctx ends or the worker leaves.
func (l *workerLog) link(ctx context.Context, up bool) {
	switch {
	case up:
		l.printf("connected")
	case ctx.Err() == nil && !l.leaving.Load():
		l.printf("the connection is lost; trying again")
	}
}

// runWorker serves a fleet until it closes.
func runWorker(ctx context.Context, e *env, o workerOptions) error {
	secret, err := o.secrets(e)
	if err != nil {
		return err
	}
	if secret.Role != keys.RoleWorker {
		return badCredentials(o.credentials, fmt.Errorf("they are those of the %s, not of a worker", secret.Role))
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE)
	sparePacer()
	log := &workerLog{w: e.stderr, now: e.now, who: secret.Name}
	spool, err := o.spoolOf(secret)
	if err != nil {
		return err
	}
	conn, err := connectAs(ctx, o, secret, log)
	if err != nil {
		return workerEnd(ctx, err)
	}
	defer conn.Close()
	hands := &workerHands{e: e, log: log, spool: spool}
	w, err := fleet.NewWorker(fleet.WorkerConfig{
		Bus: conn, Credentials: secret, Hello: factsOf(o.place), Spool: spool, Linger: o.wait,
		Prepare: hands.prepare, Call: hands.call,
		Wake: func(ctx context.Context, at time.Time) error { return runner.NewClock(at).SleepUntil(ctx, 0) },
		Tell: log.tell,
	})
	if err != nil {
		return badCredentials(o.credentials, err)
	}
	log.printf("joining %s", o.join)
	err = w.Run(ctx)
	log.leaving.Store(true)
	log.printf("leaving")
	return workerEnd(ctx, err)
}

// spoolOf is the folder of results that are not delivered yet.
func (o *workerOptions) spoolOf(c *keys.Credentials) (string, error) {
	dir := o.spool
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "firstbell-"+c.Fleet, c.Name)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", &userError{exit: exitUsage, code: "FB0203", what: "cannot make the spool " + dir, why: cause(err), fix: "choose another --spool", cause: err}
	}
	return dir, nil
}

// connectAs reaches the fleet's server; one that is not there yet is waited for.
func connectAs(ctx context.Context, o workerOptions, c *keys.Credentials, log *workerLog) (*bus.Conn, error) {
	dial, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	return bus.Connect(dial, bus.Config{URL: o.join, Credentials: c, NATSCreds: o.natsCreds, OnState: func(up bool) { log.link(ctx, up) }})
}

// factsOf is what this machine says of itself.
func factsOf(place string) fleet.Hello {
	t, m := toolInfo(), runner.ThisMachine()
	return fleet.Hello{Version: t.Version, Go: runtime.Version(), OS: t.OS, CPUs: m.CPUs, DescLimit: m.Descriptors, Memory: m.Memory, Place: place}
}

// workerEnd turns the end of a worker into its exit code.
func workerEnd(ctx context.Context, err error) error {
	var refused *fleet.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return &userError{exit: exitRefused, code: "FB0604", what: "the fleet did not let this worker in: " + plainLine(refused.What),
			why: plainLine(refused.Why), fix: plainLine(refused.Fix), cause: err}
	case ctx.Err() != nil:
		return verdictError{exitInterrupted}
	case notOurs(err) != nil:
		return notOurs(err)
	case errors.Is(err, fleet.ErrAbandoned), errors.Is(err, bus.ErrDisconnected):
		return &userError{exit: exitStopped, code: "FB0607", what: "the coordinator stayed away", why: err.Error(),
			fix: "results that were not delivered are in the spool: start the same worker again when the coordinator is back (firstbell run --resume)", cause: err}
	}
	return &userError{exit: exitRefused, code: "FB0603", what: "the fleet cannot be reached", why: err.Error(), fix: "look at --join and --credentials", cause: err}
}

// notOurs is the error of who has found a fleet that its credentials are not of; nil
// for other errors.
func notOurs(err error) error {
	what := ""
	switch {
	case errors.Is(err, bus.ErrRefused), errors.Is(err, bus.ErrDenied):
		what = "the fleet refused these credentials"
	case errors.Is(err, bus.ErrStranger):
		what = "this is not the fleet of these credentials"
	default:
		return nil
	}
	return &userError{exit: exitRefused, code: "FB0604", what: what, why: plainLine(err.Error()),
		fix: "use a file that firstbell credentials wrote together with the coordinator's roster", cause: err}
}

// workerHands do what the coordinator orders.
type workerHands struct {
	e     *env
	log   *workerLog
	spool string
}

func (h *workerHands) prepare(ctx context.Context, job fleet.Job) (fleet.Player, error) {
	p, err := newPart(ctx, job, h.log.printf)
	if err != nil { // not a nil *part inside an interface
		return nil, err
	}
	return p, nil
}

// call is the work this command defines.
func (h *workerHands) call(ctx context.Context, name string, payload []byte) ([]byte, error) {
	if name == callCalibrate {
		return h.calibrate(ctx, payload)
	}
	return nil, &fleet.Refusal{Code: "internal", What: "unknown work: " + plainLine(name), Fix: "use the same firstbell on every machine"}
}
