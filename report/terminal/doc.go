// Package terminal prints the end of a run for a person at a terminal: two
// tables, the checks of the test, and the verdict last, with where the report
// is. Symbol and word always stand together, so nothing is lost without
// colour; whether there is colour is the caller's choice.
package terminal
