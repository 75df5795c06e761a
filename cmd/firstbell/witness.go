package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"firstbell/runner"
	"firstbell/runner/results"
	"firstbell/runner/witness"
	"firstbell/scenarios"
)

// witnessAccounts are set aside for the witness, per persona: one login a second
// that takes up to half a minute needs no more.
const witnessAccounts = 30

// witnessOrders are what the witness is told first, on its standard input: they
// may hold secrets of the file, and go through no argument and no disk.
type witnessOrders struct {
	RunID    string           `json:"run_id"`
	Seed     uint64           `json:"seed"`
	Source   []byte           `json:"source"` // the scenario, after --set
	Dir      string           `json:"dir"`
	Accounts map[string][]int `json:"accounts,omitempty"` // its own; none: no logins
	Every    time.Duration    `json:"every_ns,omitempty"`
	Limit    time.Duration    `json:"limit_ns,omitempty"`
	Control  string           `json:"control,omitempty"` // neutral address; "": none
}

// witnessWord is what follows the orders: a window opens, or closes.
type witnessWord struct {
	Begin string `json:"begin,omitempty"`
	End   bool   `json:"end,omitempty"`
}

// witnessed is what the witness says: that it is ready, that it cannot watch, or
// what it saw in the window just closed.
type witnessed struct {
	Ready   bool            `json:"ready,omitempty"`
	Error   string          `json:"error,omitempty"`
	Witness *results.Beheld `json:"witness,omitempty"`
	Control *results.Beheld `json:"control,omitempty"`
}

// newWitnessCmd watches a session from a process of its own, so that it does not
// share the generator's troubles. It is started by us and by nobody else.
func newWitnessCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:    "witness",
		Short:  "Watch a target from beside the load, as standard input says",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return runWitness(cmd.Context(), e) },
	}
}

// runWitness watches until standard input closes.
func runWitness(ctx context.Context, e *env) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	in, out := json.NewDecoder(e.stdin), json.NewEncoder(e.stdout)
	var orders witnessOrders
	if err := in.Decode(&orders); err != nil {
		return fmt.Errorf("witness: no orders: %w", err)
	}
	w, err := newWatch(ctx, e, orders)
	if err != nil {
		return errors.Join(out.Encode(witnessed{Error: err.Error()}), nil)
	}
	defer w.close()
	defer w.run(ctx)()
	if err := out.Encode(witnessed{Ready: true}); err != nil {
		return err
	}
	for {
		var word witnessWord
		if err := in.Decode(&word); err != nil {
			return nil // the session is over
		}
		if word.Begin != "" {
			w.begin(word.Begin)
		}
		if word.End {
			if err := out.Encode(w.end()); err != nil {
				return err
			}
		}
	}
}

// watch is a witness and a control prober, either may be nil.
type watch struct {
	logins  *witness.Logins
	control *witness.Control
	rigs    []*rig
}

func newWatch(ctx context.Context, e *env, o witnessOrders) (*watch, error) {
	sc, err := parseScenario(e, o.Source, o.Dir, "scenario", nil)
	if err != nil {
		return nil, err
	}
	w := &watch{}
	if err := cmp.Or(w.watchLogins(ctx, sc, o), w.watchControl(ctx, sc, o)); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *watch) watchLogins(ctx context.Context, sc *scenarios.Scenario, o witnessOrders) error {
	if len(o.Accounts) == 0 {
		return nil
	}
	rig, plan, err := w.rig(ctx, sc, o)
	if err != nil {
		return err
	}
	w.logins, err = witness.NewLogins(witness.Config{Scenario: sc, Plan: plan, Driver: rig.driver, Guard: rig.guard, Clock: rig.clock,
		Accounts: o.Accounts, Every: o.Every, Limit: o.Limit})
	return err
}

func (w *watch) watchControl(ctx context.Context, sc *scenarios.Scenario, o witnessOrders) error {
	if o.Control == "" {
		return nil
	}
	u, err := url.Parse(o.Control)
	if err != nil || u.Host == "" {
		return errors.New("the control address cannot be read")
	}
	// A scenario of that one host: it is asked for its consent like any other.
	alone := *sc
	alone.Target = &url.URL{Scheme: u.Scheme, Host: u.Host}
	alone.Hosts, alone.BasicAuth, alone.Limits = nil, nil, scenarios.Limits{}
	rig, _, err := w.rig(ctx, &alone, o)
	if err != nil {
		return err
	}
	w.control, err = witness.NewControl(witness.ControlConfig{URL: u, Driver: rig.driver, Guard: rig.guard, Clock: rig.clock, Every: o.Every})
	return err
}

// rig reads the consents and makes a driver of the witness's own.
func (w *watch) rig(ctx context.Context, sc *scenarios.Scenario, o witnessOrders) (*rig, *results.Plan, error) {
	plan, _, err := runner.NewTrialPlan(sc, runner.PlanOptions{Seed: o.Seed, RunID: o.RunID, Start: time.Now(), Tool: toolInfo(), Machine: runner.ThisMachine()},
		results.Conduct{Kind: results.TrialPlateau, LoginOnly: true, Segments: []results.Segment{{Name: "witness", Rate: 1, Length: time.Second}}})
	if err != nil {
		return nil, nil, err
	}
	r, err := newRig(ctx, sc, plan, func(results.Event) {})
	if err != nil {
		return nil, nil, err
	}
	w.rigs = append(w.rigs, r)
	return r, plan, nil
}

// run probes until the returned function is called, which waits for the end.
func (w *watch) run(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, r := range w.rigs {
		wg.Go(func() { r.guard.Watch(ctx) })
	}
	if w.logins != nil {
		wg.Go(func() { w.logins.Run(ctx) })
	}
	if w.control != nil {
		wg.Go(func() { w.control.Run(ctx) })
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

func (w *watch) begin(trial string) {
	if w.logins != nil {
		w.logins.Begin(trial)
	}
	if w.control != nil {
		w.control.Begin(trial)
	}
}

func (w *watch) end() (out witnessed) {
	if w.logins != nil {
		b := w.logins.End()
		out.Witness = &b
	}
	if w.control != nil {
		b := w.control.End()
		out.Control = &b
	}
	return out
}

func (w *watch) close() {
	for _, r := range w.rigs {
		r.close()
	}
}

// witnessProcess is a running witness. Its methods are for one goroutine.
type witnessProcess struct {
	child
	orders *json.Encoder
	said   chan witnessed // closed when the child has ended
}

// startWitness starts `firstbell witness` and waits until it has the target's
// consent. The orders' Source and Dir are the scenario's.
func startWitness(e *env, sc *scenarios.Scenario, o witnessOrders) (*witnessProcess, error) {
	c, stdout, err := startChild(e, "witness")
	if err != nil {
		return nil, fmt.Errorf("the witness could not start: %w", err)
	}
	o.Source, o.Dir = sc.Source, sc.Dir
	p := &witnessProcess{child: *c, orders: json.NewEncoder(c.stdin), said: make(chan witnessed, 1)}
	go p.listen(stdout) // ends with the child
	if err := p.orders.Encode(o); err != nil {
		p.stop()
		return nil, fmt.Errorf("the witness could not be told what to watch: %w", err)
	}
	first, err := p.hear(30 * time.Second)
	switch {
	case err != nil:
		p.stop()
		return nil, err
	case !first.Ready:
		p.stop()
		return nil, fmt.Errorf("the witness cannot watch: %s", first.Error)
	}
	return p, nil
}

func (p *witnessProcess) listen(stdout io.Reader) {
	defer close(p.said)
	in := json.NewDecoder(stdout)
	for {
		var w witnessed
		if in.Decode(&w) != nil {
			return
		}
		select {
		case p.said <- w:
		default: // nobody asked
		}
	}
}

func (p *witnessProcess) hear(limit time.Duration) (witnessed, error) {
	select {
	case w, ok := <-p.said:
		if !ok {
			return witnessed{}, errors.New("the witness has ended")
		}
		return w, nil
	case <-time.After(limit):
		return witnessed{}, fmt.Errorf("the witness has said nothing for %v", limit)
	}
}

// begin opens the window of a trial.
func (p *witnessProcess) begin(trial string) error {
	return p.orders.Encode(witnessWord{Begin: trial})
}

// end closes it and gives what was seen; nil for a prober there is none of. An
// error means that there is no witness any more: the load goes on without.
func (p *witnessProcess) end() (logins, control *results.Beheld, err error) {
	if err := p.orders.Encode(witnessWord{End: true}); err != nil {
		return nil, nil, fmt.Errorf("the witness has ended: %w", err)
	}
	w, err := p.hear(10 * time.Second)
	return w.Witness, w.Control, err
}
