package runner

// Machine is what this process may use. 0 means unknown: nothing is checked
// against it.
type Machine struct {
	CPUs        float64 // allowed: affinity and cgroup quota, not GOMAXPROCS
	Descriptors int     // RLIMIT_NOFILE, after raising it as far as allowed
	Ports       int     // local ports for connections out
	Memory      int64   // bytes available now
}
