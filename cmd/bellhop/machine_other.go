//go:build !linux

package main

// machineMemory is how many bytes of memory there are, which only Linux is asked for.
func machineMemory() int64 { return 0 }
