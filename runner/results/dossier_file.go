package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of a journal: a session has some dozens of trials.
const (
	maxDossierFile = 8 << 20
	maxTrials      = 1000
)

// ReadDossier reads the journal in a session's folder. The error is
// [os.ErrNotExist] when the folder holds none. A journal that names a folder
// outside its own is refused.
func ReadDossier(dir string) (*Dossier, error) {
	b, err := readBounded(filepath.Join(dir, DossierFile), maxDossierFile)
	if err != nil {
		return nil, fmt.Errorf("read dossier: %w", err)
	}
	d := new(Dossier)
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("read dossier: %s: %w", DossierFile, err)
	}
	if major, _, _ := strings.Cut(d.Schema, "."); major != "1" {
		return nil, fmt.Errorf("read dossier: schema %q is not known", d.Schema)
	}
	if len(d.Trials) > maxTrials || len(d.Resets) > maxTrials {
		return nil, fmt.Errorf("read dossier: %d trials, %d resets", len(d.Trials), len(d.Resets))
	}
	for _, t := range d.Trials {
		if !plainName(t.Name) {
			return nil, fmt.Errorf("read dossier: %q is no trial's name", t.Name)
		}
	}
	if err := d.checkSizes(); err != nil {
		return nil, fmt.Errorf("read dossier: %w", err)
	}
	if d.Before != nil {
		if err := d.Before.Check(); err != nil {
			return nil, fmt.Errorf("read dossier: %w", err)
		}
	}
	return d, nil
}

// plainName reports whether a trial's name is one element of a path.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) < 200 && !strings.ContainsAny(name, "/\\\n\r\x00")
}

// Write replaces the journal as a whole: whoever is killed leaves the one
// before, or the new one.
func (d *Dossier) Write(dir string) error {
	for _, t := range d.Trials {
		if !plainName(t.Name) {
			return fmt.Errorf("write dossier: %q is no trial's name", t.Name)
		}
	}
	b, err := json.MarshalIndent(d, "", " ")
	if err == nil {
		err = WriteFileAtomic(filepath.Join(dir, DossierFile), append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write dossier: %w", err)
	}
	return nil
}

// IsDossier reports whether a folder is a session's, rather than a run's.
func IsDossier(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, DossierFile))
	return !errors.Is(err, os.ErrNotExist)
}

// TrialPath is the folder of a trial of the session in dir.
func TrialPath(dir, name string) string { return filepath.Join(dir, TrialDir, name) }

// Finished is the trial of that name, if it has been played to its end.
func (d *Dossier) Finished(name string) (Trial, bool) {
	for _, t := range d.Trials {
		if t.Name == name {
			return t, true
		}
	}
	return Trial{}, false
}
