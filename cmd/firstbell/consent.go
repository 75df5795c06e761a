package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firstbell/report"
	"firstbell/runner"
	"firstbell/runner/consent"
	"firstbell/scenarios"
)

type consentOptions struct {
	verify                bool
	by                    string
	requests, connections float64
	hours                 int
	ca                    string
}

func newConsentCmd(e *env) *cobra.Command {
	var o consentOptions
	c := &cobra.Command{
		Use:   "consent HOST...",
		Short: "Print the file a target must publish, or verify a published one",
		Long: `Print the file the operator of HOST must publish at
https://HOST` + consent.Path + ` before firstbell sends it any load.
HOST is a name, name:port, or an address starting with https:// or http://.
With --verify, read the published file and say what it allows.`,
		Example: "  firstbell consent ent.preprod.example --by \"DSI de la Région\"\n  firstbell consent ent.preprod.example --verify",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, host := range args {
				if err := runConsent(cmd.Context(), e, o, host); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&o.verify, "verify", false, "read the published file instead")
	f.StringVar(&o.by, "by", "", "who consents")
	f.Float64Var(&o.requests, "requests", 0, "highest requests per second")
	f.Float64Var(&o.connections, "connections", 0, "highest new connections per second")
	f.IntVar(&o.hours, "hours", 24, "how long the consent lasts, from now")
	f.StringVar(&o.ca, "ca", "", "with --verify: PEM file of the staging's own authority")
	return c
}

func runConsent(ctx context.Context, e *env, o consentOptions, host string) error {
	u, err := hostURL(host)
	if err != nil {
		return err
	}
	if o.verify {
		return verifyConsent(ctx, e, o, u)
	}
	now := e.now().UTC().Truncate(time.Second)
	_, err = e.stdout.Write(consent.Template(u.Host, consent.TemplateOptions{
		Now: now, ConsentedBy: o.by, NotBefore: now, NotAfter: now.Add(time.Duration(o.hours) * time.Hour),
		RequestsPerSecond: o.requests, ConnectionsPerSecond: o.connections,
	}))
	return err
}

// verifyConsent reads one host's file as a run would.
func verifyConsent(ctx context.Context, e *env, o consentOptions, u *url.URL) error {
	sc := &scenarios.Scenario{Version: 1, Target: u, TLS: scenarios.TLS{CA: o.ca}, Consent: scenarios.ConsentRequired}
	guard, err := consent.New(consent.Config{Scenario: sc, RunID: "consent-verify", Version: toolInfo().Version, Clock: runner.NewClock(e.now())})
	if err != nil {
		return refusedConsent(err)
	}
	g, err := guard.Verify(ctx, u)
	if err != nil {
		return refusedConsent(err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s consents\n  by          %s\n  window      %s to %s\n  requests    %g/s at most\n  connections %g/s at most\n  grace       %s\n",
		report.Legible(g.Origin), report.Legible(g.ConsentedBy), g.NotBefore.Format(time.RFC3339), g.NotAfter.Format(time.RFC3339),
		g.RequestsPerSecond, g.ConnectionsPerSecond, g.Grace)
	return err
}

// hostURL reads HOST, HOST:PORT or a whole origin.
func hostURL(host string) (*url.URL, error) {
	text := host
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.Trim(u.Path, "/") != "" {
		return nil, usageError("%q is not a host name", host)
	}
	u.Path = ""
	return u, nil
}
