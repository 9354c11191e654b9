package server_test

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/server"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestStopWaitsForNobodyWhoAsksNothing stops a server to which a browser has opened
// a connection ahead of need.
func TestStopWaitsForNobodyWhoAsksNothing(t *testing.T) {
	var log lines
	r := startAs(t, t.TempDir(), "", server.Everything, "", func(o *server.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	require.NoError(t, err)
	defer c.Close()
	status, _ := r.ask("GET", "/healthz", "") // by another, so that the server has accepted the first
	require.Equal(t, 200, status)

	r.stop()
	require.NotContains(t, log.String(), "cut off")
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err, "the connection is closed")
}
