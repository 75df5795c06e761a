package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firstbell/report/catalog"
	"firstbell/runner"
	"firstbell/runner/consent"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

func newSmokeCmd(e *env) *cobra.Command {
	var o playOptions
	var prove bool
	c := &cobra.Command{
		Use:   "smoke SCENARIO",
		Short: "Walk one person per persona through the journey, and print every hop",
		Long: `Walk one person per persona through each of the persona's journeys, without
pauses, and print every exchange. With --prove, first send one wrong password: a
file that cannot tell a wrong password from an overloaded portal measures nothing.`,
		Example: "  firstbell smoke lycees.yaml\n  firstbell smoke lycees.yaml --prove",
		Args:    cobra.ExactArgs(1),
		RunE: withScenario(e, &o, func(ctx context.Context, sc *scenarios.Scenario) error {
			return runSmoke(ctx, e, o, sc, prove)
		}),
	}
	addPlay(c, &o)
	c.Flags().BoolVar(&prove, "prove", false, "send one right and one wrong password, and tell them apart")
	return c
}

func runSmoke(ctx context.Context, e *env, o playOptions, sc *scenarios.Scenario, prove bool) error {
	ctx, stop := interruptible(ctx, e)
	defer stop()
	p, err := planOf(e, o, sc, e.now())
	if err != nil {
		return err
	}
	rig, err := newRig(ctx, sc, p.Plan, func(results.Event) {})
	if err != nil {
		return interruptedBefore(ctx, err)
	}
	defer rig.close()
	defer rig.watch(ctx)()
	traces, err := runner.Smoke(ctx, rig.smoke(sc, p.Plan, prove))
	if err := printTraces(e.stdout, traces); err != nil {
		return err
	}
	if err := rig.withdrawn(); err != nil {
		return err
	}
	if err != nil {
		return interruptedBefore(ctx, err)
	}
	if problems := runner.Problems(traces); problems != "" {
		return smokeError(problems, traces)
	}
	_, err = fmt.Fprintln(e.stdout, "everybody got in where they should, and nowhere else")
	return err
}

// smoke is the rig as the smoke test wants it.
func (r *rig) smoke(sc *scenarios.Scenario, plan *results.Plan, prove bool) runner.SmokeConfig {
	return runner.SmokeConfig{Scenario: sc, Plan: plan, Driver: r.driver, Guard: r.guard, Clock: r.clock, Prove: prove}
}

// smokeError tells a failed journey from a file that cannot tell passwords
// apart.
func smokeError(problems string, traces []runner.Trace) error {
	for _, t := range traces {
		if t.Wrong && t.Problem != "" {
			return &userError{exit: exitUsage, code: "FB0306", what: "the file cannot tell a wrong password from a right one", why: problems,
				fix: "add a text of the refusal page under signatures.bad_credentials, and a content proof with ${login} to the in_class step"}
		}
	}
	return &userError{exit: exitUsage, code: "FB0305", what: "the smoke test did not get in", why: problems,
		fix: "mend the journey, or the target; the hops above say where it stopped"}
}

// printTraces writes every hop of every walk: no query, no id, no secret.
func printTraces(w io.Writer, traces []runner.Trace) error {
	b := new(strings.Builder)
	for _, t := range traces {
		with := ""
		if t.Wrong {
			with = ", with a wrong password"
		}
		fmt.Fprintf(b, "%s, %s%s: %s\n", t.Persona, t.Journey, with, verdictOf(t.Outcome, t.Reason))
		for _, s := range t.Steps {
			printStep(b, s)
		}
		for _, host := range t.Outside {
			fmt.Fprintf(b, "  not fetched, out of scope: %s\n", host)
		}
		fmt.Fprintln(b)
	}
	_, err := io.WriteString(w, legibleLines(b.String()))
	return err
}

func printStep(b *strings.Builder, s runner.TraceStep) {
	mark := ""
	if s.InClass {
		mark = "  [in class]"
	}
	fmt.Fprintf(b, "  %s  %s in %s%s\n", s.Name, verdictOf(s.Outcome, s.Reason), milliseconds(s.Took), mark)
	for _, h := range s.Hops {
		status := fmt.Sprint(h.Status)
		if h.Status == 0 {
			status = h.Reason.String()
		}
		t := h.Timing
		fmt.Fprintf(b, "    %-5s %-4s %-4s %s%s  %s", kindOf(h), status, h.Method, h.Host, h.Path, milliseconds(t.Done-t.Sent))
		if !t.Reused {
			fmt.Fprintf(b, " (dns %s, connect %s, tls %s)", milliseconds(t.DNS), milliseconds(t.Connect), milliseconds(t.TLS))
		}
		fmt.Fprintln(b)
	}
	if s.Why != "" {
		fmt.Fprintf(b, "    because: %s\n", s.Why)
	}
}

func kindOf(h runner.TraceHop) string {
	switch h.Kind {
	case runner.KindCall:
		return "call"
	case runner.KindAsset:
		return "file"
	default:
		return fmt.Sprintf("hop %d", h.Number)
	}
}

func verdictOf(o results.Outcome, r results.Reason) string {
	switch {
	case o == results.InTime || o == results.Late:
		return "ok"
	case r == results.NoReason:
		return o.String()
	default:
		return o.String() + "/" + r.String()
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// sampleAccounts tries a few accounts calmly before the storm. The storm is
// refused when most of them are.
func (x *execution) sampleAccounts(ctx context.Context) error {
	rig, err := newRig(ctx, x.sc, x.plan.Plan, func(results.Event) {})
	if err != nil {
		return err
	}
	defer rig.close()
	defer rig.watch(ctx)()
	smoke, proved, err := runner.SampleAccounts(ctx, rig.smoke(x.sc, x.plan.Plan, false))
	if err != nil {
		return err
	}
	if err := cmp.Or(rig.withdrawn(), ctx.Err()); err != nil {
		return err
	}
	x.plan.Smoke, x.proved = smoke, proved
	if !x.o.fleet.remote() {
		x.plan.Sources = sourcesTowards(rig.guard.Grants())
	}
	if x.o.progress != "none" && x.o.progress != "json" {
		text := catalog.For(x.o.lang)
		fmt.Fprintln(x.e.stderr, text.Text("progress.plan", "people", text.Int(x.plan.People),
			"from", text.Clock(x.plan.PlayFrom), "to", text.Clock(x.plan.PlayTo), "target", x.plan.Target))
		if smoke.Tried == 0 {
			fmt.Fprintln(x.e.stderr, text.Text("progress.smoke_silent"))
		} else {
			fmt.Fprintln(x.e.stderr, text.Text("progress.smoke", "tried", text.Int(smoke.Tried), "accepted", text.Int(smoke.Accepted)))
		}
		if requests, connections, tight := tighterThan(rig.guard.Grants(), x.plan.Needs); tight {
			fmt.Fprintln(x.e.stderr, text.Text("progress.consent_tight", "requests", text.Int(int(requests)), "connections", text.Int(int(connections)),
				"needed_requests", text.Int(int(math.Ceil(x.plan.Needs.PeakRequests))), "needed_connections", text.Int(int(math.Ceil(x.plan.Needs.PeakConnections)))))
		}
	}
	if smoke.Rejected*2 > smoke.Tried {
		return &userError{exit: exitRefused, code: "FB0304", what: "the accounts are refused before the storm",
			why: fmt.Sprintf("%d of %d sampled accounts were rejected by a portal at rest", smoke.Rejected, smoke.Tried),
			fix: "firstbell smoke SCENARIO --prove shows each exchange"}
	}
	return nil
}

// tighterThan adds up what the hosts consented to, and reports whether the storm
// asks for more in its busiest second. A host that needs no consent has no limit.
func tighterThan(grants []consent.Grant, needs results.Needs) (requests, connections float64, tight bool) {
	for _, g := range grants {
		if g.Exempt {
			return 0, 0, false
		}
		requests += g.RequestsPerSecond
		connections += g.ConnectionsPerSecond
	}
	return requests, connections, len(grants) > 0 && (requests < needs.PeakRequests || connections < needs.PeakConnections)
}
