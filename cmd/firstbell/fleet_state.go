package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"firstbell/runner/results"
)

// What a fleet keeps on the coordinator's machine while it is open, in
// OUT/.fleet/ID: its server's store, the credentials made for it, the spools of
// its own processes. It is removed when the fleet has closed cleanly; what a
// killed coordinator leaves is what --resume reads.
const (
	fleetDir     = ".fleet"
	stateFile    = "fleet.json"
	rosterFile   = "roster.json"
	operatorFile = "operator.json"
	storeDir     = "store"
	spoolDir     = "spool"
)

// fleetState is fleet.json: where the fleet is. It holds no secret.
type fleetState struct {
	Schema   string            `json:"schema_version"`
	RunID    string            `json:"run_id"`
	Kind     results.FleetKind `json:"kind"`
	Size     int               `json:"size"`
	OnLoss   string            `json:"on_loss"`
	URL      string            `json:"url"`    // for those who join
	Listen   string            `json:"listen"` // our own server's; "" on a cluster
	NATS     string            `json:"nats,omitempty"`
	NATSCred string            `json:"nats_creds,omitempty"` // the file's name
	Operator string            `json:"operator"`             // the file's name
	Out      string            `json:"out"`                  // where the run folders are
	Lang     string            `json:"lang"`
	Started  time.Time         `json:"started"`
}

const stateSchema = "1.0"

func stateDirOf(out, runID string) string { return filepath.Join(out, fleetDir, runID) }

func (s *fleetState) write(dir string) error {
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return results.WriteFileAtomic(filepath.Join(dir, stateFile), append(b, '\n'))
}

const maxState = 64 << 10

func readState(dir string) (*fleetState, error) {
	b, err := readStart(filepath.Join(dir, stateFile), maxState)
	if err != nil {
		return nil, err
	}
	var s fleetState
	if err := strictJSON(b, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, stateFile), err)
	}
	if s.Schema != stateSchema {
		return nil, fmt.Errorf("%s: version %q, this firstbell reads %s", filepath.Join(dir, stateFile), s.Schema, stateSchema)
	}
	return &s, nil
}

// makeStateDir makes the folder of a fleet's state, which nobody else may read.
func makeStateDir(dir string) error {
	all := filepath.Dir(dir)
	if err := os.MkdirAll(filepath.Dir(all), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(all, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return os.Mkdir(dir, 0o700)
}

// removeState forgets a fleet that has closed, and the folder of all of them with
// the last one.
func removeState(dir string) error {
	err := os.RemoveAll(dir)
	_ = os.Remove(filepath.Dir(dir)) // not empty: another fleet's
	return err
}
