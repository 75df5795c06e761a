package runner

import (
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// system reads this process's state from the kernel: a dozen small files, some
// 100 µs.
type system struct {
	mounts []cgroupMount
}

func newSystem() *system {
	return &system{mounts: parseMounts(readSmall("/proc/self/mountinfo"))}
}

func (s *system) read() readings {
	// Read anew each time: a process can be moved to another group.
	dirs := groupDirs(s.mounts, readSmall("/proc/self/cgroup"), "cpu")
	return readings{
		cpu:         ownCPU(),
		throttled:   throttledTime(dirs),
		group:       strings.Join(dirs, " "),
		cpus:        allowedCPUs(dirs),
		descriptors: openDescriptors(),
		descLimit:   descriptorLimit(),
		timeWait:    timeWaiting(readSmall("/proc/self/net/sockstat")),
		portLimit:   portRange(readSmall("/proc/sys/net/ipv4/ip_local_port_range")),
		reusesPorts: readSmall("/proc/sys/net/ipv4/tcp_tw_reuse") == "1",
	}
}

// ThisMachine is what this process may use now. It first raises its own limit
// of descriptors as far as it is allowed.
func ThisMachine() Machine {
	raiseDescriptors()
	s := newSystem()
	r := s.read()
	return Machine{
		CPUs: r.cpus, Descriptors: r.descLimit, Ports: r.portLimit,
		Memory: s.memory(),
	}
}

// memory is what is free, or what the groups still allow when that is less.
func (s *system) memory() int64 {
	free := memoryAvailable(readSmall("/proc/meminfo"))
	left := memoryLeft(groupDirs(s.mounts, readSmall("/proc/self/cgroup"), "memory"))
	if left > 0 && (free == 0 || left < free) {
		return left
	}
	return free
}

// allowedCPUs is the least of the affinity, the groups' quota and GOMAXPROCS: a
// process held to one thread is saturated at one CPU, whatever the machine has.
func allowedCPUs(dirs []string) float64 {
	cpus := float64(runtime.NumCPU())
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &set); err == nil && set.Count() > 0 {
		cpus = float64(set.Count())
	}
	cpus = min(cpus, float64(runtime.GOMAXPROCS(0)))
	if quota := cpuQuota(dirs); quota > 0 && quota < cpus {
		return quota
	}
	return cpus
}

// openDescriptors is the size of /proc/self/fd, which newer kernels (6.2) give
// without listing it.
func openDescriptors() int {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/fd", &st); err == nil && st.Size > 0 {
		return int(st.Size)
	}
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	return max(0, len(names)-1) // without d itself
}

func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
