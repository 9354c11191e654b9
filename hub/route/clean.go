package route

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// cleaner makes what a forum renders for its own pages fit to be read
// elsewhere: https://meta.discourse.org shows each of these in its posts.
type cleaner struct{ site string }

func (c *cleaner) clean(n *html.Node, depth int) {
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if child.Type == html.CommentNode || depth > maxDepth {
			n.RemoveChild(child)
		} else if child.Type == html.ElementNode {
			c.element(n, child, depth)
		}
		child = next
	}
}

// element replaces e in its parent, or cleans what is inside it.
func (c *cleaner) element(parent, e *html.Node, depth int) {
	swap := func(with ...*html.Node) {
		for _, w := range with {
			parent.InsertBefore(w, e)
		}
		parent.RemoveChild(e)
	}
	switch {
	case isAny(e, atom.Script, atom.Style, atom.Svg, atom.Template, atom.Noscript, atom.Object, atom.Form, atom.Button, atom.Input, atom.Head):
		swap()
	case e.DataAtom == atom.A && hasClass(e, "anchor"): // a heading's own link
		swap()
	case e.DataAtom == atom.Img && (hasClass(e, "emoji") || hasClass(e, "emoji-custom")):
		swap(text(emoji(attr(e, "alt"))))
	case e.DataAtom == atom.Img && hasClass(e, "avatar"):
		swap()
	case e.DataAtom == atom.Img:
		swap(c.link("image: "+or(attr(e, "alt"), "no description"), attr(e, "src")))
	case hasClass(e, "lightbox-wrapper"):
		swap(c.lightbox(e))
	case hasClass(e, "spoiler"), hasClass(e, "spoiled"):
		swap(text("[spoiler]"))
	case hasClass(e, "poll"):
		swap(paragraph(text("[poll]")))
	case isAny(e, atom.Video, atom.Audio, atom.Iframe):
		swap(c.media(e))
	case e.DataAtom == atom.Aside && hasClass(e, "onebox"):
		swap(paragraph(c.onebox(e)))
	case e.DataAtom == atom.Aside && hasClass(e, "quote"):
		c.quote(e)
		c.clean(e, depth+1)
	case e.DataAtom == atom.Details:
		swap(paragraph(text("▸ " + or(c.summary(e), "Details"))))
	default:
		if e.DataAtom == atom.Code && hasClass(e, "lang-auto") { // no language, in the forum's word for it
			e.Attr = nil
		}
		if e.DataAtom == atom.A {
			c.anchor(e)
		}
		c.clean(e, depth+1)
	}
}

// lightbox is an image that opens larger: a link to the large one.
func (c *cleaner) lightbox(e *html.Node) *html.Node {
	for d := range e.Descendants() {
		if d.DataAtom == atom.A {
			name := attr(d, "title")
			return c.link("image: "+or(name, "no description"), attr(d, "href"))
		}
	}
	return text("[image]")
}

func (c *cleaner) media(e *html.Node) *html.Node {
	src := attr(e, "src")
	for d := range e.Descendants() {
		if src == "" && d.DataAtom == atom.Source {
			src = attr(d, "src")
		}
	}
	return c.link(or(e.Data, "media"), src)
}

// onebox is a card of a linked page: its title as a link is what is left.
func (c *cleaner) onebox(e *html.Node) *html.Node {
	src, title := attr(e, "data-onebox-src"), ""
	for d := range e.Descendants() {
		if title == "" && isAny(d, atom.H3, atom.H4) {
			title = strings.Join(strings.Fields(plain(d)), " ")
		}
		if src == "" && d.DataAtom == atom.A {
			src = attr(d, "href")
		}
	}
	return c.link(or(title, src), src)
}

// quote keeps the words and who said them, not the avatar and the buttons.
func (c *cleaner) quote(e *html.Node) {
	for child := e.FirstChild; child != nil; {
		next := child.NextSibling
		if child.Type == html.ElementNode && hasClass(child, "title") {
			who := strings.Join(strings.Fields(plain(child)), " ")
			e.RemoveChild(child)
			if block := find(e, atom.Blockquote); block != nil && who != "" {
				block.InsertBefore(paragraph(text(who)), block.FirstChild)
			}
		}
		child = next
	}
}

func (c *cleaner) summary(e *html.Node) string {
	if s := find(e, atom.Summary); s != nil {
		return strings.Join(strings.Fields(plain(s)), " ")
	}
	return ""
}

// link is a link to an http(s) page, or its bare text.
func (c *cleaner) link(label, href string) *html.Node {
	href = c.absolute(href)
	if href == "" {
		return text("[" + label + "]")
	}
	a := &html.Node{Type: html.ElementNode, Data: "a", DataAtom: atom.A, Attr: []html.Attribute{{Key: "href", Val: href}}}
	a.AppendChild(text(label))
	return a
}

// anchor makes a link absolute, and one that leads nowhere plain text.
func (c *cleaner) anchor(e *html.Node) {
	href := c.absolute(attr(e, "href"))
	if href == "" {
		e.Data, e.DataAtom, e.Attr = "span", atom.Span, nil
		return
	}
	e.Attr = []html.Attribute{{Key: "href", Val: href}}
}

// absolute resolves href against the site; anything that is no web or mail
// address becomes "".
func (c *cleaner) absolute(href string) string {
	base, err := url.Parse(c.site)
	if err != nil {
		return ""
	}
	u, err := base.Parse(strings.TrimSpace(href))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") || href == "" {
		return ""
	}
	return u.String()
}
