package results

// Hist is a sparse HDR histogram of durations: 3 significant digits,
// nanoseconds. It is not safe for concurrent use.
type Hist struct {
	counts map[int32]uint64 // HDR counts index → count
	total  uint64
}
