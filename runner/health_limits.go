package runner

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// descriptorLimit is RLIMIT_NOFILE now: another process can cut it in mid-run.
func descriptorLimit() int {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return int(min(uint64(l.Cur), math.MaxInt32))
}

// raiseDescriptors asks for the hard limit; a refusal leaves things as they
// are, and the plan is checked against what was got.
func raiseDescriptors() {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil || l.Cur >= l.Max {
		return
	}
	l.Cur = l.Max
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &l)
}

// timeWaiting reads "TCP: inuse 5 orphan 0 tw 12 alloc 8 mem 1".
func timeWaiting(sockstat string) int {
	for line := range strings.Lines(sockstat) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			if fields[i] == "tw" {
				return int(number(fields[i+1]))
			}
		}
	}
	return 0
}

// portRange reads "32768 60999".
func portRange(text string) int {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0
	}
	from, err1 := strconv.Atoi(fields[0])
	to, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil || from < 1 || to < from || to > 65535 {
		return 0
	}
	return to - from + 1
}

// memoryAvailable reads the MemAvailable line of /proc/meminfo, in bytes.
func memoryAvailable(meminfo string) int64 {
	for line := range strings.Lines(meminfo) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "MemAvailable:" {
			return number(fields[1]) * 1024
		}
	}
	return 0
}
