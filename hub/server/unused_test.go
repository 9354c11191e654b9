package server_test

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestStopWaitsForNobodyWhoAsksNothing stops a server to which a browser has opened
// a connection ahead of need.
func TestStopWaitsForNobodyWhoAsksNothing(t *testing.T) {
	var log providertest.Transcript
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
