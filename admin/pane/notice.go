package pane

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/web"
)

// noticeCookie holds what the next page tells in its corner.
const noticeCookie = "bellhop_notice"

// notice is the name of a text with a sentence in it, and where undoing is asked
// for.
type notice struct {
	Text string `json:"t"`
	Row  string `json:"r,omitempty"`
	Undo string `json:"u,omitempty"`
	N    int    `json:"n,omitempty"`
	Left int    `json:"l,omitempty"`
}

// noticeTexts are those that a notice may name: a cookie is what a browser says.
var noticeTexts = map[string]bool{
	"subs.deleted": true, "subs.undone": true, "subs.saved": true, "subs.created": true,
	"subs.enabledMany": true, "subs.disabledMany": true, "subs.deletedMany": true, "subs.movedMany": true,
}

// mostNotice bounds what is told of a row.
const mostNotice = 300

func leaveNotice(w http.ResponseWriter, text, row, undo string) {
	if said := []rune(row); len(said) > mostNotice {
		row = string(said[:mostNotice]) + "…"
	}
	setNotice(w, notice{Text: text, Row: row, Undo: undo})
}

func setNotice(w http.ResponseWriter, n notice) {
	b, err := json.Marshal(n)
	if err != nil {
		return // texts and numbers always can be
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // it holds no secret, and over plain http a secure cookie would be lost
		Name: noticeCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: 30, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// takeNotice is what was left for this page, nil for nothing.
func takeNotice(w http.ResponseWriter, r *http.Request, words *web.Words) *Toast {
	left := cookie(r, noticeCookie)
	if left == "" {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // as above
	var n notice
	b, err := base64.RawURLEncoding.DecodeString(left)
	if err != nil || json.Unmarshal(b, &n) != nil || !noticeTexts[n.Text] {
		return nil
	}
	t := &Toast{Icon: "i-check", Text: words.Say(n.Text, "Row", n.Row, "Count", n.N)}
	if n.Left > 0 {
		t.Text += " " + words.Say("subs.leftMany", "Count", n.Left)
	}
	if strings.HasPrefix(n.Undo, "/subscriptions/") {
		t.Icon, t.Undo = "i-trash", n.Undo
	}
	return t
}
