package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Bounds of the files, in bytes: a roster of MaxWorkers takes about 200 kB.
const (
	maxCredentials = 64 << 10
	maxRoster      = 1 << 20
)

// The files hold what the types themselves never show.
type credentialsFile Credentials

type rosterFile struct {
	Schema      string          `json:"schema_version"`
	Fleet       string          `json:"fleet"`
	Coordinator credentialsFile `json:"coordinator"`
	Workers     []Public        `json:"workers"`
	Operator    Public          `json:"operator"`
	Certificate string          `json:"certificate_pem,omitempty"`
	Key         string          `json:"key_pem,omitempty"`
}

// ReadCredentials reads and checks one member's credentials.
func ReadCredentials(path string) (*Credentials, error) {
	var f credentialsFile
	if err := readFile(path, maxCredentials, &f); err != nil {
		return nil, err
	}
	c := Credentials(f)
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("credentials %s: %w", path, err)
	}
	return &c, nil
}

// ReadCredentialsFor reads the credentials of worker index (from 0) out of a
// folder that holds those of several: a Kubernetes Secret mounted into the pods of
// an Indexed Job.
func ReadCredentialsFor(dir string, index int) (*Credentials, error) {
	if index < 0 || index >= MaxWorkers {
		return nil, fmt.Errorf("there is no worker %d: workers are numbered from 0 to %d", index, MaxWorkers-1)
	}
	path := filepath.Join(dir, WorkerName(index)+".json")
	c, err := ReadCredentials(path)
	if err != nil {
		return nil, err
	}
	if c.Name != WorkerName(index) {
		return nil, fmt.Errorf("credentials %s: they are %s's", path, c.Name)
	}
	return c, nil
}

// ReadRoster reads and checks a roster.
func ReadRoster(path string) (*Roster, error) {
	var f rosterFile
	if err := readFile(path, maxRoster, &f); err != nil {
		return nil, err
	}
	r := &Roster{Schema: f.Schema, Fleet: f.Fleet, Coordinator: Credentials(f.Coordinator), Workers: f.Workers,
		Operator: f.Operator, Certificate: f.Certificate, Key: f.Key}
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("roster %s: %w", path, err)
	}
	return r, nil
}

// Write makes a new file of mode 0600; an existing one is never written over.
func (c *Credentials) Write(path string) error {
	return writeFile(path, credentialsFile(*c))
}

// Write makes a new file of mode 0600; an existing one is never written over.
func (r *Roster) Write(path string) error {
	return writeFile(path, rosterFile{Schema: r.Schema, Fleet: r.Fleet, Coordinator: credentialsFile(r.Coordinator),
		Workers: r.Workers, Operator: r.Operator, Certificate: r.Certificate, Key: r.Key})
}

func writeFile(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: credentials are never written over; choose another folder, or remove it if nobody needs them", path)
	}
	if err != nil {
		return fmt.Errorf("writing credentials: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// readFile reads JSON strictly. Errors never quote the content.
func readFile(path string, limit int64, into any) error {
	// A pipe would keep Open waiting.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading credentials: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading credentials: %w", err)
	}
	if err := private(path, info); err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return fmt.Errorf("reading credentials: %w", err)
	}
	if int64(len(text)) > limit {
		return fmt.Errorf("%s is larger than %d bytes: it is not a credentials file", path, limit)
	}
	if err := decodeStrict(text, into); err != nil {
		return fmt.Errorf("%s is not a file of firstbell credentials of this kind (%w)", path, err)
	}
	return nil
}

var (
	errNotJSON   = errors.New("its content is not the JSON expected")
	errMoreAfter = errors.New("something follows the JSON")
)

func decodeStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errNotJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMoreAfter
	}
	return nil
}
