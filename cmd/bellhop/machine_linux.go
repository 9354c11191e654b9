package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// machineMemory is how many bytes of memory there are for this process and those
// beside it: the machine's, or its control group's if that has less
// (https://docs.kernel.org/admin-guide/cgroup-v2.html, memory.max). It is zero where
// the kernel does not say.
func machineMemory() int64 {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0
	}
	has := int64(info.Totalram) * int64(info.Unit)
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if most, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil { // "max" is no number
			has = min(has, most)
		}
	}
	return has
}
