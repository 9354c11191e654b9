package pane

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/openid"
	"github.com/bellhop-chat/bellhop/web"
)

const peoplePath = "/people"

// peoplePages show who may come in and who speaks in chats, and change it.
func (p *Pane) peoplePages() []admin.Page {
	get, post := http.MethodGet, http.MethodPost
	return []admin.Page{
		{Method: get, Path: peoplePath, Need: hub.Viewer, Handle: p.people},
		{Method: get, Path: "/people/new", Need: hub.Administrator, Fresh: true, Handle: p.askUser},
		{Method: post, Path: "/people/new", Need: hub.Administrator, Fresh: true, Handle: p.addUser},
		{Method: get, Path: "/people/chats", Need: hub.Viewer, Handle: p.chatPeople},
		{Method: post, Path: "/people/chats/{system}/{user}/level", Need: hub.Administrator, Handle: p.setLevel},
		{Method: post, Path: "/people/chats/{system}/{user}/unlink", Need: hub.Administrator, Handle: p.unlink},
		{Method: get, Path: "/people/sessions", Need: hub.Administrator, Handle: p.allSessions},
		{Method: post, Path: "/people/sessions/{session}/end", Need: hub.Administrator, Handle: p.endSession("/people/sessions")},
		{Method: post, Path: "/people/{user}/role", Need: hub.Administrator, Handle: p.setRole},
		{Method: post, Path: "/people/{user}/disabled", Need: hub.Administrator, Handle: p.setDisabled},
		{Method: post, Path: "/people/{user}/link", Need: hub.Administrator, Fresh: true, Handle: p.inviteAgain},
		{Method: post, Path: "/people/{user}/sign-out", Need: hub.Administrator, Handle: p.signOut},
		{Method: get, Path: "/people/{user}/remove", Need: hub.Administrator, Handle: p.askRemove},
		{Method: post, Path: "/people/{user}/remove", Need: hub.Administrator, Handle: p.removeUser},
	}
}

// peoplePage is the data of people.html.
type peoplePage struct {
	Frame
	Tab      string
	Text     string
	Role     string
	Accounts []account
	Next     string
	Tokens   []admin.TokenInfo
	Sessions []admin.SessionInfo
	Chats    []chatPerson
	System   string
	Systems  []hub.SystemStatus
	Level    string
	Grants   []openid.Grant
	Default  hub.Role
	OpenID   string
	Link     string // shown this once
	For      string // whom the link is for
}

// Filtered reports whether the list may be empty because of what was asked.
func (p peoplePage) Filtered() bool {
	return p.Text != "" || p.Role != "" || p.System != "" || p.Level != ""
}

// account is a row.
type account struct {
	hub.Account
	Self    bool
	Invited bool // has a link that is still good, and no password
	Expired bool // has none, and no way in
}

// Ways are how they sign in, as names of texts.
func (a account) Ways() (ways []string) {
	if a.Password != "" {
		ways = append(ways, "password")
	}
	if a.Subject != "" {
		ways = append(ways, "openid")
	}
	return ways
}

// Initials are those of the name.
func (a account) Initials() string { return initials(a.Called()) }

// Tint is which of four colours stands behind the initials; it stays the same.
func (a account) Tint() string {
	sum := 0
	for _, r := range string(a.ID) {
		sum += int(r)
	}
	return string("abcd"[sum%4])
}

// Roles lists every role, the highest first.
func (peoplePage) Roles() []hub.Role {
	roles := slices.Clone(hub.Roles())
	slices.Reverse(roles)
	return roles
}

// Levels lists every level, the highest first.
func (peoplePage) Levels() []hub.Level {
	levels := slices.Clone(hub.Levels())
	slices.Reverse(levels)
	return levels
}

// More is where the list goes on.
func (p peoplePage) More() string {
	q := url.Values{"cursor": {p.Next}}
	for name, value := range map[string]string{"q": p.Text, "role": p.Role, "system": p.System, "level": p.Level} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return "?" + q.Encode()
}

// done is the notice about what has just been done, named in the address; nil for
// what there are no words for.
func (p *Pane) done(r *http.Request, words *web.Words, what string) *Toast {
	name := r.FormValue("done")
	if name == "" || strings.Contains(name, ".") || !words.Has(what+".done."+name) {
		return nil
	}
	return &Toast{Icon: "i-check", Text: words.Say(what + ".done." + name)}
}

// backTo sends the browser back to a page that says what was done.
func backTo(w http.ResponseWriter, r *http.Request, page, done string) error {
	http.Redirect(w, r, page+"?done="+done, http.StatusSeeOther)
	return nil
}

func (p *Pane) peopleFrame(r *http.Request, tab string) peoplePage {
	page := peoplePage{Frame: p.frame(r, "people", "people.title"), Tab: tab}
	page.Toast = p.done(r, page.Words, "people")
	page.Text = strings.TrimSpace(r.FormValue("q"))
	return page
}

func (p *Pane) people(w http.ResponseWriter, r *http.Request) error {
	page := p.peopleFrame(r, "accounts")
	return p.showPeople(w, r, page)
}

func (p *Pane) showPeople(w http.ResponseWriter, r *http.Request, page peoplePage) error {
	if role := hub.Role(r.FormValue("role")); role.Known() && r.Method == http.MethodGet {
		page.Role = string(role)
	}
	accounts, next, err := p.Admin.ListUsers(r.Context(), hub.AccountQuery{
		Role: hub.Role(page.Role), Text: page.Text, Page: hub.Page{Limit: 50, Cursor: r.URL.Query().Get("cursor")},
	})
	if err != nil {
		return err
	}
	now := p.Now()
	for _, a := range accounts {
		noWay := a.Password == "" && a.Subject == ""
		page.Accounts = append(page.Accounts, account{
			Account: a, Self: page.Me.Account != nil && page.Me.Account.ID == a.ID,
			Invited: noWay && now.Before(a.LinkUntil), Expired: noWay && !now.Before(a.LinkUntil),
		})
	}
	page.Next = next
	if page.Tokens, err = p.Admin.ListTokens(r.Context(), false); err != nil {
		return err
	}
	if who := p.Admin.OpenID; who != nil {
		page.OpenID = who.Called()
		page.Grants, page.Default = who.Grants()
	}
	return p.show(w, r, "pane/people.html", &page)
}

// userPage is the data of user-new.html and user-remove.html.
type userPage struct {
	peoplePage
	In    admin.NewUser
	Wrong map[string]string
	Who   hub.Account
	Ends  struct{ Sessions, Tokens int }
}

func (p *Pane) askUser(w http.ResponseWriter, r *http.Request) error {
	page := userPage{peoplePage: peoplePage{Frame: p.frame(r, "people", "people.invite")}, In: admin.NewUser{Role: hub.Viewer}}
	return p.show(w, r, "pane/user-new.html", &page)
}

func (p *Pane) addUser(w http.ResponseWriter, r *http.Request) error {
	in := admin.NewUser{Login: r.PostFormValue("login"), Full: r.PostFormValue("full"), Email: r.PostFormValue("email"), Role: hub.Role(r.PostFormValue("role"))}
	a, code, err := p.Admin.AddUser(r.Context(), in)
	if wrong := wrongFields(err, "login"); wrong != nil {
		page := userPage{peoplePage: peoplePage{Frame: p.frame(r, "people", "people.invite")}, In: in}
		page.Wrong = page.say(wrong)
		web.Render(w, page.Words, http.StatusUnprocessableEntity, "pane/user-new.html", &page)
		return nil
	}
	if err != nil {
		return err
	}
	page := p.peopleFrame(r, "accounts")
	page.Link, page.For = p.Admin.JoinURL(r, code), a.Called()
	return p.showPeople(w, r, page)
}

// wrongFields are what an error says of the fields of a form, nil if it is for the
// page that tells of problems. A conflict is about the field named.
func wrongFields(err error, conflict string) map[string]string {
	e, ok := asError(err)
	switch {
	case !ok:
		return nil
	case len(e.Fields) > 0:
		return e.Fields
	case e.Code == hub.CodeConflict && conflict != "":
		return map[string]string{conflict: e.Message}
	}
	return nil
}

func (p *Pane) inviteAgain(w http.ResponseWriter, r *http.Request) error {
	a, code, err := p.Admin.Invite(r.Context(), hub.AccountID(r.PathValue("user")))
	if err != nil {
		return err
	}
	page := p.peopleFrame(r, "accounts")
	page.Link, page.For = p.Admin.JoinURL(r, code), a.Called()
	return p.showPeople(w, r, page)
}

func (p *Pane) setRole(w http.ResponseWriter, r *http.Request) error {
	role := hub.Role(r.PostFormValue("role"))
	if _, err := p.Admin.ChangeUser(r.Context(), hub.AccountID(r.PathValue("user")), admin.UserChange{Role: &role}); err != nil {
		return err
	}
	return backTo(w, r, peoplePath, "role")
}

func (p *Pane) setDisabled(w http.ResponseWriter, r *http.Request) error {
	disabled := r.PostFormValue("disabled") == "1"
	if _, err := p.Admin.ChangeUser(r.Context(), hub.AccountID(r.PathValue("user")), admin.UserChange{Disabled: &disabled}); err != nil {
		return err
	}
	if disabled {
		return backTo(w, r, peoplePath, "disabled")
	}
	return backTo(w, r, peoplePath, "enabled")
}

func (p *Pane) signOut(w http.ResponseWriter, r *http.Request) error {
	a, err := p.Admin.Accounts.GetAccount(r.Context(), hub.AccountID(r.PathValue("user")))
	if err != nil {
		return err
	}
	if err := p.Admin.EndSessions(r.Context(), a.ID); err != nil {
		return err
	}
	return backTo(w, r, peoplePath, "signedOut")
}

// askRemove says what would end with an account.
func (p *Pane) askRemove(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), hub.AccountID(r.PathValue("user"))
	a, err := p.Admin.Accounts.GetAccount(ctx, id)
	if err != nil {
		return err
	}
	page := userPage{peoplePage: peoplePage{Frame: p.frame(r, "people", "people.remove")}, Who: *a}
	sessions, err := p.Admin.Sessions.ListSessions(ctx, id, false, p.Now())
	if err != nil {
		return err
	}
	tokens, err := p.Admin.Tokens.ListTokens(ctx, id, false)
	if err != nil {
		return err
	}
	page.Ends.Sessions, page.Ends.Tokens = len(sessions), len(tokens)
	return p.show(w, r, "pane/user-remove.html", &page)
}

func (p *Pane) removeUser(w http.ResponseWriter, r *http.Request) error {
	if err := p.Admin.RemoveUser(r.Context(), hub.AccountID(r.PathValue("user"))); err != nil {
		return err
	}
	return backTo(w, r, peoplePath, "removed")
}

// chatPerson is somebody as a chat system knows them.
type chatPerson struct {
	admin.Person
	Kind string // of the system
}

// Path is where what they may do is changed.
func (c chatPerson) Path() string {
	return "/people/chats/" + url.PathEscape(string(c.System)) + "/" + url.PathEscape(c.ID)
}

func (p *Pane) chatPeople(w http.ResponseWriter, r *http.Request) error {
	ctx, page := r.Context(), p.peopleFrame(r, "chats")
	page.System = r.FormValue("system")
	if level := hub.Level(r.FormValue("level")); level.Known() {
		page.Level = string(level)
	}
	people, next, err := p.Admin.ListPeople(ctx, hub.UserQuery{
		System: hub.System(page.System), Level: hub.Level(page.Level), Text: page.Text, Page: hub.Page{Limit: 50, Cursor: r.FormValue("cursor")},
	}, true)
	if err != nil {
		return err
	}
	if page.Systems, err = p.Admin.Systems(ctx); err != nil {
		return err
	}
	kinds := map[hub.System]string{}
	for _, s := range page.Systems {
		kinds[s.System] = s.Kind
	}
	for _, one := range people {
		kind := kinds[one.System]
		if kind == "" {
			kind = "console" // a system that is configured no more has no mark of its own
		}
		page.Chats = append(page.Chats, chatPerson{one, kind})
	}
	page.Next = next
	return p.show(w, r, "pane/people.html", &page)
}

func (p *Pane) setLevel(w http.ResponseWriter, r *http.Request) error {
	_, err := p.Admin.SetLevel(r.Context(), hub.System(r.PathValue("system")), r.PathValue("user"), hub.Level(r.PostFormValue("level")))
	if err != nil {
		return err
	}
	return backTo(w, r, "/people/chats", "level")
}

func (p *Pane) unlink(w http.ResponseWriter, r *http.Request) error {
	if err := p.Admin.Unlink(r.Context(), hub.System(r.PathValue("system")), r.PathValue("user")); err != nil {
		return err
	}
	return backTo(w, r, "/people/chats", "unlinked")
}

func (p *Pane) allSessions(w http.ResponseWriter, r *http.Request) (err error) {
	page := p.peopleFrame(r, "sessions")
	if page.Sessions, err = p.Admin.ListSessions(r.Context(), false); err != nil {
		return err
	}
	return p.show(w, r, "pane/people.html", &page)
}

// endSession ends a session and goes back to the page with the list.
func (p *Pane) endSession(page string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := p.Admin.EndSession(r.Context(), r.PathValue("session")); err != nil {
			return err
		}
		return backTo(w, r, page, "ended")
	}
}
