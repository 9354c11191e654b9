package matrix

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

const (
	opUpload = "media/upload"
	opMedia  = "media/config"

	mxc       = "mxc://"
	previewed = mxc + "homeserver/image" // stands for an upload where there was none

	// Clients show an image within a message at its own size, and as large as they
	// see fit; these keep it from filling a screen.
	widest  = 640
	highest = 480
)

// illustrate uploads the image of a message, and is the message as it is to be
// shown, with a note where it lacks its image. There is an error only where ctx
// has ended.
//
// An image of its own, m.image, would be a second event, which a deletion had to
// find, too, or the whole message as its caption, which few clients show and an
// edit cannot turn into a message without one. So it stands in the HTML:
// https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
func (c *Client) illustrate(ctx context.Context, op string, m hub.Message) (hub.Message, string, error) {
	m, image := providers.Illustrated(m, c.cfg.Images)
	if image == nil {
		return m, "", nil
	}
	uri, err := c.album.Upload(ctx, image.URL, image, c.upload)
	switch {
	case ctx.Err() != nil:
		return m, "", &providers.Error{Fault: hub.FaultTemporary, Op: op, Err: fmt.Errorf("stopped at its image: %w", ctx.Err())}
	case err != nil:
		return m, upload.Note(err), nil
	}
	return uploaded(m, image, uri), "", nil
}

// uploaded is m with its image as it was uploaded.
func uploaded(m hub.Message, image *hub.Image, uri string) hub.Message {
	shown := *image
	shown.URL = uri
	return providers.WithImage(m, &shown)
}

// noted adds a note to a receipt.
func noted(note string) func(hub.Receipt, error) (hub.Receipt, error) {
	return func(r hub.Receipt, err error) (hub.Receipt, error) {
		if err == nil {
			r.Note = providers.Join("; ", note, r.Note)
		}
		return r, err
	}
}

// upload makes one attempt at an upload. Who may see the event may see the image;
// it cannot be deleted by who uploaded it, and goes when the homeserver clears
// out its media:
// https://spec.matrix.org/latest/client-server-api/#post_matrixmediav3upload
func (c *Client) upload(ctx context.Context, f providers.File) (string, error) {
	most, err := c.mostMedia(ctx)
	if err != nil {
		return "", err
	}
	if int64(len(f.Data)) > most {
		return "", &providers.FetchError{Err: fmt.Errorf("larger than the %d KiB that the homeserver takes", most>>10)}
	}
	res, err := c.api.UploadMedia(ctx, mautrix.ReqUploadMedia{ContentBytes: f.Data, ContentType: f.Type, FileName: f.Name})
	if err != nil {
		fault := c.fault(ctx, opUpload, err)
		if errors.Is(err, mautrix.MForbidden) {
			fault.Fault, fault.Err = hub.FaultUnauthorized, errors.New("the homeserver lets the bot upload nothing")
		}
		return "", fault
	}
	if res == nil || !isMedia(res.ContentURI) {
		return "", unreadable(opUpload, http.StatusOK)
	}
	return res.ContentURI.String(), nil
}

// isMedia reports whether an address is one that cannot be mistaken for another:
// https://spec.matrix.org/latest/client-server-api/#matrix-content-mxc-uris
func isMedia(uri id.ContentURI) bool {
	again, err := id.ParseContentURI(uri.String())
	return err == nil && again == uri && !uri.IsEmpty() && len(uri.String()) <= urlLimit
}

// mostMedia is what the homeserver says how large an upload may be; those before
// Matrix 1.11 know another address for it, and say so when a file is too large.
// https://spec.matrix.org/latest/client-server-api/#get_matrixclientv1mediaconfig
func (c *Client) mostMedia(ctx context.Context) (int64, error) {
	if most := c.most.Load(); most > 0 {
		return most, nil
	}
	config, err := c.api.GetMediaConfig(ctx)
	if err != nil {
		switch fault := c.fault(ctx, opMedia, err); fault.Fault {
		case hub.FaultRateLimited, hub.FaultUnauthorized:
			return 0, fault
		}
	}
	most := int64(upload.Largest)
	if err == nil && config != nil && config.UploadSize > 0 {
		most = config.UploadSize
	}
	c.most.Store(most)
	return most, nil
}

// inline is an uploaded image in the HTML of a message.
func inline(i *hub.Image) string {
	size := ""
	if i.Width > 0 && i.Height > 0 {
		w, h := i.Width, i.Height
		if w > widest {
			w, h = widest, max(1, h*widest/w)
		}
		if h > highest {
			w, h = max(1, w*highest/h), highest
		}
		size = ` width="` + strconv.Itoa(w) + `" height="` + strconv.Itoa(h) + `"`
	}
	alt := escape(providers.Label(i.Alt, titleLimit, unit))
	return `<p><img src="` + html.EscapeString(i.URL) + `" alt="` + alt + `" title="` + alt + `"` + size + `></p>`
}
