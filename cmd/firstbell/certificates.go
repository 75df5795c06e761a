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

// report flags each host that changed.
func (c *certificates) report(at time.Duration, log *eventLog) {
	if c.first == nil {
		return
	}
	now := c.driver.Certificates()
	for _, host := range slices.Sorted(maps.Keys(now)) {
		if len(now[host]) > len(c.first[host]) {
			log.add(results.Event{At: at, Wall: time.Now(), Kind: results.EventTargetChanged, Text: host + ": certificate"})
		}
	}
}
