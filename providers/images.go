package providers

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// The ways in which a card's image gets to a platform: a system's setting.
const (
	ImagesLink   = "link"   // the platform fetches it from its address, where it can
	ImagesUpload = "upload" // we fetch it and upload it
	ImagesOff    = "off"    // no image is shown; the text keeps its link
)

// ImagesProblem is what is wrong with the setting, empty if nothing is.
func ImagesProblem(setting string) string {
	switch setting {
	case "", ImagesLink, ImagesUpload, ImagesOff: // empty is the platform's default
		return ""
	}
	return "must be link, upload or off"
}

// File is an image in memory. Nobody changes its Data.
type File struct {
	Name          string // "printer.png": a short one that ends as its type does
	Type          string // "image/png", "image/jpeg", "image/gif" or "image/webp", by what Data is
	Data          []byte
	Width, Height int // in pixels
}

// Pictures fetches images from where posts have them. It is safe for concurrent
// use.
type Pictures interface {
	// Fetch reads an image of at most so many bytes and gives it to use, once, whose
	// error it returns. The file is in memory until use returns, and only so many
	// are: Fetch may wait until others are done, and no longer than ctx lasts. An
	// error of its own, which is a *FetchError, says why there is no such image.
	Fetch(ctx context.Context, image *hub.Image, most int64, use func(File) error) error
}

// FetchError says why an image was not fetched.
type FetchError struct {
	// Host is where the image is. With Down it does not answer, or not as it
	// should, so that other images of it need not be tried for a while.
	Host string
	Down bool
	Err  error // holds no more of the address than the host
}

func (e *FetchError) Error() string { return e.Err.Error() }

func (e *FetchError) Unwrap() error { return e.Err }

// Illustrated is m as a provider with a setting shows it, and the image that it
// has to upload for that first; nil for none. Of a message that is not changed it
// is m itself. An image that is none, or that may not be shown, is taken out, so
// that what is left in the card is to be shown.
func Illustrated(m hub.Message, setting string) (hub.Message, *hub.Image) {
	if m.Card == nil || m.Card.Image == nil {
		return m, nil
	}
	image := anyPicture(m.Card)
	switch {
	case image == nil || setting == ImagesOff:
		return WithImage(m, nil), nil
	case setting == ImagesUpload:
		return WithImage(m, Picture(m.Card)), image
	case image.Private:
		return WithImage(m, nil), nil
	}
	return m, nil
}

// WithImage is m with another image in its card.
func WithImage(m hub.Message, image *hub.Image) hub.Message {
	card := *m.Card
	card.Image = image
	m.Card = &card
	return m
}
