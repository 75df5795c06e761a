package witness

import (
	"context"
	"errors"
	"net/url"
	"time"

	"firstbell/runner"
	"firstbell/runner/results"
)

// ControlConfig is what [Control] needs. The guard must allow the address's
// host: it is on loopback, or has consented.
type ControlConfig struct {
	URL    *url.URL
	Driver runner.Driver
	Guard  runner.Guard
	Clock  runner.Clock
	Every  time.Duration // 0: DefaultEvery; at least 200 ms
}

// controlTimeout bounds one fetch.
const controlTimeout = 10 * time.Second

// Control is the control prober: a GET of a neutral address, on a connection of
// its own each time. Any answer below 500 is one.
type Control struct {
	cfg    ControlConfig
	window window
}

// NewControl prepares a control prober; it sends nothing before Run.
func NewControl(cfg ControlConfig) (*Control, error) {
	if cfg.URL == nil || cfg.Driver == nil || cfg.Guard == nil || cfg.Clock == nil {
		return nil, errors.New("control: URL, Driver, Guard and Clock are required")
	}
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Every < shortest {
		return nil, errors.New("control: more than five requests a second are load")
	}
	if err := cfg.Guard.Request(cfg.URL); err != nil {
		return nil, errors.New("control: the address's host has not consented")
	}
	return &Control{cfg: cfg}, nil
}

// Run fetches until the context ends; then nothing of it is left.
func (c *Control) Run(ctx context.Context) {
	every(ctx, c.cfg.Guard, c.cfg.Clock, c.cfg.Every, &c.window, c.fetch)
}

// Begin opens the window of a trial, or of the base before the first load.
func (c *Control) Begin(trial string) { c.window.begin(trial) }

// End closes it and says what was seen.
func (c *Control) End() results.Beheld { return c.window.end(c.cfg.Clock.Now(), controlTimeout) }

func (c *Control) fetch(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	s := c.cfg.Driver.Open(firstPerson - 1)
	defer s.Forget()
	resp, err := s.Do(ctx, &runner.Request{Kind: runner.KindPage, Method: "GET", URL: c.cfg.URL})
	if err != nil || resp.Status >= 500 {
		return never
	}
	return resp.Timing.Done - resp.Timing.Sent
}
