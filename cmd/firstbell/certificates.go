package main

import (
	"maps"
	"slices"
	"time"

	"firstbell/runner/httpdriver"
	"firstbell/runner/results"
)

// settled is when a target has shown its faces: several machines behind one
// name may each have a certificate of their own.
const settled = 10 * time.Second

// certificates notices a target that shows a certificate it had not shown in
// its first seconds: it may no longer be the same one. It is used by one
// goroutine at a time.
type certificates struct {
	driver *httpdriver.Driver
	first  map[string][]string
}

func (c *certificates) observe(at time.Duration) {
	if c.first == nil && at >= settled {
		c.first = c.driver.Certificates()
	}
}

// report flags each host that changed, and keeps what was shown for the judgement
// of a whole session: a target can change between two of its trials.
func (c *certificates) report(at time.Duration, log *eventLog) {
	now := c.driver.Certificates()
	for _, host := range slices.Sorted(maps.Keys(now)) {
		if c.first != nil && len(now[host]) > len(c.first[host]) {
			log.add(results.Event{At: at, Wall: time.Now(), Kind: results.EventTargetChanged, Text: host + ": certificate"})
		}
		for _, leaf := range now[host] {
			log.keep(results.CertificateShown(at, time.Now(), host, leaf))
		}
	}
}
