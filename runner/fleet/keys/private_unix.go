//go:build unix

package keys

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// private refuses a file that others may read: see the package's text for the one
// exception.
func private(path string, info fs.FileInfo) error {
	mode := info.Mode().Perm()
	if mode&0o077 == 0 {
		return nil
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && lentByRoot(mode, st.Uid, os.Geteuid()) {
		return nil
	}
	return fmt.Errorf("%s holds secrets and others may read it (mode %04o): run chmod 600 %s", path, mode, path)
}

// lentByRoot: a file of root, read by an unprivileged process through its group
// only, that the group cannot change.
func lentByRoot(mode fs.FileMode, owner uint32, euid int) bool {
	return owner == 0 && euid != 0 && mode&0o037 == 0
}
