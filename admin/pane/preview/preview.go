// Package preview makes of a message, as one platform would be sent it, what the
// people there would see, for pages: markup of the pane instead of the platform's.
//
// What it refuses to do: let anything through that a message holds and a page
// should not. Of markup a few elements are left, and no attribute but the address
// of a link.
package preview

import (
	"html/template"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/web"
)

// Preview is a message as the people of one platform would see it: the data of
// the template preview.
type Preview struct {
	Kind   string // the platform, whose template shows it
	Clock  string // when it would stand there
	Note   string // what that platform does differently, in words
	Text   []Part
	Framed bool   // what is in Card stands in a frame of its own
	Color  string // of the frame: "0088cc", or empty
	Card   []Part
	// Buttons are the labels below it.
	Buttons []string
}

// Part is a part of a message. What was markup of the platform is markup
// of ours by now.
type Part struct {
	As    hub.PartKind
	Name  string
	HTML  template.HTML
	Plain string
	URL   string // http, https or mailto
}

// Of makes a rendered message ready to be shown, as it would stand there at a
// time, whose zone is the reader's.
func Of(words *web.Words, r *hub.Rendered, at time.Time) Preview {
	p := Preview{Kind: r.Kind, Clock: at.Format("15:04")}
	into := &p.Text
	for _, part := range r.Parts {
		switch part.As {
		case hub.PartCard:
			into, p.Framed, p.Color = &p.Card, true, web.HexColor(part.Color)
		case hub.PartButton:
			p.Buttons = append(p.Buttons, part.Text)
		case hub.PartSelect:
			p.Buttons = append(p.Buttons, part.Text+" ▾")
		default:
			*into = append(*into, shownPart(r.Kind, part))
		}
	}
	if len(r.Parts) == 0 && r.Plain != "" { // of a platform that lays out nothing
		p.Text = []Part{{As: hub.PartText, HTML: Plain(r.Plain)}}
	}
	p.Note = words.Say("preview.note." + noteOf(r.Kind))
	if r.Limit > 0 {
		p.Note += " " + words.Say("preview.length", "Length", words.Number(r.Length), "Limit", words.Number(r.Limit))
	}
	return p
}

// noteOf names what is said of a platform.
func noteOf(kind string) string {
	switch kind {
	case "slack", "telegram", "mattermost", "matrix", "console":
		return kind
	}
	return "unknown"
}

func shownPart(kind string, part hub.Part) Part {
	shown := Part{As: part.As, Name: part.Name, Plain: part.Text}
	if url, ok := providers.WebURL(part.URL); ok {
		shown.URL = url
	}
	switch part.As {
	case hub.PartText, hub.PartContext, hub.PartField:
		shown.HTML = markupHTML(kind, part.Text)
	}
	return shown
}

// markupHTML is a platform's markup as markup of ours: the few elements that chats
// know, and text that is escaped.
func markupHTML(kind, markup string) template.HTML {
	switch kind {
	case "slack":
		return mrkdwnHTML(markup)
	case "mattermost":
		return markdownHTML(markup)
	case "telegram", "matrix", "console":
		return chatHTML(markup)
	}
	return Plain(markup)
}
