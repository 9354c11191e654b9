package pane

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const mePath = "/me"

// mePages are what everybody may change of their own.
func (p *Pane) mePages() []admin.Page {
	get, post := http.MethodGet, http.MethodPost
	return []admin.Page{
		{Method: get, Path: mePath, Need: hub.Viewer, Handle: p.me},
		{Method: post, Path: mePath, Need: hub.Viewer, Handle: p.changeMe},
		{Method: post, Path: "/me/theme", Need: hub.Viewer, Handle: p.setTheme},
		{Method: post, Path: "/me/password", Need: hub.Viewer, Handle: p.setPassword},
		{Method: post, Path: "/me/sessions/end", Need: hub.Viewer, Handle: p.endOthers},
		{Method: post, Path: "/me/sessions/{session}/end", Need: hub.Viewer, Handle: p.endSession(mePath)},
		{Method: get, Path: "/me/tokens/new", Need: hub.Viewer, Fresh: true, Handle: p.askToken},
		{Method: post, Path: "/me/tokens/new", Need: hub.Viewer, Fresh: true, Handle: p.addToken},
		{Method: post, Path: "/me/tokens/{token}/revoke", Need: hub.Viewer, Handle: p.revokeToken},
	}
}

// mePage is the data of me.html and token-new.html.
type mePage struct {
	Frame
	Sessions  []admin.SessionInfo
	Tokens    []admin.TokenInfo
	New       *admin.TokenInfo // shown this once
	Full      string
	Email     string
	Settings  hub.AccountSettings
	Wrong     map[string]string
	In        admin.NewToken
	Lasts     string // of In: days
	Languages []string
	Grantable []hub.Role
}

// HasPassword reports whether the reader has one.
func (p mePage) HasPassword() bool { return p.Me.Account != nil && p.Me.Account.Password != "" }

// Others reports whether there are sessions besides the reader's.
func (p mePage) Others() bool {
	return slices.ContainsFunc(p.Sessions, func(s admin.SessionInfo) bool { return !s.Current })
}

func (p *Pane) mePage(r *http.Request) (page mePage, err error) {
	page = mePage{Frame: p.frame(r, "me", "me.title"), Languages: web.Languages()}
	page.Toast = p.done(r, page.Words, "me")
	if a := page.Me.Account; a != nil {
		page.Full, page.Email, page.Settings = a.Full, a.Email, a.Settings
	}
	if page.Sessions, err = p.Admin.ListSessions(r.Context(), true); err != nil {
		return page, err
	}
	page.Tokens, err = p.Admin.ListTokens(r.Context(), true)
	return page, err
}

func (p *Pane) me(w http.ResponseWriter, r *http.Request) error {
	page, err := p.mePage(r)
	if err != nil {
		return err
	}
	return p.show(w, r, "pane/me.html", &page)
}

// showWrong shows the page again with what was wrong in a form.
func (p *Pane) showWrong(w http.ResponseWriter, r *http.Request, wrong map[string]string, fill func(*mePage)) error {
	page, err := p.mePage(r)
	if err != nil {
		return err
	}
	page.Wrong = page.say(wrong)
	fill(&page)
	web.Render(w, page.Words, http.StatusUnprocessableEntity, "pane/me.html", &page)
	return nil
}

func (p *Pane) changeMe(w http.ResponseWriter, r *http.Request) error {
	value := func(name string) *string { v := r.PostFormValue(name); return &v }
	noKeys := r.PostFormValue("keys") == ""
	_, err := p.Admin.ChangeMe(r.Context(), admin.MyChange{
		Full: value("full"), Email: value("email"), Language: value("language"), Theme: value("theme"), Zone: value("zone"), NoKeys: &noKeys,
	})
	if wrong := wrongFields(err, ""); wrong != nil {
		return p.showWrong(w, r, wrong, func(page *mePage) {
			page.Full, page.Email = r.PostFormValue("full"), r.PostFormValue("email")
			page.Settings = hub.AccountSettings{
				Language: r.PostFormValue("language"), Theme: r.PostFormValue("theme"), Zone: r.PostFormValue("zone"), NoKeys: noKeys,
			}
		})
	}
	if err != nil {
		return err
	}
	return backTo(w, r, mePath, "saved")
}

// setTheme keeps the theme that was chosen beside the navigation.
func (p *Pane) setTheme(w http.ResponseWriter, r *http.Request) error {
	theme := r.PostFormValue("theme")
	if _, err := p.Admin.ChangeMe(r.Context(), admin.MyChange{Theme: &theme}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (p *Pane) setPassword(w http.ResponseWriter, r *http.Request) error {
	err := p.Admin.SetPassword(r.Context(), r.PostFormValue("current"), r.PostFormValue("password"), p.Admin.Address(r))
	if wrong := wrongFields(err, ""); wrong != nil {
		return p.showWrong(w, r, wrong, func(*mePage) {})
	}
	if err != nil {
		return err
	}
	return backTo(w, r, mePath, "password")
}

func (p *Pane) endOthers(w http.ResponseWriter, r *http.Request) error {
	var mine hub.AccountID
	if a := admin.CallerOf(r.Context()).Account; a != nil {
		mine = a.ID
	}
	if err := p.Admin.EndSessions(r.Context(), mine); err != nil {
		return err
	}
	return backTo(w, r, mePath, "ended")
}

// tokenLasts are the days that are offered; 0 is for ever.
var tokenLasts = []int{30, 90, 365, 0}

// Lengths are how long a token may last.
func (mePage) Lengths() []int { return tokenLasts }

func (p *Pane) tokenPage(r *http.Request) mePage {
	page := mePage{Frame: p.frame(r, "me", "me.newToken"), Lasts: strconv.Itoa(tokenLasts[1]), In: admin.NewToken{Role: hub.Viewer}}
	for _, role := range hub.Roles() {
		if page.May(role) {
			page.Grantable = append(page.Grantable, role)
		}
	}
	return page
}

func (p *Pane) askToken(w http.ResponseWriter, r *http.Request) error {
	page := p.tokenPage(r)
	return p.show(w, r, "pane/token-new.html", &page)
}

func (p *Pane) addToken(w http.ResponseWriter, r *http.Request) error {
	in := admin.NewToken{Name: r.PostFormValue("name"), Role: hub.Role(r.PostFormValue("role"))}
	days, err := strconv.Atoi(r.PostFormValue("lasts"))
	if err != nil || !slices.Contains(tokenLasts, days) {
		return hub.Errorf(hub.CodeInvalid, "a token lasts 30, 90 or 365 days, or for ever")
	}
	if days > 0 {
		in.ExpiresAt = p.Now().Add(time.Duration(days) * 24 * time.Hour)
	}
	made, err := p.Admin.AddToken(r.Context(), in)
	if wrong := wrongFields(err, "name"); wrong != nil {
		page := p.tokenPage(r)
		page.In, page.Lasts, page.Wrong = in, r.PostFormValue("lasts"), page.say(wrong)
		web.Render(w, page.Words, http.StatusUnprocessableEntity, "pane/token-new.html", &page)
		return nil
	}
	if err != nil {
		return err
	}
	page, err := p.mePage(r)
	if err != nil {
		return err
	}
	page.New = made
	return p.show(w, r, "pane/me.html", &page)
}

func (p *Pane) revokeToken(w http.ResponseWriter, r *http.Request) error {
	if err := p.Admin.RemoveToken(r.Context(), hub.TokenID(r.PathValue("token"))); err != nil {
		return err
	}
	if r.PostFormValue("from") == "people" {
		return backTo(w, r, peoplePath, "revoked")
	}
	return backTo(w, r, mePath, "revoked")
}

func asError(err error) (*hub.Error, bool) { return errors.AsType[*hub.Error](err) }

// say puts what is wrong with fields into words, where there are words for it.
func (f Frame) say(wrong map[string]string) map[string]string { return admin.Say(f.Words, wrong) }
