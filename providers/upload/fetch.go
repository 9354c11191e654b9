// Package upload brings the images of posts to platforms that cannot fetch them:
// a Fetcher reads them from where they are, and an Album remembers what was
// uploaded already.
//
// No image holds up a message. What cannot be fetched or uploaded within a few
// seconds is left out, and so is what would make a limit of the platform worse;
// then the message goes there with the image's address, as if nothing was to be
// uploaded.
//
// What it refuses to do: read more than fits, show what is no image by its own
// first bytes, and show a source's credentials to anybody else.
package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/outbound"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// Largest is the largest image that is fetched, in bytes, for whatever platform.
const Largest = 10 << 20

const (
	mostHops = 3 // redirects: a CDN, a bucket behind it, and one for a move
	atOnce   = 4 // images in memory: times Largest is what they may take
)

// Reader is a source whose private images may be read as one of its users.
type Reader struct {
	URL  string // of the forum
	Key  secret.Value
	User string // whom its rooms may see what: no image is read as anybody else
}

// Fetcher is a providers.Pictures that reads from the network.
type Fetcher struct {
	http    *http.Client
	readers func() []Reader
	slots   chan struct{}
}

var _ providers.Pictures = (*Fetcher)(nil)

// NewFetcher makes a Fetcher on the guarded client. readers tells, at each time,
// as whom private images are read; nil is as nobody.
func NewFetcher(guarded *http.Client, readers func() []Reader) *Fetcher {
	client := *guarded
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if readers == nil {
		readers = func() []Reader { return nil }
	}
	return &Fetcher{http: &client, readers: readers, slots: make(chan struct{}, atOnce)}
}

// Fetch implements providers.Pictures.
func (f *Fetcher) Fetch(ctx context.Context, image *hub.Image, most int64, use func(providers.File) error) error {
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return &providers.FetchError{Err: fmt.Errorf("other images took too long: %w", ctx.Err())}
	}
	defer func() { <-f.slots }()
	file, err := f.read(ctx, image, min(most, Largest))
	if err != nil {
		return err
	}
	return use(file)
}

func (f *Fetcher) read(ctx context.Context, image *hub.Image, most int64) (providers.File, error) {
	at, err := url.Parse(image.URL)
	if err != nil || at.Host == "" {
		return providers.File{}, &providers.FetchError{Err: errors.New("its address is none")}
	}
	resp, err := f.follow(ctx, at, image.Private)
	if err != nil {
		return providers.File{}, err
	}
	defer resp.Body.Close()
	at = resp.Request.URL
	fail := func(down bool, err error) (providers.File, error) {
		return providers.File{}, &providers.FetchError{Host: at.Host, Down: down, Err: fmt.Errorf("%s: %w", at.Host, err)}
	}
	switch {
	case resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests:
		return fail(true, errors.New(status(resp)))
	case resp.StatusCode != http.StatusOK:
		return fail(false, errors.New(status(resp)))
	case resp.ContentLength > most:
		return fail(false, tooLarge(most))
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return fail(true, outbound.Clean(err))
	case int64(len(data)) > most:
		return fail(false, tooLarge(most))
	}
	file, err := Examine(data)
	if err != nil {
		return fail(false, err)
	}
	file.Name = nameOf(image.URL, file.Type)
	return file, nil
}

func tooLarge(most int64) error { return fmt.Errorf("larger than %d KiB", most>>10) }

func status(resp *http.Response) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
}

// follow asks for an image, and goes where redirects lead. The client judges each
// address that it dials.
func (f *Fetcher) follow(ctx context.Context, at *url.URL, private bool) (*http.Response, error) {
	for hops := 0; ; hops++ {
		fail := func(down bool, err error) error {
			return &providers.FetchError{Host: at.Host, Down: down, Err: fmt.Errorf("%s: %w", at.Host, err)}
		}
		if at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.User != nil {
			return nil, fail(false, errors.New("not an http or https address"))
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return nil, fail(false, errors.New("not an http or https address"))
		}
		req.Header.Set("Accept", "image/png, image/jpeg, image/gif, image/webp")
		if private {
			f.introduce(req)
		}
		resp, err := f.http.Do(req)
		if err != nil {
			refused, isRefused := errors.AsType[*outbound.RefusedError](err)
			if isRefused {
				return nil, fail(true, refused)
			}
			return nil, fail(true, bare(err))
		}
		if resp.StatusCode < 300 || resp.StatusCode > 399 {
			return resp, nil
		}
		_ = resp.Body.Close()
		next, err := resp.Location()
		switch {
		case err != nil:
			return nil, fail(false, errors.New(status(resp)+" leads nowhere"))
		case hops == mostHops:
			return nil, fail(false, errors.New("redirects lead on and on"))
		case at.Scheme == "https" && next.Scheme != "https":
			return nil, fail(false, errors.New("redirects to an address that is not https"))
		}
		at = next
	}
}

// bare leaves out the URL that net/http puts before its errors.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// uploads are the only addresses of a forum that are asked for with credentials:
// whoever writes a post chooses the address.
// https://meta.discourse.org/t/secure-uploads/140017
var uploads = []string{"/secure-uploads/", "/secure-media-uploads/"}

// introduce says who reads, to the source that the image is of and to nobody else.
func (f *Fetcher) introduce(req *http.Request) {
	for _, r := range f.readers() {
		base, err := url.Parse(r.URL)
		if err != nil || r.User == "" || r.Key.Empty() || base.Scheme != req.URL.Scheme || !strings.EqualFold(base.Host, req.URL.Host) {
			continue
		}
		// A path that is not as it will be read, as "/secure-uploads/../x", is no upload's.
		if path.Clean(req.URL.Path) != req.URL.Path || strings.Contains(req.URL.EscapedPath(), "%2") {
			continue
		}
		below := strings.TrimPrefix(req.URL.Path, strings.TrimRight(base.Path, "/"))
		for _, prefix := range uploads {
			if strings.HasPrefix(below, prefix) {
				req.Header.Set("Api-Key", r.Key.Reveal())
				req.Header.Set("Api-Username", r.User)
				return
			}
		}
	}
}

// nameOf is the name under which people find the file: that of its address, with
// the ending of what it is.
func nameOf(address, kind string) string {
	u, err := url.Parse(address)
	if err != nil {
		u = &url.URL{}
	}
	base := path.Base(u.Path)
	base = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, strings.TrimSuffix(base, path.Ext(base)))
	return cmp.Or(base[:min(len(base), 60)], "image") + endings[kind]
}

var endings = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}

// hostOf is where an address leads.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
