// Package backup is the file that a backup is: a tar whose first entry, a
// manifest, says what made it and lists the others with their checksums. What it
// holds is gathered on the disk first, so that it is of one moment however slowly
// it is taken.
//
// What it refuses to do: know what the files mean. Who gathers them and puts them
// back does.
package backup

import "time"

// manifestName is the first entry, and format the one that this release writes
// and reads.
const (
	manifestName = "manifest.json"
	format       = 1
)

// Manifest says what a backup is.
type Manifest struct {
	Format   int       `json:"bellhop_backup"`
	Version  string    `json:"version"` // of the Bellhop that made it
	MadeAt   time.Time `json:"made_at"`
	Database string    `json:"database"`         // sqlite, whose file is in it, or postgres, which is not
	Schema   int64     `json:"schema,omitempty"` // of the database
	NATS     string    `json:"nats"`             // embedded or external
	Files    []File    `json:"files"`
}

// File is a file in a backup.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}
