//go:build !unix

package bus

// lockFile does nothing where fleets are not run.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }
