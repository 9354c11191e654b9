package pane

import (
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// roomLinkPages are the operations on the links under which people without an
// account read what a chat is sent.
func (p *Pane) roomLinkPages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodPost, Path: "/systems/chat/pages", Need: hub.Editor, Handle: p.makeRoomLink},
		{Method: http.MethodPost, Path: "/systems/chat/pages/revoke", Need: hub.Editor, Handle: p.revokeRoomLink},
	}
}

// linkLasts are how long such a link may last; an empty one is for ever.
var linkLasts = []string{"30d", "90d", "365d", ""}

// roomLinks is the part of a chat's page about its links.
type roomLinks struct {
	Pages []roomLink
	Made  string // shown this once
	Lasts []string
	Until string // as it was filled in
	Ask   string
	Wrong map[string]string
	Full  bool // there may be no more
}

// roomLink is one of them.
type roomLink struct {
	hub.RoomPage
	Over bool // it leads nowhere any more
}

// fillLinks lists the links of the page's chat.
func (p *Pane) fillLinks(r *http.Request, page *chatPage) error {
	all, err := p.Admin.RoomPages.RoomPages(r.Context(), page.Chat)
	if err != nil {
		return err
	}
	page.Links = roomLinks{Lasts: linkLasts, Until: linkLasts[1]}
	now, good := p.Now(), 0
	for _, one := range all {
		over := !one.ExpiresAt.IsZero() && !now.Before(one.ExpiresAt)
		if !over {
			good++
		}
		page.Links.Pages = append(page.Links.Pages, roomLink{one, over})
	}
	page.Links.Full = good >= hub.MaxRoomPages
	return nil
}

func (p *Pane) makeRoomLink(w http.ResponseWriter, r *http.Request) error {
	in := admin.RoomPageInput{Until: r.PostFormValue("until"), Ask: r.PostFormValue("ask")}
	if !slices.Contains(linkLasts, in.Until) {
		return hub.Errorf(hub.CodeInvalid, "a link lasts 30, 90 or 365 days, or for ever")
	}
	if _, err := p.Admin.Inspect(r.Context(), chatOf(r), false); err != nil { // a chat that cannot be
		return err
	}
	made, err := p.Admin.MakeRoomPage(r.Context(), chatOf(r), in)
	wrong := wrongFields(err, "until")
	if err != nil && wrong == nil {
		return err
	}
	page, err := p.chatPage(r)
	if err != nil {
		return err
	}
	if wrong != nil {
		page.Links.Until, page.Links.Ask, page.Links.Wrong = in.Until, in.Ask, wrong
		web.Render(w, page.Words, http.StatusUnprocessableEntity, "pane/chat.html", page)
		return nil
	}
	page.Links.Made = p.Admin.RoomURL(r, made)
	return p.show(w, r, "pane/chat.html", page)
}

func (p *Pane) revokeRoomLink(w http.ResponseWriter, r *http.Request) error {
	if err := p.Admin.RevokeRoomPage(r.Context(), chatOf(r), r.PostFormValue("id")); err != nil {
		return err
	}
	return p.back(w, r, chatURL(chatOf(r)), "revoked")
}
