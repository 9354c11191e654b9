package upload_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))))
	return b.Bytes()
}

// asked is a request that a forum got.
type asked struct{ path, key, user string }

// forum is a server with images, and what it was asked for.
func forum(t *testing.T, elsewhere string) (*httptest.Server, chan asked) {
	t.Helper()
	log := make(chan asked, 100)
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture(t)) }
	mux.HandleFunc("/uploads/a.jpeg", show)
	mux.HandleFunc("/secure-uploads/a.png", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Api-Key") == "":
			http.Error(w, "log in", http.StatusForbidden)
		case elsewhere != "":
			http.Redirect(w, r, elsewhere+"/uploads/a.jpeg", http.StatusFound)
		default:
			show(w, r)
		}
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write([]byte("<html><script>alert(1)</script>"))
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(picture(t))
		for range 4096 {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log <- asked{r.URL.Path, r.Header.Get("Api-Key"), r.Header.Get("Api-Username")}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, log
}

func get(t *testing.T, f *upload.Fetcher, at *hub.Image, most int64) (got providers.File, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err = f.Fetch(ctx, at, most, func(f providers.File) error {
		got = f
		return nil
	})
	return got, err
}

func TestFetch(t *testing.T) {
	server, _ := forum(t, "")
	f := upload.NewFetcher(&http.Client{}, nil)
	got, err := get(t, f, &hub.Image{URL: server.URL + "/uploads/a.jpeg?x=1"}, 1<<20)
	require.NoError(t, err)
	require.Equal(t, providers.File{Name: "a.png", Type: "image/png", Data: picture(t), Width: 40, Height: 30}, got)

	for path, c := range map[string]struct {
		want string
		down bool
	}{
		"/nothing":              {"404 Not Found", false},
		"/round":                {"redirects lead on and on", false},
		"/file":                 {"not an http or https address", false},
		"/page":                 {"it is no PNG, JPEG, GIF or WebP image", false},
		"/down":                 {"502 Bad Gateway", true},
		"/endless":              {"larger than 64 KiB", false},
		"/secure-uploads/a.png": {"403 Forbidden", false},
	} {
		_, err := get(t, f, &hub.Image{URL: server.URL + path}, 64<<10)
		failed, ok := errors.AsType[*providers.FetchError](err)
		require.True(t, ok, path)
		require.ErrorContains(t, err, c.want, path)
		require.Equal(t, c.down, failed.Down, path)
		require.NotContains(t, strings.TrimPrefix(err.Error(), failed.Host), path[1:], "no more of the address than its host")
	}
	used := errors.New("the platform does not want it")
	require.ErrorIs(t, f.Fetch(t.Context(), &hub.Image{URL: server.URL + "/uploads/a.jpeg"}, 1<<20, func(providers.File) error { return used }), used)
}

// TestPrivateAddresses holds that whoever writes a post learns nothing of the
// network, unless it is that of a source.
func TestPrivateAddresses(t *testing.T) {
	server, log := forum(t, "")
	at := &hub.Image{URL: server.URL + "/uploads/a.jpeg"}
	_, err := get(t, upload.NewFetcher(outbound.Client(outbound.Options{}), nil), at, 1<<20)
	require.ErrorContains(t, err, "a loopback address")
	require.Empty(t, log)

	known := outbound.Options{Also: func(hostPort string) bool { return hostPort == outbound.HostPort(server.URL) }}
	f := upload.NewFetcher(outbound.Client(known), nil)
	_, err = get(t, f, at, 1<<20)
	require.NoError(t, err)

	other, _ := forum(t, "")
	leading := httptest.NewServer(http.RedirectHandler(other.URL+"/uploads/a.jpeg", http.StatusFound))
	t.Cleanup(leading.Close)
	known.Also = func(hostPort string) bool { return hostPort == outbound.HostPort(leading.URL) }
	_, err = get(t, upload.NewFetcher(outbound.Client(known), nil), &hub.Image{URL: leading.URL + "/x"}, 1<<20)
	require.ErrorContains(t, err, "a loopback address", "a redirect leads nowhere else")
}

// TestCredentials holds that a forum's key goes to its secure uploads, as the
// reader, and nowhere else.
func TestCredentials(t *testing.T) {
	bucket, bucketLog := forum(t, "")
	server, log := forum(t, bucket.URL)
	reader := upload.Reader{URL: server.URL, Key: secret.New("api-key-of-the-forum"), User: "reader"}
	f := upload.NewFetcher(&http.Client{}, func() []upload.Reader { return []upload.Reader{reader} })
	_, err := get(t, f, &hub.Image{URL: server.URL + "/secure-uploads/a.png", Private: true}, 1<<20)
	require.NoError(t, err)
	require.Equal(t, asked{"/secure-uploads/a.png", "api-key-of-the-forum", "reader"}, <-log)
	require.Equal(t, asked{"/uploads/a.jpeg", "", ""}, <-bucketLog, "not after a redirect")

	for _, image := range []hub.Image{
		{URL: server.URL + "/secure-uploads/a.png"},
		{URL: server.URL + "/admin/users.json", Private: true},
		{URL: server.URL + "/secure-uploads/../admin/users.json", Private: true},
		{URL: server.URL + "/secure-uploads/%2e%2e/admin/users.json", Private: true},
		{URL: bucket.URL + "/secure-uploads/a.png", Private: true},
	} {
		_, err := get(t, f, &image, 1<<20)
		require.Error(t, err, image.URL)
	}
	for len(log) > 0 {
		require.Empty(t, (<-log).key)
	}
	require.Empty(t, (<-bucketLog).key)

	reader.User = ""
	_, err = get(t, f, &hub.Image{URL: server.URL + "/secure-uploads/a.png", Private: true}, 1<<20)
	require.ErrorContains(t, err, "403", "nobody reads as nobody")
}

// TestFetchWaitsItsTurn holds that a few images are in memory at once, and that
// who waits for them does not wait longer than wanted.
func TestFetchWaitsItsTurn(t *testing.T) {
	server, _ := forum(t, "")
	f := upload.NewFetcher(&http.Client{}, nil)
	at := &hub.Image{URL: server.URL + "/uploads/a.jpeg"}
	in, out := make(chan struct{}), make(chan struct{})
	for range 4 {
		go func() {
			_ = f.Fetch(context.WithoutCancel(t.Context()), at, 1<<20, func(providers.File) error {
				in <- struct{}{}
				<-out
				return nil
			})
		}()
		<-in
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := f.Fetch(ctx, at, 1<<20, func(providers.File) error { return errors.New("a fifth one") })
	require.ErrorIs(t, err, context.Canceled)
	close(out)
	_, err = get(t, f, at, 1<<20)
	require.NoError(t, err)
}

// samples are images of each type, 40 pixels wide and 30 high.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	pic := image.NewGray(image.Rect(0, 0, 40, 30))
	var asJPEG, asGIF bytes.Buffer
	require.NoError(t, jpeg.Encode(&asJPEG, pic, nil))
	require.NoError(t, gif.Encode(&asGIF, pic, nil))
	riff := func(kind string, body ...byte) []byte {
		head := append([]byte("RIFF\x24\x00\x00\x00WEBP"+kind), 0x18, 0, 0, 0)
		return append(append(head, body...), make([]byte, 24)...)
	}
	return map[string][]byte{
		"image/png": picture(t), "image/jpeg": asJPEG.Bytes(), "image/gif": asGIF.Bytes(),
		"image/webp":          riff("VP8X", 0, 0, 0, 0, 39, 0, 0, 29, 0, 0),
		"image/webp lossless": riff("VP8L", 0x2f, 39, 0x40, 0x07, 0),
		"image/webp lossy":    riff("VP8 ", 0, 0, 0, 0x9d, 0x01, 0x2a, 40, 0, 30, 0),
	}
}

func TestExamine(t *testing.T) {
	for name, data := range samples(t) {
		kind, _, _ := strings.Cut(name, " ")
		f, err := upload.Examine(data)
		require.NoError(t, err, name)
		require.Equal(t, providers.File{Type: kind, Data: data, Width: 40, Height: 30}, f, name)
	}
	for name, data := range map[string]string{
		"nothing": "", "words": "hello", "a page": "<!doctype html><img>", "SVG": `<svg xmlns="http://www.w3.org/2000/svg"/>`,
		"PDF": "%PDF-1.7", "an end too soon": string(picture(t)[:20]), "WebP too soon": "RIFF\x24\x00\x00\x00WEBPVP8X",
		"WebP of no kind": "RIFF\x24\x00\x00\x00WEBPVP9 " + strings.Repeat("x", 30), "BMP": "BM" + strings.Repeat("x", 60),
	} {
		_, err := upload.Examine([]byte(data))
		require.Error(t, err, name)
	}
}

func FuzzExamine(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := upload.Examine(data)
		if err != nil {
			return
		}
		if file.Width <= 0 || file.Height <= 0 || !strings.HasPrefix(file.Type, "image/") || len(file.Data) != len(data) {
			t.Fatalf("%s of %d × %d pixels", file.Type, file.Width, file.Height)
		}
	})
}
