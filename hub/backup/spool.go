package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Spool is a folder in which a backup is gathered.
type Spool struct {
	dir      string
	manifest Manifest
}

// NewSpool makes a folder below dir.
func NewSpool(dir string, m Manifest) (*Spool, error) {
	folder, err := os.MkdirTemp(dir, ".backup-")
	if err != nil {
		return nil, fmt.Errorf("make room for a backup: %w", err)
	}
	m.Format, m.Files = format, nil
	return &Spool{folder, m}, nil
}

// Add gathers a file that fill makes at a path.
func (s *Spool) Add(name string, fill func(path string) error) error {
	path := filepath.Join(s.dir, name)
	if err := fill(path); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.manifest.Files = append(s.manifest.Files, File{name, n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// Write gathers a file that fill writes.
func (s *Spool) Write(name string, fill func(io.Writer) error) error {
	return s.Add(name, func(path string) error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(fill(f), f.Close())
	})
}

// WriteTo writes the backup.
func (s *Spool) WriteTo(w io.Writer) (int64, error) {
	counted := &counter{w: w}
	t := tar.NewWriter(counted)
	text, err := json.MarshalIndent(s.manifest, "", "  ")
	if err != nil {
		return 0, err
	}
	if err := s.head(t, manifestName, int64(len(text))); err != nil {
		return counted.n, err
	}
	if _, err := t.Write(text); err != nil {
		return counted.n, err
	}
	for _, f := range s.manifest.Files {
		if err := s.write(t, f); err != nil {
			return counted.n, err
		}
	}
	err = t.Close()
	return counted.n, err
}

func (s *Spool) head(t *tar.Writer, name string, size int64) error {
	return t.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: s.manifest.MadeAt})
}

func (s *Spool) write(t *tar.Writer, file File) error {
	f, err := os.Open(filepath.Join(s.dir, file.Name))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.head(t, file.Name, file.Size); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

// Close removes the folder.
func (s *Spool) Close() error { return os.RemoveAll(s.dir) }

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
