package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"firstbell/examples/ent"
)

// Defaults that --logins replaces, and that a user may have changed.
const (
	entQueue   = 10_000
	entService = 20 * time.Millisecond
)

// entOptions are the flags of `firstbell ent`: the example portal's sizes and
// the ways in which it fails.
type entOptions struct {
	listen, admin string
	entry         string
	cert, key     string
	consent       string
	consentMode   string
	logins        float64
	calls         int
	modes         []string
	chain         string
	exitWithStdin bool
	cfg           ent.Config
}

func newEntCmd(e *env) *cobra.Command {
	var o entOptions
	c := &cobra.Command{
		Use:   "ent",
		Short: "Start the example portal: a staging stand-in of known capacity",
		Long: `Start the example portal on loopback: entcore-like and CAS logins, a capacity
known in closed form (workers / service time), and the failures of April 2021 as
switches. Accounts are eleve1, prof1, parent1… with the password "mdp-" + login.
It is the oracle of firstbell's own tests, and a target to learn on.`,
		Example: `  firstbell ent --listen 127.0.0.1:8480 --logins 200
  firstbell ent --workers 8 --service 40ms --cv2 1 --mode quota.sessions=3000
  firstbell ent --chain login_page=600/s,login=400/s,home=440/s --shared-pool 60
  firstbell ent --logins 100 --mode crash.logins=120 --mode crash.restart=20s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runEnt(cmd.Context(), e, o) },
	}
	o.flags(c)
	return c
}

// flags declares the portal's switches.
func (o *entOptions) flags(c *cobra.Command) {
	f, k := c.Flags(), &o.cfg.Capacity
	f.StringVar(&o.listen, "listen", "127.0.0.1:8480", "loopback address; port 0 picks one")
	f.StringVar(&o.admin, "admin", "", "second address that shows counters (GET /counters) and switches modes (POST /modes)")
	f.StringVar(&o.entry, "entry", "entcore", "what GET / leads to: entcore or cas")
	f.StringVar(&o.cert, "cert", "", "TLS certificate, PEM file")
	f.StringVar(&o.key, "key", "", "key of --cert, PEM file")
	f.Uint64Var(&o.cfg.Seed, "seed", 1, "draws service times and shares")
	f.Float64Var(&o.logins, "logins", 0, "size the portal for so many whole logins per second (instead of --workers)")
	f.IntVar(&o.calls, "calls", 5, "with --logins: calls that the home page makes in each")
	f.IntVar(&k.Workers, "workers", 0, "workers; 0: no limit")
	f.DurationVar(&k.Service, "service", entService, "mean service time of one unit of work")
	f.Float64Var(&k.CV2, "cv2", 0, "squared coefficient of variation of the service time: 0 constant, 1 exponential, above hyperexponential")
	f.IntVar(&k.Queue, "queue", entQueue, "requests waiting at most; -1: none")
	f.StringVar(&o.chain, "chain", "", "workers of its own for each class of request (instead of --workers), for instance "+
		"login_page=600/s,login=400/s,home=440/s,call=2000/s; with :N after a rate, N workers")
	f.IntVar(&k.SharedPool, "shared-pool", 0, "threads of a gateway in front, each held until its request is served")
	f.BoolVar(&k.Zombie, "zombie", false, "work on for clients who left")
	f.DurationVar(&o.cfg.SessionIdle, "session-idle", 30*time.Minute, "a session ends when not used for so long")
	f.StringArrayVar(&o.modes, "mode", nil, "a way to fail, repeatable: "+strings.Join(ent.Modes{}.Forms(), ", "))
	f.StringVar(&o.consent, "consent", "", "serve this file at /.well-known/firstbell.json")
	f.StringVar(&o.consentMode, "consent-mode", "present", "with --consent: present, stop, changed, error or slow")
	f.BoolVar(&o.exitWithStdin, "exit-with-stdin", false, "end when standard input closes")
	_ = f.MarkHidden("exit-with-stdin")
}

// config checks the flags and gives the portal's configuration.
func (o *entOptions) config() (ent.Config, error) {
	cfg := o.cfg
	cfg.Entry = ent.Entry(o.entry)
	if o.logins != 0 {
		sized, err := o.sized()
		if err != nil {
			return cfg, err
		}
		cfg.Capacity = sized
	}
	if o.chain != "" {
		chain, err := ent.ParseChain(o.chain)
		if err != nil {
			return cfg, usageError("--chain: %v", err)
		}
		cfg.Capacity.Chain = chain
	}
	for _, mode := range o.modes {
		key, value, ok := strings.Cut(mode, "=")
		if !ok {
			return cfg, usageError("--mode %q: want name=value", mode)
		}
		if err := cfg.Modes.Set(key, value); err != nil {
			return cfg, usageError("--mode %s: %v", mode, err)
		}
	}
	if o.consent != "" {
		body, err := os.ReadFile(o.consent)
		if err != nil {
			return cfg, usageError("--consent: %v", err)
		}
		cfg.ConsentFile, cfg.Modes.Consent = body, ent.Consent(o.consentMode)
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return cfg, usageError("--cert, --key: %v", err)
		}
		cfg.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usageError("%v", err)
	}
	return cfg, nil
}

// sized is the capacity of --logins, with what the other flags say besides.
func (o *entOptions) sized() (ent.Capacity, error) {
	k := o.cfg.Capacity
	switch {
	case !(o.logins > 0) || math.IsInf(o.logins, 0) || o.calls < 0:
		return k, usageError("--logins %v, --calls %d: want a rate above 0, and calls from 0", o.logins, o.calls)
	case k.Workers != 0 || o.chain != "" || k.Service != entService:
		return k, usageError("--logins sizes the workers by itself: leave out --workers, --service and --chain")
	}
	sized := ent.ForLogins(o.logins, o.calls)
	sized.CV2, sized.Zombie, sized.SharedPool = k.CV2, k.Zombie, k.SharedPool
	if k.Queue != entQueue {
		sized.Queue = k.Queue
	}
	return sized, nil
}

// runEnt serves the example portal until it is interrupted.
func runEnt(ctx context.Context, e *env, o entOptions) error {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	debug.SetGCPercent(400) // its memory is small, and the processor is the load tool's
	portal, err := ent.New(cfg)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.exitWithStdin {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() { // ends with the process: a parent that dies closes our input
			_, _ = io.Copy(io.Discard, e.stdin)
			cancel()
		}()
	}
	l, err := listenLoopback(o.listen)
	if err != nil {
		return err
	}
	var admin net.Listener
	if o.admin != "" {
		if admin, err = listenLoopback(o.admin); err != nil {
			return errors.Join(err, l.Close())
		}
		go func() { _ = portal.ServeAdmin(ctx, admin) }() // ends with the context
	}
	scheme := "http"
	if cfg.TLS != nil {
		scheme = "https"
	}
	fmt.Fprintf(e.stdout, "listening on %s://%s\n", scheme, l.Addr())
	if admin != nil {
		fmt.Fprintf(e.stdout, "admin on http://%s\n", admin.Addr())
	}
	return portal.Serve(ctx, l)
}

// listenLoopback refuses addresses others could reach: the example portal has
// known passwords. Test hosts in a network namespace set FIRSTBELL_ENT_ANY=1.
func listenLoopback(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usageError("--listen %q: want host:port", addr)
	}
	ip := net.ParseIP(host)
	if host != "localhost" && (ip == nil || !ip.IsLoopback()) && os.Getenv("FIRSTBELL_ENT_ANY") != "1" {
		return nil, usageError("--listen %q: the example portal has known passwords and listens on loopback only", addr)
	}
	// Without TCP keep-alive a connection costs four system calls less.
	l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, &userError{exit: exitUsage, code: "FB0501", what: "cannot listen on " + addr, why: err.Error(), fix: "choose another port, or 127.0.0.1:0", cause: err}
	}
	return l, nil
}
