package main

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firstbell/runner/fleet"
)

// fleetOptions are the flags that say which machines play.
type fleetOptions struct {
	workers     string // how many; "" as many as are needed, or as the roster names
	listen      string // address remote workers reach us at
	nats        string // servers of an external cluster
	natsCreds   string // its own credentials file
	credentials string // the roster
	onLoss      string
	resume      string // run: the folder of a run whose coordinator died

	count  int           // workers, read; 0: not given
	linger time.Duration // run: how long a resumed fleet waits for who is not heard; 0: not given
}

func addFleet(c *cobra.Command, o *fleetOptions) {
	f := c.Flags()
	f.StringVar(&o.workers, "workers", "", "processes that play the storm together; with --listen or --nats, remote workers to wait for (default: as many as the plan needs, or as the roster names)")
	f.StringVar(&o.listen, "listen", "", "wait for remote workers at this address, HOST:PORT")
	f.StringVar(&o.nats, "nats", "", "carry the fleet's messages over this NATS cluster: tls://a:4222,tls://b:4222")
	f.StringVar(&o.natsCreds, "nats-creds", "", "credentials file of that cluster")
	f.StringVar(&o.credentials, "credentials", "", "the fleet's roster.json, as firstbell credentials makes it")
	f.StringVar(&o.onLoss, "on-loss", fleet.OnLossContinue, "when a worker is lost: continue (the others take over its people) or stop")
}

func (o *fleetOptions) settings() map[string]*string {
	return map[string]*string{"workers": &o.workers, "listen": &o.listen, "nats": &o.nats, "nats-creds": &o.natsCreds,
		"credentials": &o.credentials, "on-loss": &o.onLoss}
}

// check refuses values and combinations that mean nothing.
func (o *fleetOptions) check() error {
	if o.onLoss == "" {
		o.onLoss = fleet.OnLossContinue
	}
	if err := errors.Join(oneOf("on-loss", o.onLoss, fleet.OnLossContinue, fleet.OnLossStop), o.readWorkers(), o.readListen(), o.readNATS()); err != nil {
		return err
	}
	switch {
	case o.listen != "" && o.nats != "":
		return usageError("--listen and --nats exclude each other: the messages go through our own server, or through the cluster")
	case o.natsCreds != "" && o.nats == "":
		return usageError("--nats-creds opens a cluster: say which, with --nats")
	case o.credentials != "" && !o.remote():
		return usageError("--credentials is for remote workers: add --listen HOST:PORT or --nats URL")
	case o.nats != "" && o.credentials == "":
		return &userError{exit: exitRefused, code: "FB0602", what: "a fleet on a cluster needs a roster",
			why: "anybody who may publish there could join otherwise", fix: "firstbell credentials --workers 4 --out fleet-keys, then --credentials fleet-keys/roster.json"}
	case o.listen != "" && o.credentials == "" && !loopbackListen(o.listen):
		return &userError{exit: exitRefused, code: "FB0602", what: "nobody is let in from another machine without credentials",
			why: o.listen + " can be reached from outside", fix: "firstbell credentials --workers 4 --host " + hostOf(o.listen) + " --out fleet-keys, then --credentials fleet-keys/roster.json"}
	case o.listen != "" && o.credentials == "" && o.count == 0:
		return usageError("--listen without --credentials: say how many workers to wait for, with --workers")
	}
	return nil
}

// remote reports whether the workers are processes that others start.
func (o *fleetOptions) remote() bool { return o.listen != "" || o.nats != "" }

func (o *fleetOptions) readWorkers() error {
	if o.workers == "" {
		return nil
	}
	n, err := strconv.Atoi(o.workers)
	if err != nil || n < 1 || n > fleet.MaxWorkers {
		return usageError("--workers %q: want a whole number from 1 to %d", o.workers, fleet.MaxWorkers)
	}
	o.count = n
	return nil
}

func (o *fleetOptions) readListen() error {
	if o.listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(o.listen)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || host == "" && n == 0 {
		return usageError("--listen %q: want HOST:PORT, like 0.0.0.0:7422", o.listen)
	}
	return nil
}

func (o *fleetOptions) readNATS() error {
	for _, u := range strings.Split(o.nats, ",") {
		scheme, rest, ok := strings.Cut(strings.TrimSpace(u), "://")
		if o.nats == "" || ok && rest != "" && !strings.Contains(rest, "@") && (scheme == "nats" || scheme == "tls") {
			continue
		}
		if strings.Contains(rest, "@") {
			return usageError("--nats: no password in an address; give --nats-creds FILE")
		}
		if scheme == "ws" || scheme == "wss" {
			return usageError("--nats %q: the fleet speaks NATS itself, not through a web socket: want addresses like tls://nats.example:4222", o.nats)
		}
		return usageError("--nats %q: want addresses like tls://nats.example:4222, separated by commas", o.nats)
	}
	return nil
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "NAME"
	}
	return host
}

// loopbackListen reports whether only this machine can reach an address.
func loopbackListen(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
