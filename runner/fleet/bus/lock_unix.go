//go:build unix

package bus

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile holds a file for this process alone, until unlock or the process ends.
// Two servers on one store would destroy it.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
