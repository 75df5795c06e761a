//go:build !unix

package keys

import "io/fs"

// private: elsewhere the mode does not say who may read a file.
func private(string, fs.FileInfo) error { return nil }
