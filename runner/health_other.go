//go:build !linux

package runner

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// system reads what macOS tells a process about itself without listing:
// its CPU time and its limit of descriptors.
type system struct{}

func newSystem() *system { return &system{} }

func (s *system) read() readings {
	return readings{cpu: ownCPU(), cpus: float64(runtime.NumCPU()), descLimit: descriptorLimit()}
}

// ThisMachine is what this process may use now. It first raises its own limit
// of descriptors as far as it is allowed.
func ThisMachine() Machine {
	raiseDescriptors()
	return Machine{CPUs: float64(runtime.NumCPU()), Descriptors: descriptorLimit()}
}

func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
