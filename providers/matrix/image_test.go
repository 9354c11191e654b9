package matrix_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

func displaying(t *testing.T) (*matrixtest.Platform, providers.Provider) {
	t.Helper()
	platform := matrixtest.New(token, userID)
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	return platform, uploading(t, server.URL, "", &providertest.Gallery{})
}

// TestUploadedGolden keeps how an image stands in a message, which is what a
// system does that says nothing of images.
func TestUploadedGolden(t *testing.T) {
	platform, p := displaying(t)
	require.True(t, p.Describe().Can.Uploads)
	_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: providertest.Messages()["image"]})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, platform.Sent()[0].Raw, "", "  "))
	out.WriteByte('\n')
	providertest.Golden(t, "image-uploaded.json", out.Bytes())
}

// TestUploadsWithinTheHomeserversLimit holds that what the homeserver does not
// take is not sent to it.
func TestUploadsWithinTheHomeserversLimit(t *testing.T) {
	platform, p := displaying(t)
	platform.LimitMedia(20)
	receipt, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: providertest.Messages()["image"]})
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "that the homeserver takes")
	require.Zero(t, platform.Tries())
	require.Len(t, platform.Sent(), 1)
}

// TestPreviewShowsTheImage holds that a preview has what a message would have.
func TestPreviewShowsTheImage(t *testing.T) {
	m := providertest.Messages()["image"]
	r := matrix.Kind().Preview(m)
	last := r.Parts[len(r.Parts)-1]
	require.Equal(t, hub.Part{As: hub.PartImage, Text: last.Text, URL: m.Card.Image.URL}, last)
	require.Contains(t, r.Markup, `<img src="mxc://`)
	m.Card.Image = nil
	for _, part := range matrix.Kind().Preview(m).Parts {
		require.NotEqual(t, hub.PartImage, part.As)
	}
}
