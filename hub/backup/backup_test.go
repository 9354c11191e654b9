package backup_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/backup"
)

var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tape is a backup with two files.
func tape(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	s, err := backup.NewSpool(dir, backup.Manifest{Version: "v1", MadeAt: made, Database: "sqlite", Schema: 11, NATS: "embedded"})
	require.NoError(t, err)
	require.NoError(t, s.Write("one.db", func(w io.Writer) error { _, err := io.WriteString(w, strings.Repeat("one", 1000)); return err }))
	require.NoError(t, s.Add("two", func(path string) error { return os.WriteFile(path, nil, 0o600) }))
	require.Error(t, s.Write("two", func(io.Writer) error { return nil }), "a name is there once")
	broken := errors.New("the bus is away")
	require.ErrorIs(t, s.Write("three", func(io.Writer) error { return broken }), broken)
	var b bytes.Buffer
	n, err := s.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), n)
	require.NoError(t, s.Close())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	return b.Bytes()
}

func TestThereAndBack(t *testing.T) {
	text, dir := tape(t), t.TempDir()
	m, err := backup.Extract(bytes.NewReader(text), dir)
	require.NoError(t, err)
	require.Equal(t, "v1", m.Version)
	require.Equal(t, made, m.MadeAt)
	require.Len(t, m.Files, 2)
	one, err := os.ReadFile(filepath.Join(dir, "one.db"))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("one", 1000), string(one))
	again, err := backup.Verify(bytes.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, m, again)
}

// TestCutOff cuts a backup at each block, and within some.
func TestCutOff(t *testing.T) {
	text := tape(t)
	for n := 0; n < len(text)-1024; n += 256 {
		_, err := backup.Verify(bytes.NewReader(text[:n]))
		require.Error(t, err, "%d of %d bytes", n, len(text))
	}
	_, err := backup.Verify(bytes.NewReader(text[:3000]))
	require.ErrorContains(t, err, "cut off")
}

func TestNotOurs(t *testing.T) {
	archive := func(entries ...string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i := 0; i < len(entries); i += 2 {
			require.NoError(t, w.WriteHeader(&tar.Header{Name: entries[i], Size: int64(len(entries[i+1])), Mode: 0o600}))
			_, err := io.WriteString(w, entries[i+1])
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	const empty = `"size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
	for name, c := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":        {nil, "no backup that Bellhop made"},
		"no tar":         {[]byte(strings.Repeat("hello ", 1000)), "no backup that Bellhop made"},
		"another tar":    {archive("readme", "hello"), "no backup that Bellhop made"},
		"no manifest":    {archive("manifest.json", "{}"), "no backup that Bellhop made"},
		"newer":          {archive("manifest.json", `{"bellhop_backup":2,"version":"v9"}`), "newer release, Bellhop v9"},
		"leads out":      {archive("manifest.json", `{"bellhop_backup":1,"files":[{"name":"../x",`+empty+`}]}`), "which no backup has"},
		"twice":          {archive("manifest.json", `{"bellhop_backup":1,"files":[{"name":"x",`+empty+`},{"name":"x",`+empty+`}]}`), "which no backup has"},
		"another file":   {archive("manifest.json", `{"bellhop_backup":1,"files":[{"name":"x",`+empty+`}]}`, "y", ""), "was changed or is damaged"},
		"more than told": {archive("manifest.json", `{"bellhop_backup":1,"files":[]}`, "y", ""), "more than its manifest lists"},
	} {
		_, err := backup.Verify(bytes.NewReader(c.text))
		require.ErrorContains(t, err, c.says, name)
	}
	damaged := tape(t)
	damaged[bytes.Index(damaged, []byte("oneone"))+10] ^= 1
	_, err := backup.Extract(bytes.NewReader(damaged), t.TempDir())
	require.ErrorContains(t, err, "one.db is not as it was")
}

// FuzzVerify reads what anybody may call a backup.
func FuzzVerify(f *testing.F) {
	f.Add([]byte("manifest.json"))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = backup.Verify(bytes.NewReader(text)) })
}
