//go:build linux || darwin || freebsd

package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// disk is the file system under a directory, in bytes.
type disk struct{ size, free int64 }

func statDisk(dir string) (disk, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return disk{}, err
	}
	block := int64(fs.Bsize) //nolint:unconvert // it is 32 bits wide on other systems
	return disk{size: int64(fs.Blocks) * block, free: int64(fs.Bavail) * block}, nil
}

// lockDir keeps a second process off the store, which two servers would ruin.
// The lock ends with the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%s is in use by another process: stop it, or set another server.data_dir", dir)
	}
	return nil, fmt.Errorf("lock %s: %w", dir, err)
}
