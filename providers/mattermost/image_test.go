package mattermost_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// TestFilesOfPosts holds that a worker which was restarted knows by the post that
// its image is there, and that each post has a file of its own.
func TestFilesOfPosts(t *testing.T) {
	server := mattermosttest.New(token)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	at := hub.Chat{System: "mattermost-acme", ID: mattermosttest.Support}
	m := providertest.Messages()["image"]
	p := uploading(t, web.URL, providers.ImagesUpload, &providertest.Gallery{})
	receipt, err := p.Send(t.Context(), providers.Post{Key: "n1", To: at, Message: m})
	require.NoError(t, err)
	_, err = p.Send(t.Context(), providers.Post{Key: "n2", To: at, Message: m})
	require.NoError(t, err)
	require.Len(t, server.Uploads(), 2)

	anew, ok := providers.As[providers.Editor](uploading(t, web.URL, providers.ImagesUpload, &providertest.Gallery{}))
	require.True(t, ok)
	m.Card.Title = "Another title"
	_, err = anew.Edit(t.Context(), providers.Post{Key: "n3", To: at, Message: m}, receipt.Ref)
	require.NoError(t, err)
	require.Len(t, server.Uploads(), 2, "the post has its file")
	reading, err := mattermosttest.Read(server.Sent()[0])
	require.NoError(t, err)
	require.Equal(t, []string{server.Uploads()[0].ID}, reading.Images)
	require.Contains(t, server.Sent()[0].Text, "Another title")
}

// TestUploadWithoutThePermission is a bot whose role may not upload.
func TestUploadWithoutThePermission(t *testing.T) {
	server := mattermosttest.New(token)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	server.Forbid(mattermosttest.UploadFile)
	p := uploading(t, web.URL, providers.ImagesUpload, &providertest.Gallery{})
	receipt, err := p.Send(t.Context(), providers.Post{
		Key: "n1", To: hub.Chat{System: "mattermost-acme", ID: mattermosttest.Support}, Message: providertest.Messages()["image"],
	})
	require.NoError(t, err)
	require.Contains(t, receipt.Note, "upload_file")
	reading, err := mattermosttest.Read(server.Sent()[0])
	require.NoError(t, err)
	require.Equal(t, []string{providertest.Messages()["image"].Card.Image.URL}, reading.Images, "by its address, then")
}
