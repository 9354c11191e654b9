package providers

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Picture is the image that a card shows, with an Alt in any case and a URL like
// that of a Dialect's Link, http or https; nil for none. An image belongs to the
// card's text: a card of one line, one that is struck through and one that says
// nothing show none. One that only readers of its source can fetch is none here:
// its address would show nothing.
func Picture(c *hub.Card) *hub.Image {
	if image := anyPicture(c); image != nil && !image.Private {
		return image
	}
	return nil
}

// anyPicture is the image that a card has, for whoever can fetch it.
func anyPicture(c *hub.Card) *hub.Image {
	if c == nil || c.Image == nil || c.Compact || c.Struck || strings.TrimSpace(c.Text) == "" {
		return nil
	}
	url, ok := WebURL(c.Image.URL)
	if !ok || !strings.HasPrefix(url, "http") {
		return nil
	}
	shown := *c.Image
	shown.URL, shown.Alt = url, Label(c.Image.Alt, TitleLimit, Characters)
	if shown.Alt == "" {
		shown.Alt = "Image"
	}
	return &shown
}
