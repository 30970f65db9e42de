//go:build unix && !linux

package localpg

import "syscall"

// dieWithParent does nothing: only Linux can do it. A server that outlives its owner is found at the next start.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
