package main

import (
	"errors"
	"os"
	"path/filepath"

	"firstbell/report"
	"firstbell/runner/results"
)

// keepMetrics copies what the target's own servers measured into the session's
// folder, in one form, in the place of an earlier file: the report is rebuilt from
// the folder alone.
func keepMetrics(dir, file string) error {
	return inSession(dir, func(d *results.Dossier) error {
		b, err := readStart(file, report.MaxReadingsFile+1)
		if err != nil {
			return &userError{exit: exitUsage, code: "FB0404", what: "--server-metrics " + file + " cannot be read", why: cause(err), fix: "name a CSV file that you may read", cause: err}
		}
		readings, err := report.ParseReadings(b, file, report.StepsOf(d, trialsOf(dir)))
		if err != nil {
			return err
		}
		return unwritten(dir, results.WriteFileAtomic(filepath.Join(dir, report.ReadingsFile), report.WriteReadings(readings)))
	})
}

// keptMetrics reads that file; none is no error.
func keptMetrics(dir string, d *results.Dossier) ([]report.Reading, error) {
	name := filepath.Join(dir, report.ReadingsFile)
	b, err := readStart(name, report.MaxReadingsFile+1)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		var list []report.Reading
		if list, err = report.ParseReadings(b, name, report.StepsOf(d, trialsOf(dir))); err == nil {
			return list, nil
		}
	}
	return nil, damagedSession(dir, err)
}
