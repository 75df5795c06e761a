package consent

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"firstbell/runner"
)

// Path is where a host publishes its consent.
const Path = "/.well-known/firstbell.json"

// Bounds of a consent file.
const (
	maxFile      = 64 << 10
	DefaultGrace = 2 * time.Minute
	maxGrace     = 10 * time.Minute
	maxText      = 300
)

// File is a consent as it is published; see the package for the meaning of its
// fields.
type File struct {
	Host                 string    `json:"host,omitempty"` // host or host:port; "" for wherever it is served
	ConsentedBy          string    `json:"consented_by"`
	Environment          string    `json:"environment"` // "staging", nothing else
	NotBefore            time.Time `json:"not_before"`
	NotAfter             time.Time `json:"not_after"`
	RequestsPerSecond    float64   `json:"requests_per_second"`    // highest, all workers together
	ConnectionsPerSecond float64   `json:"connections_per_second"` // highest new ones, likewise
	Grace                Duration  `json:"grace"`
	Control              string    `json:"control,omitempty"` // https address that may say stop, too
	KeySHA256            string    `json:"key_sha256,omitempty"`
	Stop                 bool      `json:"stop,omitempty"`
}

// Duration is written as Go writes durations: "120s".
type Duration time.Duration

// MarshalJSON gives the text form.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads the text form only.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return errors.New(`grace must be text like "120s"`)
	}
	v, err := time.ParseDuration(s)
	*d = Duration(v)
	return err
}

// errNotOurs is an answer that is no consent file at all: a login page, an
// error page, nothing.
var errNotOurs = errors.New("it is not a firstbell consent file")

// parseFile reads a published file. An answer that is not a consent file gives
// errNotOurs; one that is, but says something unreadable, another error.
func parseFile(b []byte) (*File, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(b, &keys); err != nil || len(b) > maxFile {
		return nil, errNotOurs
	}
	if keys["environment"] == nil && keys["consented_by"] == nil && keys["stop"] == nil {
		return nil, errNotOurs
	}
	// stop is read alone first: nothing else in the file may hide it.
	var f File
	if raw := keys["stop"]; raw != nil && json.Unmarshal(raw, &f.Stop) == nil && f.Stop {
		return &f, nil
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, errors.New("a field has the wrong type, or a time is not like 2026-01-12T08:00:00+01:00")
	}
	if f.Grace == 0 && keys["grace"] == nil {
		f.Grace = Duration(DefaultGrace)
	}
	return &f, nil
}

// check says what is wrong with a file for o at now, and how to mend it.
func (f *File) check(o runner.Origin, key string, now time.Time) (why, fix string) {
	switch {
	case f.Stop:
		return `it says "stop": true`, `take "stop" out when load is welcome again`
	case f.Environment != "staging":
		return fmt.Sprintf("its environment is %q", cut(f.Environment)), `only "environment": "staging" is ever loaded`
	case f.Host != "" && !f.isFor(o):
		return fmt.Sprintf("it is the consent of %q", cut(f.Host)), "publish a file whose host is " + o.HostHeader()
	case strings.TrimSpace(f.ConsentedBy) == "" || len(f.ConsentedBy) > maxText:
		return "it does not say who consents", "fill in consented_by: a name and how to reach them"
	case f.NotBefore.IsZero() || f.NotAfter.IsZero() || !f.NotBefore.Before(f.NotAfter):
		return "its time window is missing or empty", "fill in not_before and not_after"
	case now.Before(f.NotBefore):
		return "its time window opens at " + f.NotBefore.Format(time.RFC3339), "come back then, or change not_before"
	case !now.Before(f.NotAfter):
		return "its time window closed at " + f.NotAfter.Format(time.RFC3339), "change not_after"
	case !(f.RequestsPerSecond > 0) || !(f.ConnectionsPerSecond > 0):
		return "it does not say how much load is welcome", "fill in requests_per_second and connections_per_second"
	case f.Grace < 0 || time.Duration(f.Grace) > maxGrace:
		return "its grace is out of bounds", "grace lies between 0s and " + maxGrace.String()
	case f.Control != "" && controlURL(f.Control) == nil:
		return "its control address cannot be used", "control is an https address (http only on loopback), without user name"
	case f.KeySHA256 != "" && !keyFits(f.KeySHA256, key):
		return "it asks for a key that this run does not have", "give the run the phrase agreed on with the operator"
	}
	return "", ""
}

// isFor reports whether the file's own host is o.
func (f *File) isFor(o runner.Origin) bool {
	u, err := url.Parse(o.Scheme + "://" + f.Host)
	if err != nil || u.Path != "" || u.RawQuery != "" {
		return false
	}
	named, err := runner.OriginOf(u)
	return err == nil && named == o
}

// same reports whether nothing has changed.
func (f *File) same(g *File) bool {
	a, b := *f, *g
	equal := a.NotBefore.Equal(b.NotBefore) && a.NotAfter.Equal(b.NotAfter)
	a.NotBefore, a.NotAfter, b.NotBefore, b.NotAfter = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return equal && a == b
}

// controlURL gives a usable control address, else nil.
func controlURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		return nil
	}
	o, err := runner.OriginOf(u)
	if err != nil || o.Scheme != "https" && !o.Loopback() {
		return nil
	}
	return u
}

func keyFits(want, key string) bool {
	sum := sha256.Sum256([]byte(key))
	got := hex.EncodeToString(sum[:])
	return key != "" && subtle.ConstantTimeCompare([]byte(strings.ToLower(want)), []byte(got)) == 1
}

// TemplateOptions fill in [Template]; zero values give a day from now.
type TemplateOptions struct {
	Now                  time.Time // required
	ConsentedBy          string
	NotBefore, NotAfter  time.Time
	RequestsPerSecond    float64
	ConnectionsPerSecond float64
}

// Template gives the file that host (host or host:port) must publish at [Path].
// It is valid once consented_by names somebody.
func Template(host string, o TemplateOptions) []byte {
	f := File{
		Host: host, ConsentedBy: o.ConsentedBy, Environment: "staging",
		NotBefore: o.NotBefore, NotAfter: o.NotAfter,
		RequestsPerSecond: o.RequestsPerSecond, ConnectionsPerSecond: o.ConnectionsPerSecond,
		Grace: Duration(DefaultGrace),
	}
	if f.NotBefore.IsZero() {
		f.NotBefore = o.Now.Truncate(time.Hour)
	}
	if f.NotAfter.IsZero() {
		f.NotAfter = f.NotBefore.Add(24 * time.Hour)
	}
	if f.RequestsPerSecond <= 0 {
		f.RequestsPerSecond = 300
	}
	if f.ConnectionsPerSecond <= 0 {
		f.ConnectionsPerSecond = 100
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil { // only a time beyond year 9999 or an infinite rate
		return []byte("{}\n")
	}
	return append(b, '\n')
}

// cut bounds a text from a file that is shown.
func cut(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s), "?")
}
