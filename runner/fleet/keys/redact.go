package keys

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Whatever prints credentials, a roster or a member prints this instead. A
// Formatter answers every verb, also those that would walk the fields.

func (c Credentials) label() string { return "credentials of " + c.Name + " in fleet " + c.Fleet }
func (r Roster) label() string {
	return fmt.Sprintf("roster of fleet %s (%d workers)", r.Fleet, len(r.Workers))
}
func (m *Member) label() string { return "member " + m.public.Name + " of fleet " + m.fleet }

// String shows no secret.
func (c Credentials) String() string { return c.label() }

// Format shows no secret, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.label()) }

// LogValue shows no secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.label()) }

// MarshalJSON shows no secret: only Write does.
func (c Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(c.label()) }

// String shows no secret.
func (r Roster) String() string { return r.label() }

// Format shows no secret, whatever the verb.
func (r Roster) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.label()) }

// LogValue shows no secret.
func (r Roster) LogValue() slog.Value { return slog.StringValue(r.label()) }

// MarshalJSON shows no secret: only Write does.
func (r Roster) MarshalJSON() ([]byte, error) { return json.Marshal(r.label()) }

// String shows no secret.
func (m *Member) String() string { return m.label() }

// Format shows no secret, whatever the verb.
func (m *Member) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.label()) }

// LogValue shows no secret.
func (m *Member) LogValue() slog.Value { return slog.StringValue(m.label()) }
