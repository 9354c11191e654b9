package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// givePagesBack lets go of the pages of the program's own file: its code, constants
// and tables. Most of them were needed at the start only, and all count as memory of
// the process until somebody lets go. They stay in the kernel's cache of files; those
// that are needed are there again when they are touched, sixteen at a time:
// https://man7.org/linux/man-pages/man2/madvise.2.html (MADV_DONTNEED).
func givePagesBack() error {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	if fixed, err := isFixed("/proc/self/exe"); err != nil || !fixed {
		return err
	}
	mappings, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	for _, m := range unwritten(bytes.NewReader(mappings), own) {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.start, m.end-m.start, syscall.MADV_DONTNEED); errno != 0 {
			return os.NewSyscallError("madvise", errno)
		}
	}
	return nil
}

// isFixed reports whether a program is in memory as it is in its file, at addresses
// of its own: what a linker fits to other addresses at the start is not in the file.
func isFixed(file string) (bool, error) {
	f, err := elf.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	linked := slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC })
	return f.Type == elf.ET_EXEC && !linked, nil
}

// mapping is a part of the address space.
type mapping struct{ start, end uintptr }

// unwritten are the mappings of a file whose pages are those of the file: nobody may
// write to them, and nobody has. It reads
// https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html.
func unwritten(smaps io.Reader, file string) (all []mapping) {
	var m mapping
	var ours bool
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"): // start-end perms offset device inode path
			ours = len(fields) == 6 && fields[5] == file && !strings.ContainsAny(fields[1], "ws")
			from, to, _ := strings.Cut(fields[0], "-")
			start, err1 := strconv.ParseUint(from, 16, 64)
			end, err2 := strconv.ParseUint(to, 16, 64)
			m = mapping{uintptr(start), uintptr(end)}
			ours = ours && err1 == nil && err2 == nil && start < end
		case ours && len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0":
			all = append(all, m)
		}
	}
	return all
}
