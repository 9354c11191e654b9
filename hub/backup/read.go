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
	"regexp"
)

// maxManifest bounds the manifest of a file that anybody may have made.
const maxManifest = 1 << 20

// fileName is what an entry may be called: no path leads out of a folder.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$`)

// Extract reads a backup into a folder, and proves that all is there as it was. The
// error says what kind of file it is otherwise.
func Extract(r io.Reader, dir string) (*Manifest, error) {
	return read(r, func(name string) (io.WriteCloser, error) {
		return os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	})
}

// Verify reads a backup to its end and proves that all is there as it was.
func Verify(r io.Reader) (*Manifest, error) {
	return read(r, func(string) (io.WriteCloser, error) { return discard{io.Discard}, nil })
}

type discard struct{ io.Writer }

func (discard) Close() error { return nil }

func read(r io.Reader, create func(name string) (io.WriteCloser, error)) (*Manifest, error) {
	t := tar.NewReader(r)
	m, err := readManifest(t)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		if err := readFile(t, f, create); err != nil {
			return nil, err
		}
	}
	switch _, err := t.Next(); {
	case errors.Is(err, io.EOF):
		return m, nil
	case err != nil:
		return nil, broken(err)
	}
	return nil, errors.New("the backup holds more than its manifest lists: it was changed")
}

func readManifest(t *tar.Reader) (*Manifest, error) {
	const foreign = "this is no backup that Bellhop made"
	head, err := t.Next()
	if err != nil || head.Name != manifestName || head.Size > maxManifest {
		return nil, errors.New(foreign)
	}
	text, err := io.ReadAll(t)
	if err != nil {
		return nil, broken(err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil || m.Format < 1 {
		return nil, errors.New(foreign)
	}
	if m.Format > format {
		return nil, fmt.Errorf("the backup was made by a newer release, Bellhop %s: restore it with that one", m.Version)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if !fileName.MatchString(f.Name) || seen[f.Name] {
			return nil, fmt.Errorf("the backup's manifest lists %q, which no backup has", f.Name)
		}
		seen[f.Name] = true
	}
	return &m, nil
}

func readFile(t *tar.Reader, want File, create func(string) (io.WriteCloser, error)) error {
	head, err := t.Next()
	if err != nil {
		return broken(err)
	}
	if head.Name != want.Name || head.Size != want.Size {
		return fmt.Errorf("the backup holds %q where its manifest lists %q: it was changed or is damaged", head.Name, want.Name)
	}
	f, err := create(want.Name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, sum), t); err != nil {
		return errors.Join(broken(err), f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
		return fmt.Errorf("%s is not as it was when the backup was made: the file is damaged", want.Name)
	}
	return nil
}

// broken says that a backup ends before its end.
func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the backup is cut off: it was not taken or copied to its end")
	}
	return fmt.Errorf("the backup cannot be read: %w", err)
}
