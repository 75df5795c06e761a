package runner

import (
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// cgroupMount is one mounted hierarchy: of version 2 when it names no
// controllers.
type cgroupMount struct {
	controllers []string
	root, point string
}

// parseMounts reads the cgroup lines of /proc/self/mountinfo (proc(5)):
//
//	30 24 0:26 /root /mount/point options - cgroup2 source superoptions
func parseMounts(mountinfo string) []cgroupMount {
	var out []cgroupMount
	for line := range strings.Lines(mountinfo) {
		left, right, found := strings.Cut(line, " - ")
		fields, super := strings.Fields(left), strings.Fields(right)
		if !found || len(fields) < 5 || len(super) < 3 {
			continue
		}
		m := cgroupMount{root: fields[3], point: fields[4]}
		switch super[0] {
		case "cgroup2":
		case "cgroup":
			m.controllers = strings.Split(super[2], ",")
		default:
			continue
		}
		out = append(out, m)
	}
	return out
}

// groupDirs gives the folders of the group this process is in for a
// controller, its own first, then its parents' up to the mount: a limit of any
// of them holds. cgroups is /proc/self/cgroup: "id:controllers:/path" lines,
// "0::/path" for version 2.
func groupDirs(mounts []cgroupMount, cgroups, controller string) []string {
	var out []string
	for line := range strings.Lines(cgroups) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for _, m := range mounts {
			v2 := parts[1] == "" && len(m.controllers) == 0
			v1 := has(strings.Split(parts[1], ","), controller) && has(m.controllers, controller)
			if v2 || v1 {
				out = append(out, m.dirs(parts[2])...)
			}
		}
	}
	return out
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// dirs are the folders of a group and its parents, at most 32.
func (m cgroupMount) dirs(group string) []string {
	rel := path.Clean("/" + strings.TrimPrefix(group, strings.TrimSuffix(m.root, "/")))
	var out []string
	for len(out) < 32 {
		out = append(out, path.Join(m.point, rel))
		if rel == "/" {
			break
		}
		rel = path.Dir(rel)
	}
	return out
}

// cpuQuota is the smallest number of CPUs the groups allow; 0 for no limit.
func cpuQuota(dirs []string) float64 {
	quota := 0.0
	for _, d := range dirs {
		limit := cpuMax(readSmall(path.Join(d, "cpu.max")))
		if limit == 0 {
			limit = cpuMax(readSmall(path.Join(d, "cpu.cfs_quota_us")) + " " + readSmall(path.Join(d, "cpu.cfs_period_us")))
		}
		if limit > 0 && (quota == 0 || limit < quota) {
			quota = limit
		}
	}
	return quota
}

// cpuMax reads "quota period"; "max" and -1 are no quota.
func cpuMax(text string) float64 {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return 0
	}
	quota, err1 := strconv.ParseInt(fields[0], 10, 64)
	period, err2 := strconv.ParseInt(fields[1], 10, 64)
	if err1 != nil || err2 != nil || quota <= 0 || period <= 0 {
		return 0
	}
	return float64(quota) / float64(period)
}

// throttledTime adds up how long the groups were kept off the CPU.
func throttledTime(dirs []string) time.Duration {
	var sum time.Duration
	for _, d := range dirs {
		sum += parseThrottled(readSmall(path.Join(d, "cpu.stat")))
	}
	return sum
}

// parseThrottled reads cpu.stat: throttled_usec in version 2, throttled_time
// in nanoseconds in version 1.
func parseThrottled(text string) time.Duration {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			continue
		}
		switch name {
		case "throttled_usec":
			return time.Duration(n) * time.Microsecond
		case "throttled_time":
			return time.Duration(n)
		}
	}
	return 0
}

// memoryLeft is the least the groups still allow; 0 for no limit.
func memoryLeft(dirs []string) int64 {
	left := int64(0)
	for _, d := range dirs {
		limit, used := number(readSmall(path.Join(d, "memory.max"))), number(readSmall(path.Join(d, "memory.current")))
		if limit == 0 {
			limit, used = number(readSmall(path.Join(d, "memory.limit_in_bytes"))), number(readSmall(path.Join(d, "memory.usage_in_bytes")))
		}
		const none = 1 << 60 // version 1 writes "no limit" as a huge number
		if limit <= 0 || limit >= none {
			continue
		}
		if rest := max(1, limit-used); left == 0 || rest < left {
			left = rest
		}
	}
	return left
}

func number(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// readSmall is a kernel file's text; "" when there is none.
func readSmall(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
