package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// Options are what a new fleet's credentials are made for.
type Options struct {
	Workers int      // 1 to MaxWorkers
	Hosts   []string // names and IP addresses the coordinator is reached at; none: no certificate, loopback only
	Now     time.Time
}

// Generate makes the credentials of a new fleet: the coordinator's roster, those
// of each worker (w000 first) and the operator's. Every key is new.
func Generate(o Options) (*Roster, []Credentials, Credentials, error) {
	if o.Workers < 1 || o.Workers > MaxWorkers {
		return nil, nil, Credentials{}, fmt.Errorf("credentials are made for 1 to %d workers, not %d", MaxWorkers, o.Workers)
	}
	r := &Roster{Schema: Schema, Fleet: newFleetID()}
	authority := ""
	if len(o.Hosts) > 0 {
		var err error
		if authority, r.Certificate, r.Key, err = newCertificate(o.Hosts, o.Now); err != nil {
			return nil, nil, Credentials{}, err
		}
	}
	coordinator, public, err := newMember(r.Fleet, RoleCoordinator, NameCoordinator)
	if err != nil {
		return nil, nil, Credentials{}, err
	}
	complete := func(c *Credentials) { c.Coordinator, c.Authority = public, authority }
	complete(&coordinator)
	r.Coordinator = coordinator

	workers := make([]Credentials, o.Workers)
	for i := range workers {
		var p Public
		if workers[i], p, err = newMember(r.Fleet, RoleWorker, WorkerName(i)); err != nil {
			return nil, nil, Credentials{}, err
		}
		complete(&workers[i])
		r.Workers = append(r.Workers, p)
	}
	operator, p, err := newMember(r.Fleet, RoleOperator, NameOperator)
	if err != nil {
		return nil, nil, Credentials{}, err
	}
	complete(&operator)
	r.Operator = p
	return r, workers, operator, nil
}

// newFleetID is a random word of ten letters and digits: part of every subject,
// so nothing else may stand in it.
func newFleetID() string { return strings.ToLower(rand.Text()[:10]) }

func newMember(fleet string, role Role, name string) (Credentials, Public, error) {
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return Credentials{}, Public{}, fmt.Errorf("making a key: %w", err)
	}
	sign, err := nkeys.EncodeSeed(nkeys.PrefixByteUser, priv.Seed())
	if err != nil {
		return Credentials{}, Public{}, fmt.Errorf("making a key: %w", err)
	}
	curve, err := nkeys.CreateCurveKeys()
	if err != nil {
		return Credentials{}, Public{}, fmt.Errorf("making a key: %w", err)
	}
	seal, err := curve.Seed()
	if err != nil {
		return Credentials{}, Public{}, fmt.Errorf("making a key: %w", err)
	}
	c := Credentials{Schema: Schema, Fleet: fleet, Role: role, Name: name, Sign: string(sign), Seal: string(seal)}
	m, err := newMemberOf(&c)
	if err != nil {
		return Credentials{}, Public{}, err
	}
	return c, m.Public(), nil
}
