package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/web"
)

// mostShipped is what a browser may have to load, all pages together.
const mostShipped = 150_000

func TestThePagesAreSmall(t *testing.T) {
	t.Logf("all static files together are %d bytes as they are sent", web.Shipped())
	require.LessOrEqual(t, web.Shipped(), mostShipped)
	require.Greater(t, web.Shipped(), 10_000)
}

func static(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	web.Static().ServeHTTP(w, r)
	return w.Result()
}

func TestStaticFilesArePacked(t *testing.T) {
	const file = "/static/pane.css"
	plain, err := io.ReadAll(static(t, file).Body)
	require.NoError(t, err)
	for accepted, packed := range map[string]bool{
		"gzip": true, "gzip, deflate, br, zstd": true, "br;q=1.0, GZIP;q=0.8": true, "*": true, "x-gzip": true, "deflate, * ; q=0.1": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000, *": false, "*;q=0": false, "gzip;q=often": false, "identity": false, "gzipped": false,
	} {
		answer := static(t, file, "Accept-Encoding", accepted)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, "Accept-Encoding", answer.Header.Get("Vary"), "a cache must not mix them up")
		require.Equal(t, "text/css; charset=utf-8", answer.Header.Get("Content-Type"))
		body := io.Reader(answer.Body)
		if packed {
			require.Equal(t, "gzip", answer.Header.Get("Content-Encoding"), accepted)
			body, err = gzip.NewReader(answer.Body)
			require.NoError(t, err)
		} else {
			require.Empty(t, answer.Header.Get("Content-Encoding"), accepted)
		}
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, plain, got, accepted)
	}
	require.True(t, static(t, file, "Accept-Encoding", "br", "Accept-Encoding", "gzip").Header.Get("Content-Encoding") == "gzip", "two lines are one list")
}

func TestStaticFilesAreKept(t *testing.T) {
	const file = "/static/pane.js"
	plain, packed := static(t, file).Header.Get("ETag"), static(t, file, "Accept-Encoding", "gzip").Header.Get("ETag")
	require.NotEqual(t, plain, packed, "they are other bytes")
	for _, c := range []struct {
		tag, accepted string
		status        int
	}{{plain, "", http.StatusNotModified}, {packed, "gzip", http.StatusNotModified}, {packed, "", http.StatusOK}, {plain, "gzip", http.StatusOK}} {
		answer := static(t, file, "If-None-Match", c.tag, "Accept-Encoding", c.accepted)
		require.Equal(t, c.status, answer.StatusCode, "%+v", c)
	}
}
