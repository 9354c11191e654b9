package telegram_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// TestPhotos is a long text below a photo, which is edited after a restart and by
// a worker that uploads none any more.
func TestPhotos(t *testing.T) {
	platform := telegramtest.New(token)
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	at := hub.Chat{System: "telegram-acme", ID: chat}
	m := providertest.Messages()["image"]
	m.Card.Text = strings.Repeat("This sentence **goes on** 👩‍👩‍👧‍👦. ", 200)
	open := func(images string) (providers.Provider, providers.Editor) {
		p := uploading(t, server.URL, images, &providertest.Gallery{})
		editor, ok := providers.As[providers.Editor](p)
		require.True(t, ok)
		return p, editor
	}
	p, _ := open(providers.ImagesUpload)
	receipt, err := p.Send(t.Context(), providers.Post{Key: "n1", To: at, Message: m})
	require.NoError(t, err)
	require.Empty(t, receipt.Note)
	sent := platform.Sent()[0]
	require.LessOrEqual(t, providers.UTF16.Len(sent.Text), 1024)
	require.Greater(t, providers.UTF16.Len(sent.Text), 900, "as much as there is room for")
	require.Contains(t, sent.Text, "Read more")
	raw := string(sent.Raw)

	_, editor := open(providers.ImagesUpload) // which remembers nothing
	m.Card.Title = "Another title"
	_, err = editor.Edit(t.Context(), providers.Post{Key: "n2", To: at, Message: m}, receipt.Ref)
	require.NoError(t, err)
	require.Contains(t, platform.Sent()[0].Text, "Another title")
	require.NotEqual(t, raw, string(platform.Sent()[0].Raw))

	_, editor = open(providers.ImagesLink)
	m.Card.Title = "A third title"
	before := platform.Sent()[0]
	_, err = editor.Edit(t.Context(), providers.Post{Key: "n3", To: at, Message: m}, receipt.Ref)
	require.NoError(t, err)
	require.Contains(t, platform.Sent()[0].Text, "A third title")
	was, err := telegramtest.Read(before)
	require.NoError(t, err)
	now, err := telegramtest.Read(platform.Sent()[0])
	require.NoError(t, err)
	require.Equal(t, was.Images, now.Images, "the photo of what is still there stays")

	_, err = editor.Edit(t.Context(), providers.Post{Key: "n4", To: at, Message: gone()}, receipt.Ref)
	require.NoError(t, err)
	now, err = telegramtest.Read(platform.Sent()[0])
	require.NoError(t, err)
	require.NotEqual(t, was.Images, now.Images, "what may not be seen any more gives way")
	require.Equal(t, "New topic · deleted: Printer <does> not start\nalice", platform.Sent()[0].Text)
}

// TestPhotoGolden keeps how a photo reads.
func TestPhotoGolden(t *testing.T) {
	platform := telegramtest.New(token)
	server := httptest.NewServer(platform)
	t.Cleanup(server.Close)
	p := uploading(t, server.URL, providers.ImagesUpload, &providertest.Gallery{})
	_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{System: "telegram-acme", ID: chat}, Message: providertest.Messages()["image"]})
	require.NoError(t, err)
	providertest.Golden(t, "image-uploaded.json", append(platform.Sent()[0].Raw, '\n'))
}
