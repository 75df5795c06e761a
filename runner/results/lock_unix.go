//go:build unix

package results

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// lockFolder makes this process the only one that writes a fleet's folder; the
// system lets go of it however the process ends.
func lockFolder(dir string) (io.Closer, error) {
	d, err := os.Open(filepath.Join(dir, DeltaDir))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		d.Close()
		return nil, fmt.Errorf("another process is writing %s: %w", dir, err)
	}
	return d, nil
}
