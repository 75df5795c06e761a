// Package results holds what happened: outcomes, samples, the numbered deltas
// they fold into, and the run folder the deltas are written to. It is a leaf:
// it knows no scenario, no engine and no report.
package results
