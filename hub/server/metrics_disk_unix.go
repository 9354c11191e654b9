//go:build linux || darwin || freebsd

package server

import "syscall"

// diskSpace is how much of the disk under a directory is free for us, and how
// large the disk is without what is kept for root, in bytes: as df counts.
func diskSpace(dir string) (free, size int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, err
	}
	block := int64(fs.Bsize) //nolint:unconvert // it is 32 bits wide on other systems
	return int64(fs.Bavail) * block, (int64(fs.Blocks) - int64(fs.Bfree) + int64(fs.Bavail)) * block, nil
}
