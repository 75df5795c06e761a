package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// knownAnswer is one row of the bench that proves the tool: a target whose truth
// is a formula, what must come out of it, and the tests that say so.
type knownAnswer struct {
	id, target, accept string
	tests              []string // file.go:Function, from the module's root
}

// bench is the whole of it. Virtual time wherever the answer does not depend on
// sockets; what is marked slow needs -tags slow.
var bench = []knownAnswer{
	{"K1", "M/D/c, M/M/c, H2/c", "C ±3 %, rate held ±5 % in 15 minutes of test; P(T>t) inside its interval, which covers ≥ 90 of 100 seeds", []string{
		"runner/capacity/search_test.go:TestK1KnownCapacity", "runner/capacity/search_test.go:TestWorkReadsWhatGoodputCannot",
		"runner/queues_test.go:TestSojournKnownAnswer", "runner/queues_slow_test.go:TestSlowIntervalsCoverTheTruth"}},
	{"K2", "constant and two-mode latencies", "HDR ±0.1 %", []string{"runner/results/hist_test.go:TestHistKnownAnswers"}},
	{"K3", "freeze F every P", "quantile F(1-(1-p)P/F) ±2 %", []string{"runner/knownanswers_test.go:TestFreezeKnownAnswer"}},
	{"K4", "token bucket", "q ±1 %, sign quota", []string{
		"runner/knownanswers_test.go:TestTokenBucketKnownAnswer", "runner/results/stats/limiter_test.go:TestLimiter",
		"report/signatures_test.go:TestSignQuota", "runner/capacity/odd_test.go:TestQuotaIsNoBreakingPoint"}},
	{"K5", "concurrency cap", "Erlang B ±0.5 point, sign pool", []string{
		"runner/queues_test.go:TestErlangBKnownAnswer", "report/signatures_test.go:TestSignPool"}},
	{"K6", "waiting room at q/s", "N/q ± one poll, in order", []string{
		"runner/knownanswers_test.go:TestWaitingRoomKnownAnswer", "runner/queues_test.go:TestOrderOfAWaitingRoomKnownAnswer"}},
	{"K7", "zombie work, R refreshes", "state right at ≤ 0.9 and ≥ 1.1 of C/(1+R), slope ±0.01", []string{
		"runner/queues_test.go:TestRetryStormKnownAnswer", "report/recovery_test.go:TestMetastable"}},
	{"K8", "Erlang A", "±1 point", []string{"runner/queues_test.go:TestErlangAKnownAnswer"}},
	{"K9", "chain of four, with and without a shared pool", "never wrong; named ≥ 90 % when 10 % apart", []string{
		"report/attribution_test.go:TestWeakestOfAChain", "report/attribution_test.go:TestSharedPoolIsNotSeparable"}},
	{"K10", "crash at X/s, restart", "X ±5 %, sign crash", []string{
		"runner/queues_test.go:TestCrashKnownAnswer", "report/signatures_test.go:TestSignCrash"}},
	{"K11", "full accept queue, real sockets (slow)", "all rungs of this kernel's ladder", []string{
		"runner/httpdriver/syn_slow_test.go:TestFullAcceptQueue"}},
	{"K12", "storm on M/M/16", "N* ±5 %", []string{
		"runner/results/stats/storm_test.go:TestLargestStorm", "runner/capacity/after_test.go:TestLargestStorm"}},
	{"K13", "faulty generator: stopped, capped, killed, clock 200 ms ahead, 1 % of sends dropped", "never ready", []string{
		"report/faulty_test.go:TestFaultyGenerator", "cmd/firstbell/sink_slow_test.go:TestCalibrationOfASlowGenerator",
		"cmd/firstbell/slow_generator_test.go:TestSuspended"}},
	{"K14", "verdicts over 100 seeds", "ready ≥ 95 at 0.90, not ready ≥ 95 at 1.10, wrong ≤ 1", []string{
		"report/calibration_test.go:TestVerdictsAreCalibrated"}},
	{"K15", "partition of the schedule", "one digest for every number of workers, also with one lost", []string{
		"scenarios/arrivals/schedule_test.go:TestSlicesUnite", "scenarios/arrivals/schedule_test.go:TestAWorkerLess"}},
	{"K16", "straight line, noise", "no knee, no change point in 100", []string{"runner/results/stats/changes_test.go:TestNothingChanges"}},
	{"K17", "capacity falls by a tenth", "drift flagged", []string{"runner/capacity/odd_test.go:TestK17DriftIsFlagged"}},
	{"K18", "heals to 70 %", "degraded, not recovered", []string{"report/recovery_test.go:TestSlowHealer"}},
}

// TestBenchIsWhole fails when a known answer loses its test.
func TestBenchIsWhole(t *testing.T) {
	if len(bench) != 18 {
		t.Fatalf("%d known answers, want 18", len(bench))
	}
	for _, k := range bench {
		if len(k.tests) == 0 {
			t.Errorf("%s (%s) has no test", k.id, k.target)
		}
		for _, where := range k.tests {
			file, name := splitTest(where)
			if !hasFunction(t, filepath.Join("..", "..", filepath.FromSlash(file)), name) {
				t.Errorf("%s: %s does not exist", k.id, where)
			}
		}
	}
}

func splitTest(where string) (file, name string) {
	for i := len(where) - 1; i >= 0; i-- {
		if where[i] == ':' {
			return where[:i], where[i+1:]
		}
	}
	return where, ""
}

func hasFunction(t *testing.T, file, name string) bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Errorf("%v", err)
		return false
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name && f.Recv == nil {
			return true
		}
	}
	return false
}
