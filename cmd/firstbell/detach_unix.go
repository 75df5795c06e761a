//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// detach puts a child in a process group of its own: the terminal's Ctrl-C
// reaches us first, and we end the child when the run has closed.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
