//go:build !linux && !darwin && !freebsd

package server

import "errors"

// diskSpace has no portable call to make here.
func diskSpace(string) (free, size int64, err error) {
	return 0, 0, errors.New("the free space of a disk is not known on this platform")
}
