package runner

import (
	"runtime"
	"strconv"

	"firstbell/runner/results/stats"
)

// What Linux does when it does not say (Documentation/networking/ip-sysctl.rst):
// before 6.5 there were no linear timeouts.
const (
	defaultSynLinear  = 0
	defaultSynRetries = 6
	synTimeout        = 1.0 // seconds, TCP_TIMEOUT_INIT; RFC 6298 2.1
)

// SynLadder is the instants, in seconds after a connection attempt, at which
// this machine's kernel sends a SYN again that nobody answers: a full accept queue
// on the other side shows as times to connect that gather there. said is false
// when the kernel did not tell its settings and its documented defaults were
// taken. Nil on systems other than Linux, whose ladders are not documented.
func SynLadder() (rungs []float64, said bool) {
	if runtime.GOOS != "linux" {
		return nil, false
	}
	return synLadder(readSmall("/proc/sys/net/ipv4/tcp_syn_linear_timeouts"), readSmall("/proc/sys/net/ipv4/tcp_syn_retries"))
}

func synLadder(linear, retries string) (rungs []float64, said bool) {
	l, errLinear := strconv.Atoi(linear)
	r, errRetries := strconv.Atoi(retries)
	if errLinear != nil {
		l = defaultSynLinear // an older kernel has no such file
	}
	if errRetries != nil {
		r = defaultSynRetries
	}
	return stats.SynLadder(l, r, synTimeout), errRetries == nil
}
