package providertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const notUploaded = "its image was not uploaded: "

// display is a bench whose provider has images to upload.
type display struct {
	*bench
	c       Case
	gallery *Gallery
}

func (c Case) show(t *testing.T, images string) *display {
	t.Helper()
	platform := c.Platform(t)
	server := httptest.NewServer(platform)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	g := &Gallery{}
	p := c.Uploading(t, server.URL, images, g)
	return &display{&bench{p, editorOf(p), platform, hub.Chat{System: p.Describe().ID, ID: c.Chat}}, c, g}
}

// uploads holds that an image that the platform cannot fetch is brought to it,
// and that a message never depends on that.
func (c Case) uploads(t *testing.T) {
	if c.Uploading == nil {
		require.False(t, c.open(t).Describe().Can.Uploads, "Can.Uploads, but the Case has no Uploading")
		t.Skip("the platform takes none")
	}
	t.Run("settings", c.uploadSettings)
	t.Run("shown", c.uploadShown)
	t.Run("nothing to show", c.uploadNothing)
	t.Run("private", c.uploadPrivate)
	t.Run("not fetched", c.uploadNotFetched)
	t.Run("refused", c.uploadRefused)
	t.Run("limited", c.uploadLimited)
	t.Run("not repeated", c.uploadOnce)
	t.Run("cancelled", c.uploadCancelled)
	t.Run("at once", c.uploadAtOnce)
	t.Run("edits", c.uploadEdits)
	t.Run("retractions", c.uploadRetracted)
}

// shows are the pictures that the i-th message shows by an upload, and the
// addresses of the others.
func (d *display) shows(t *testing.T, i int) (files [][]byte, addresses []string) {
	t.Helper()
	for _, shown := range d.c.reading(t, d.platform.Sent()[i]).Images {
		found := false
		for _, u := range d.platform.Uploads() {
			if u.ID == shown {
				require.False(t, u.Gone, "a file that was deleted")
				files, found = append(files, u.Data), true
			}
		}
		if !found {
			addresses = append(addresses, shown)
		}
	}
	return files, addresses
}

// requireShows requires that the i-th message shows the picture of url, as an
// upload, and no other.
func (d *display) requireShows(t *testing.T, i int, url string) {
	t.Helper()
	files, addresses := d.shows(t, i)
	require.Empty(t, addresses)
	require.Equal(t, [][]byte{File(url).Data}, files)
}

// requireNone requires that the i-th message shows no picture of a post.
func (d *display) requireNone(t *testing.T, i int) {
	t.Helper()
	files, addresses := d.shows(t, i)
	require.Empty(t, addresses)
	for _, f := range files { // where a photo cannot be taken away, an empty one is in its place
		require.True(t, d.c.PhotoPosts)
		require.NotEqual(t, File(pictureURL).Data, f)
	}
}

func (c Case) uploadSettings(t *testing.T) {
	for images, want := range map[string]hub.Features{
		providers.ImagesUpload: {Images: true, Uploads: true}, providers.ImagesOff: {},
	} {
		can := c.show(t, images).Describe().Can
		require.Equal(t, want, hub.Features{Images: can.Images, Uploads: can.Uploads}, images)
	}
	for _, images := range []string{providers.ImagesLink, providers.ImagesOff} {
		d := c.show(t, images)
		d.mustSend(t, "said", pictured())
		files, addresses := d.shows(t, 0)
		require.Empty(t, files)
		require.Equal(t, images == providers.ImagesLink && d.Describe().Can.Images, len(addresses) == 1, images)
		require.Empty(t, d.gallery.Fetched(), images)
		require.Zero(t, d.platform.Tries(), images)
	}
}

func (c Case) uploadShown(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	receipt := d.mustSend(t, "said", pictured())
	require.NotContains(t, receipt.Note, notUploaded)
	d.requireShows(t, 0, pictureURL)
	sent := d.arrived(t, 1)[0]
	require.Contains(t, sent.Text, newTopic().Card.Title)
	u := d.platform.Uploads()[0]
	require.Equal(t, "aa.png", u.Name)
	require.False(t, c.reading(t, sent).Plain)

	root := d.mustSend(t, "root", text("root"))
	p := d.post("reply", pictured())
	p.Root = root.Ref
	_, err := d.send(t, p)
	require.NoError(t, err)
	d.requireShows(t, 2, pictureURL)
	if d.Describe().Can.Threads {
		require.Equal(t, d.platform.Sent()[1].Ref, d.platform.Sent()[2].Root)
	}
}

func (c Case) uploadNothing(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	i := 0
	for name, spoil := range map[string]func(*hub.Card){
		"none":        func(c *hub.Card) { c.Image = nil },
		"compact":     func(c *hub.Card) { c.Compact = true },
		"struck":      func(c *hub.Card) { c.Struck = true },
		"no text":     func(c *hub.Card) { c.Text = "" },
		"a file":      func(c *hub.Card) { c.Image.URL = "file:///etc/passwd" },
		"a script":    func(c *hub.Card) { c.Image.URL = "javascript:alert(1)" },
		"another id":  func(c *hub.Card) { c.Image.URL = "mxc://example.org/secret" },
		"Slack's":     func(c *hub.Card) { c.Image.URL = "slack-file:F0123456789" },
		"relative":    func(c *hub.Card) { c.Image.URL = "/uploads/a.png" },
		"no address":  func(c *hub.Card) { c.Image.URL = "" },
		"not a page ": func(c *hub.Card) { c.Image.URL = "https://a b/%zz" },
	} {
		m := pictured()
		spoil(m.Card)
		d.mustSend(t, name, m)
		require.Empty(t, c.reading(t, d.platform.Sent()[i]).Images, name)
		i++
	}
	require.Empty(t, d.gallery.Fetched())
	require.Zero(t, d.platform.Tries())
}

// uploadPrivate is an image that only readers of the forum see: its address is
// shown nowhere as an image.
func (c Case) uploadPrivate(t *testing.T) {
	m := pictured()
	m.Card.Image.Private = true
	d := c.show(t, providers.ImagesUpload)
	d.mustSend(t, "said", m)
	d.requireShows(t, 0, pictureURL)
	for _, images := range []string{providers.ImagesUpload, providers.ImagesLink} {
		d = c.show(t, images)
		d.gallery.Lose(pictureURL)
		d.mustSend(t, "said", m)
		d.requireNone(t, 0)
	}
}

func (c Case) uploadNotFetched(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	d.gallery.Lose(pictureURL)
	for i := range 2 {
		receipt := d.mustSend(t, "said", pictured())
		require.Contains(t, receipt.Note, notUploaded+"forum.example.com: 404 Not Found")
		files, _ := d.shows(t, 0)
		require.Empty(t, files, i)
	}
	require.Contains(t, d.platform.Sent()[0].Text, newTopic().Card.Title)
	require.Len(t, d.gallery.Fetched(), 1, "what failed just now is not tried again")
	require.Zero(t, d.platform.Tries())
}

// said sends a message that must arrive, by the second attempt where an upload is
// the post itself.
func (d *display) said(t *testing.T, key string, m hub.Message) hub.Receipt {
	t.Helper()
	before := len(d.platform.Sent())
	receipt, err := d.send(t, d.post(key, m))
	if err != nil && d.c.PhotoPosts {
		receipt, err = d.send(t, d.post(key, m))
	}
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Ref)
	require.Len(t, d.platform.Sent(), before+1, "the text goes, and once")
	return receipt
}

func (c Case) uploadRefused(t *testing.T) {
	header := http.Header{"Content-Type": {"application/json"}}
	for name, step := range map[string]Step{
		"500":                       {Status: 500},
		"502 of a proxy":            {Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: gatewayPage},
		"too large for a proxy":     {Status: 413, Body: "<html>"},
		"forbidden":                 {Status: 403, Header: header, Body: `{"errcode":"M_FORBIDDEN","error":"no","ok":false,"id":"x","message":"no","status_code":403}`},
		"connection dropped":        {Close: true},
		"half an answer":            {Status: 200, Header: header, Body: `{"ok":tru`},
		"page instead of an answer": {Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: gatewayPage},
	} {
		t.Run(name, func(t *testing.T) {
			if c.PhotoPosts && name == "forbidden" {
				t.Skip("it is the post that is forbidden")
			}
			d := c.show(t, providers.ImagesUpload)
			d.platform.ScriptUploads(step)
			receipt := d.said(t, "said", pictured())
			require.Contains(t, receipt.Note, notUploaded)
			files, _ := d.shows(t, 0)
			require.Empty(t, files)
			require.Contains(t, d.platform.Sent()[0].Text, newTopic().Card.Title)
			d.said(t, "next", text("the next one goes through"))
		})
	}
}

// uploadLimited holds that uploads keep to what the platform asks for, and that
// messages do not wait for it.
func (c Case) uploadLimited(t *testing.T) {
	if c.PhotoPosts {
		t.Skip("an upload is a post, and waits like any other")
	}
	d := c.show(t, providers.ImagesUpload)
	d.platform.ScriptUploads(Step{
		Status: 429, Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"600"}},
		Body: `{"ok":false,"error":"ratelimited","errcode":"M_LIMIT_EXCEEDED","retry_after_ms":600000}`,
	})
	for i := range 3 {
		m := pictured()
		m.Card.Image.URL = numbered(pictureURL, i)
		receipt := d.said(t, numbered("said", i), m)
		require.Contains(t, receipt.Note, notUploaded)
	}
	require.Equal(t, 1, d.platform.Tries(), "no upload before the platform wants one")
}

// uploadOnce holds that what was uploaded for an attempt that failed is not
// uploaded again.
func (c Case) uploadOnce(t *testing.T) {
	if c.PhotoPosts {
		t.Skip("an upload is a post")
	}
	d := c.show(t, providers.ImagesUpload)
	d.platform.Script(Step{Status: 503, Body: `{}`}, Step{Status: 503, Body: `{}`})
	for range 2 {
		_, err := d.send(t, d.post("said", pictured()))
		requireError(t, err, hub.FaultTemporary)
	}
	require.Empty(t, d.platform.Sent())
	d.mustSend(t, "said", pictured())
	d.requireShows(t, 0, pictureURL)
	require.Len(t, d.platform.Uploads(), 1)
	require.Len(t, d.gallery.Fetched(), 1)
}

// uploadCancelled is that we stop while an image is on its way.
func (c Case) uploadCancelled(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	reached := make(chan struct{})
	d.platform.ScriptUploads(Step{Hang: true, reached: sync.OnceFunc(func() { close(reached) })})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := d.Send(ctx, d.post("cancelled", pictured()))
		ended <- err
	}()
	select {
	case <-reached:
	case <-time.After(patience):
		t.Fatal("the scripted step was never played: does the look-alike call NextUpload and Answer?")
	}
	cancel()
	select {
	case err := <-ended:
		requireError(t, err, hub.FaultTemporary)
	case <-time.After(2 * time.Second):
		t.Fatal("still at it two seconds after the cancel")
	}
	require.Empty(t, d.platform.Sent(), "who is next posts it")
	d.mustSend(t, "cancelled", pictured())
	d.requireShows(t, 0, pictureURL)
}

// uploadAtOnce sends a picture to a chat many times at once.
func (c Case) uploadAtOnce(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	const many = 12
	var all sync.WaitGroup
	errs := make([]error, many)
	for i := range many {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, errs[i] = d.Send(ctx, d.post(numbered("at once", i), pictured()))
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	d.arrived(t, many)
	for i := range many {
		d.requireShows(t, i, pictureURL)
	}
}

func (c Case) uploadEdits(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	if !d.Describe().Can.Edits {
		t.Skip("the platform does not let us change what we sent")
	}
	ref := d.mustSend(t, "said", pictured()).Ref
	uploads := len(d.platform.Uploads())

	same := pictured()
	same.Card.Title = "Printer starts again"
	d.mustEdit(t, "same image", ref, same)
	d.requireShows(t, 0, pictureURL)
	require.Contains(t, d.platform.Sent()[0].Text, "Printer starts again")
	require.Len(t, d.platform.Uploads(), uploads, "an edit of the words uploads nothing")

	other := pictured()
	other.Card.Image.URL += "&other=1"
	d.mustEdit(t, "other image", ref, other)
	d.requireShows(t, 0, other.Card.Image.URL)

	d.mustEdit(t, "gone", ref, newTopic())
	d.requireNone(t, 0)
	d.changed(t, 1, 3)

	d.mustEdit(t, "back", ref, pictured())
	d.requireShows(t, 0, pictureURL)
	d.mustEdit(t, "words", ref, text("removed"))
	d.requireNone(t, 0)
	require.NotContains(t, d.platform.Sent()[0].Text, newTopic().Card.Title)

	late := d.mustSend(t, "late", text("hello")).Ref
	d.mustEdit(t, "late image", late, pictured())
	d.requireShows(t, 1, pictureURL)
}

func (c Case) uploadRetracted(t *testing.T) {
	d := c.show(t, providers.ImagesUpload)
	if !d.Describe().Can.Deletes {
		t.Skip("the platform does not let us take back what we sent")
	}
	ref := d.mustSend(t, "said", pictured()).Ref
	for range 2 {
		require.NoError(t, d.retract(t, ref))
	}
	require.True(t, d.platform.Sent()[0].Gone)
	require.Len(t, d.platform.Sent(), 1, "the image was no message of its own")
}
