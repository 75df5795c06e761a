package report

// traces is what a trial's folder tells beyond its series.
type traces struct{}
