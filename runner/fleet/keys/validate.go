package keys

import (
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"

	"github.com/nats-io/nkeys"
)

var (
	fleetID    = regexp.MustCompile(`^[a-z0-9]{4,32}$`)
	workerName = regexp.MustCompile(`^w[0-9]{3}$`)
)

// validate checks everything that can be checked without the other side.
func (c *Credentials) validate() error {
	if c.Schema != Schema {
		return fmt.Errorf("schema_version is %q, this firstbell reads %q", c.Schema, Schema)
	}
	if !fleetID.MatchString(c.Fleet) {
		return errors.New("fleet is not a word of 4 to 32 small letters and digits")
	}
	if err := validateName(c.Role, c.Name); err != nil {
		return err
	}
	m, err := newMemberOf(c)
	if err != nil {
		return err
	}
	if err := c.Coordinator.validate(RoleCoordinator); err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	own := m.Public()
	switch same := own.Sign == c.Coordinator.Sign || own.Seal == c.Coordinator.Seal; {
	case c.Role == RoleCoordinator && own != c.Coordinator:
		return errors.New("the coordinator's public keys are not those of its seeds")
	case c.Role != RoleCoordinator && same:
		return errors.New("this member has the coordinator's keys")
	}
	if c.Authority != "" {
		_, err = authorityPool(c.Authority)
	}
	return err
}

func validateName(role Role, name string) error {
	ok := false
	switch role {
	case RoleCoordinator:
		ok = name == NameCoordinator
	case RoleOperator:
		ok = name == NameOperator
	case RoleWorker:
		ok = workerName.MatchString(name)
	default:
		return errors.New("role is none of coordinator, worker, operator")
	}
	if !ok {
		return fmt.Errorf("the name is not one of a %s", role)
	}
	return nil
}

func (p Public) validate(role Role) error {
	if p.Role != role {
		return fmt.Errorf("role is not %s", role)
	}
	if err := validateName(p.Role, p.Name); err != nil {
		return err
	}
	if !nkeys.IsValidPublicUserKey(p.Sign) {
		return errors.New("sign is not a public signing key (U…)")
	}
	if !isCurveKey(p.Seal) {
		return errors.New("seal is not a public curve key (X…)")
	}
	return nil
}

func (r *Roster) validate() error {
	if r.Schema != Schema {
		return fmt.Errorf("schema_version is %q, this firstbell reads %q", r.Schema, Schema)
	}
	if err := r.Coordinator.validate(); err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	if r.Coordinator.Role != RoleCoordinator {
		return errors.New("coordinator: role is not coordinator")
	}
	if r.Fleet != r.Coordinator.Fleet {
		return errors.New("the fleet is not the coordinator's")
	}
	if err := r.validateMembers(); err != nil {
		return err
	}
	return r.validateCertificate()
}

// validateMembers: workers stand in order without gaps, and no two members share
// a key.
func (r *Roster) validateMembers() error {
	if len(r.Workers) < 1 || len(r.Workers) > MaxWorkers {
		return fmt.Errorf("there are %d workers, not 1 to %d", len(r.Workers), MaxWorkers)
	}
	if err := r.Operator.validate(RoleOperator); err != nil {
		return fmt.Errorf("operator: %w", err)
	}
	seen := map[string]bool{}
	taken := func(p Public) bool {
		t := seen[p.Sign] || seen[p.Seal]
		seen[p.Sign], seen[p.Seal] = true, true
		return t
	}
	taken(r.Coordinator.Coordinator)
	if taken(r.Operator) {
		return errors.New("operator: its key is another member's")
	}
	for i, w := range r.Workers {
		if err := w.validate(RoleWorker); err != nil {
			return fmt.Errorf("worker %d: %w", i, err)
		}
		if w.Name != WorkerName(i) {
			return fmt.Errorf("worker %d is not called %s", i, WorkerName(i))
		}
		if taken(w) {
			return fmt.Errorf("worker %d: its key is another member's", i)
		}
	}
	return nil
}

func (r *Roster) validateCertificate() error {
	if (r.Certificate == "") != (r.Key == "") {
		return errors.New("certificate_pem and key_pem come together or not at all")
	}
	if r.Certificate == "" {
		return nil
	}
	if _, err := tls.X509KeyPair([]byte(r.Certificate), []byte(r.Key)); err != nil {
		return errors.New("certificate_pem and key_pem are not a certificate and its key")
	}
	return nil
}
