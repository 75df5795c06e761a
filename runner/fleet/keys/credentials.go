package keys

import "fmt"

// Schema is the version of credentials and roster files.
const Schema = "1.0"

// MaxWorkers bounds a roster.
const MaxWorkers = 1000

// Role is what a member may do.
type Role string

const (
	RoleCoordinator Role = "coordinator"
	RoleWorker      Role = "worker"
	RoleOperator    Role = "operator" // may look and stop
)

// Names of the two members that are not workers.
const (
	NameCoordinator = "coordinator"
	NameOperator    = "operator"
)

// WorkerName is the name of worker index (from 0): w000, w001…
func WorkerName(index int) string { return fmt.Sprintf("w%03d", index) }

// Credentials are one member's secrets, a file of mode 0600. They are never
// logged: every verb of package fmt, slog and encoding/json show the name only.
// [Credentials.Write] writes the file.
type Credentials struct {
	Schema string `json:"schema_version"` // "1.0"
	Fleet  string `json:"fleet"`          // the fleet's id, a random word
	Role   Role   `json:"role"`
	Name   string `json:"name"`      // coordinator, operator, w000…
	Sign   string `json:"sign_seed"` // nkey seed, SU…
	Seal   string `json:"seal_seed"` // curve seed, SX…
	// Coordinator is the public half of whom to believe.
	Coordinator Public `json:"coordinator"`
	// Authority is the PEM certificate that vouches for the coordinator's TLS
	// certificate; "" when the bus is on loopback, or vouched for by the system.
	Authority string `json:"authority_pem,omitempty"`
}

// Public is the public half of a member's keys.
type Public struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	Sign string `json:"sign"` // U…
	Seal string `json:"seal"` // X…
}

// Roster is everybody's public half, with the coordinator's own secrets: what the
// coordinator needs. A file of mode 0600.
type Roster struct {
	Schema      string      `json:"schema_version"`
	Fleet       string      `json:"fleet"`
	Coordinator Credentials `json:"coordinator"`
	Workers     []Public    `json:"workers"` // w000 is the first
	Operator    Public      `json:"operator"`
	// Certificate and Key are PEM, of the server's TLS; "" for loopback.
	Certificate string `json:"certificate_pem,omitempty"`
	Key         string `json:"key_pem,omitempty"`
}

// Find gives the public half of a member by its name.
func (r *Roster) Find(name string) (Public, bool) {
	switch name {
	case NameCoordinator:
		return r.Coordinator.Coordinator, true
	case NameOperator:
		return r.Operator, true
	}
	for _, w := range r.Workers {
		if w.Name == name {
			return w, true
		}
	}
	return Public{}, false
}
