package main

import (
	"os"
	"path/filepath"

	"firstbell/report"
	"firstbell/runner/results"
	"firstbell/scenarios"
)

// buildDossier reads a session's folder, its trials included, and writes
// everything derived from them: the same folder gives the same bytes, also of a
// session that was killed.
func buildDossier(dir, lang string) (*report.Summary, error) {
	s, err := judgedSession(dir)
	if err != nil {
		return nil, err
	}
	return s, publish(s, dir, lang)
}

// judgedSession reads a session's folder and judges it.
func judgedSession(dir string) (*report.Summary, error) {
	d, err := results.ReadDossier(dir)
	if err != nil {
		return nil, damagedSession(dir, err)
	}
	sc, err := keptScenario(dir)
	if err != nil {
		return nil, err
	}
	readings, err := keptMetrics(dir, d)
	if err != nil {
		return nil, err
	}
	s, err := report.JudgeDossier(d, trialsOf(dir), sc, readings)
	if err != nil {
		return nil, damagedSession(dir, err)
	}
	return s, nil
}

// trialsOf opens a session's trials by name.
func trialsOf(dir string) func(string) (*results.Run, error) {
	return func(name string) (*results.Run, error) { return results.Open(results.TrialPath(dir, name)) }
}

func damagedSession(dir string, err error) error {
	return &userError{exit: exitUsage, code: "FB0401", what: "the session in " + dir + " is damaged", why: err.Error(),
		fix: "compare the folder with its MANIFEST.sha256", cause: err}
}

// keptScenario parses the scenario.yaml of a folder: secrets are taken out of
// it, and no file it names is read.
func keptScenario(dir string) (*scenarios.Scenario, error) {
	src, err := readStart(filepath.Join(dir, results.ScenarioFile), scenarios.MaxFile+1)
	if err != nil {
		return nil, damagedSession(dir, err)
	}
	return parseKept(src, dir)
}

func parseKept(src []byte, dir string) (*scenarios.Scenario, error) {
	return scenarios.Parse(src, scenarios.Options{Dir: dir, Name: filepath.Join(dir, results.ScenarioFile), SkipFiles: true,
		Env: func(string) (string, bool) { return "", true }})
}

// build writes the report of any folder, a run's or a session's.
func build(dir, lang string) (*report.Summary, error) {
	if results.IsDossier(dir) {
		return buildDossier(dir, lang)
	}
	return buildReport(dir, lang)
}

// realDir follows runs/latest.
func realDir(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// folderExists reports whether anything has that name.
func folderExists(dir string) bool {
	_, err := os.Lstat(dir)
	return err == nil
}
