package fleet

// Lease is a worker's permission to load: see the package's text.
type Lease struct{}
