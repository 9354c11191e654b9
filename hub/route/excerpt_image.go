package route

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	// smallest is the side of a picture in pixels below which it is an icon, a
	// badge or a mark that counts readers.
	smallest = 48
	longest  = 2_000 // of an address, in bytes
	altLimit = 250   // in characters
)

// picture is the first image that a post's author put there for all readers; nil
// if there is none. Not theirs are the images of what they quoted or linked to,
// not for all those that have to be opened first.
func (c *cleaner) picture(n *html.Node, depth int) *hub.Image {
	for e := range n.ChildNodes() {
		if e.Type != html.ElementNode || depth > maxDepth || isAside(e) {
			continue
		}
		look := c.picture
		if e.DataAtom == atom.Img || isLightbox(e) {
			look = c.image
		}
		if image := look(e, depth+1); image != nil {
			return image
		}
	}
	return nil
}

// isAside reports whether what is in e is not the author's own, or hidden.
func isAside(e *html.Node) bool {
	if isAny(e, atom.Aside, atom.Blockquote, atom.Details, atom.Script, atom.Style, atom.Svg, atom.Template, atom.Noscript,
		atom.Object, atom.Iframe, atom.Video, atom.Audio, atom.Form, atom.Button) {
		return true
	}
	for class := range strings.FieldsSeq(attr(e, "class")) {
		switch class {
		case "spoiler", "spoiled", "poll", "quote", "chat-transcript", "onebox", "youtube-onebox", "lazy-video-container":
			return true
		}
	}
	return false
}

func isLightbox(e *html.Node) bool { return e.DataAtom == atom.A && hasClass(e, "lightbox") }

// image is what an img shows, or one that opens larger, which is a link to the
// large one: https://github.com/discourse/discourse/blob/main/lib/cooked_post_processor.rb
// It is nil for what is not worth showing.
func (c *cleaner) image(e *html.Node, _ int) *hub.Image {
	img, src := e, attr(e, "src")
	if isLightbox(e) {
		img, src = find(e, atom.Img), attr(e, "href")
	}
	src = c.absolute(src)
	if img == nil || isDecoration(img) || !isPicture(src) {
		return nil
	}
	alt := text(strings.Join(strings.Fields(or(attr(img, "alt"), attr(e, "title"))), " "))
	s := scissors{left: altLimit}
	s.trim(alt)
	return &hub.Image{URL: src, Alt: alt.Data, Width: pixels(img, "width"), Height: pixels(img, "height"), Private: isPrivate(src)}
}

// isDecoration recognises emoji, faces, icons and marks that are not to be seen.
// A forum shows an upload that it cannot find as an empty picture, with its name
// in data-orig-src.
func isDecoration(img *html.Node) bool {
	for class := range strings.FieldsSeq(attr(img, "class")) {
		switch class {
		case "emoji", "emoji-custom", "wp-smiley", "avatar", "site-icon", "badge", "youtube-thumbnail":
			return true
		}
	}
	isSmall := func(key string) bool {
		n, err := strconv.Atoi(strings.TrimSuffix(attr(img, key), "px"))
		return err == nil && n < smallest
	}
	return attr(img, "data-orig-src") != "" || isSmall("width") || isSmall("height") ||
		strings.Contains(strings.ReplaceAll(attr(img, "style"), " ", ""), "display:none")
}

// notPictures are parts of addresses of what a forum shows beside posts.
var notPictures = []string{
	"/images/emoji/", "/user_avatar/", "/letter_avatar/", "/letter_avatar_proxy/", "/images/transparent.png", "/badge",
}

// secure are parts of addresses of uploads that a forum shows to those logged in
// only: https://meta.discourse.org/t/secure-uploads/140017
var secure = []string{"/secure-uploads/", "/secure-media-uploads/"}

// isPrivate reports whether only the forum's readers can fetch a picture.
func isPrivate(src string) bool {
	u, err := url.Parse(src)
	return err == nil && slices.ContainsFunc(secure, func(part string) bool { return strings.Contains(u.Path, part) })
}

// isPicture reports whether a picture of a post may be at an address. No chat
// platform shows SVG, as which badges usually come.
func isPicture(src string) bool {
	u, err := url.Parse(src)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(src) > longest {
		return false
	}
	return !strings.EqualFold(path.Ext(u.Path), ".svg") && u.Host != "img.shields.io" &&
		!slices.ContainsFunc(notPictures, func(part string) bool { return strings.Contains(u.Path, part) })
}

// pixels reads a width or a height, 0 if it is not told in pixels.
func pixels(img *html.Node, key string) int {
	n, err := strconv.Atoi(attr(img, key))
	if err != nil || n > 100_000 {
		return 0
	}
	return max(n, 0)
}
