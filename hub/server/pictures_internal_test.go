package server

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// TestPicturesOfSources holds that images are fetched from sources, wherever
// they are, as their reader, and from nowhere else in the private network.
func TestPicturesOfSources(t *testing.T) {
	var pic bytes.Buffer
	require.NoError(t, png.Encode(&pic, image.NewGray(image.Rect(0, 0, 4, 3))))
	asked := make(chan http.Header, 10)
	forum := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header
		_, _ = w.Write(pic.Bytes())
	}))
	t.Cleanup(forum.Close)
	other := httptest.NewServer(forum.Config.Handler)
	t.Cleanup(other.Close)

	c := &config.Config{Sources: map[string]config.Source{
		"meta": {Kind: config.KindDiscourse, URL: forum.URL, ReadAs: "reader", APIKey: secret.New("key-of-the-forum")},
		"team": {Kind: config.KindDiscourse, URL: "https://team.example.com", APIKey: secret.New("another")},
	}}
	s := &Server{Options: Options{Config: c, Version: "1"}}
	s.live = newLive(s)
	fetch := func(at hub.Image) error {
		return s.newPictures().Fetch(t.Context(), &at, 1<<20, func(providers.File) error { return nil })
	}
	require.NoError(t, fetch(hub.Image{URL: forum.URL + "/uploads/a.png"}))
	require.Empty(t, (<-asked).Get("Api-Key"))
	require.NoError(t, fetch(hub.Image{URL: forum.URL + "/secure-uploads/a.png", Private: true}))
	head := <-asked
	require.Equal(t, "key-of-the-forum", head.Get("Api-Key"))
	require.Equal(t, "reader", head.Get("Api-Username"))
	require.Len(t, s.readers(), 1, "without read_as rooms get what everybody sees")

	require.ErrorContains(t, fetch(hub.Image{URL: other.URL + "/uploads/a.png"}), "a loopback address")
	require.Empty(t, asked)
}
