// Command firstbell replays the 9 a.m. of a first day of remote school against
// a staging portal and writes a readiness report.
//
// This package is the only place with flags, environment variables, standard
// streams, signals and exit codes. One file per command; each command is a
// constructor newXxxCmd(env) and a function that does the work on plain values,
// so tests drive it without a process. The steps that run and demo share are in
// execute.go, in the order they happen.
package main
