package admin

import (
	"net/http"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// welcomePath is where whoever has made the first account goes on.
const welcomePath = "/welcome"

// entryPages are the pages outside of the pane for who is signed in.
func (s *Server) entryPages() []Page {
	return []Page{
		{Method: http.MethodGet, Path: confirmPath, Need: hub.Viewer, Handle: s.confirmPage},
		{Method: http.MethodPost, Path: confirmPath, Need: hub.Viewer, Handle: s.confirm},
		{Method: http.MethodGet, Path: firstPath, Need: hub.Administrator, Handle: s.firstPage},
		{Method: http.MethodPost, Path: firstPath, Need: hub.Administrator, Fresh: true, Handle: s.makeFirst},
	}
}

// firstPage asks for the first account. Once there is one it leads to the pane.
func (s *Server) firstPage(w http.ResponseWriter, r *http.Request) error {
	has, err := s.Accounts.HasAccounts(r.Context())
	if err != nil {
		return err
	}
	if has {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	s.entry(r, "first.title").show(w, http.StatusOK, "first")
	return nil
}

// makeFirst makes the first account, an admin's, and signs it in.
func (s *Server) makeFirst(w http.ResponseWriter, r *http.Request) error {
	in := NewUser{
		Login: strings.TrimSpace(r.PostFormValue("login")), Full: strings.TrimSpace(r.PostFormValue("full")),
		Email: strings.TrimSpace(r.PostFormValue("email")), Password: r.PostFormValue("password"), Role: hub.Administrator,
	}
	a, err := s.makeUser(r.Context(), in, true)
	if wrong := fieldsOf(err); wrong != nil {
		e := s.entry(r, "first.title")
		e.Login, e.Full, e.Email, e.Wrong = in.Login, in.Full, in.Email, e.said(wrong)
		e.show(w, http.StatusUnprocessableEntity, "first")
		return nil
	}
	if err != nil {
		return err
	}
	s.begin(w, r, a, "password", welcomePath)
	return nil
}

// said are what is wrong with fields, in the reader's language.
func (e entry) said(wrong map[string]string) map[string]string {
	return Say(e.Words, wrong)
}

// Say puts what is wrong with fields into words, where there are words for it.
func Say(words *web.Words, wrong map[string]string) map[string]string {
	told := map[string]string{}
	for field, problem := range wrong {
		told[field] = problem
		if words.Has("wrong." + field) {
			told[field] = words.Say("wrong." + field)
		}
	}
	return told
}

// join shows the page of a one-time link: an invitation, or a new password.
func (s *Server) joinPage(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	a, err := s.invited(r, code)
	if err != nil {
		s.askLogin(w, r, http.StatusUnauthorized, false, web.WordsOf(r).Say("join.used"))
		return
	}
	s.showJoin(w, r, a, code, http.StatusOK, nil)
}

func (s *Server) showJoin(w http.ResponseWriter, r *http.Request, a *hub.Account, code string, status int, wrong map[string]string) {
	e := s.entry(r, "join.title")
	e.Login, e.Full, e.Email, e.Code, e.Wrong = a.Login, a.Full, a.Email, code, e.said(wrong)
	e.Forms = a.Password != ""
	e.show(w, status, "join")
}

// invited is the account that a link is for.
func (s *Server) invited(r *http.Request, code string) (*hub.Account, error) {
	a, err := s.Accounts.FindLink(r.Context(), digest(code))
	if err == nil && (a == nil || a.Disabled || !s.Now().Before(a.LinkUntil)) {
		err = errLink
	}
	return a, err
}

var errLink = hub.Errorf(hub.CodeUnauthorized, "this link has been used already or is too old: ask for another")

// join sets a password by a one-time link, which that uses up.
func (s *Server) join(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.problem(w, r, errOrigin)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLoginBody)
	code := r.PostFormValue("code")
	a, err := s.invited(r, code)
	if err != nil {
		s.askLogin(w, r, http.StatusUnauthorized, false, web.WordsOf(r).Say("join.used"))
		return
	}
	password, ctx := r.PostFormValue("password"), r.Context()
	if problem := passwordProblem(password, a); problem != "" {
		s.showJoin(w, r, a, code, http.StatusUnprocessableEntity, map[string]string{"password": problem})
		return
	}
	made, err := s.hash(ctx, password)
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	_, after, err := s.Accounts.ChangeAccount(ctx, a.ID, false, func(now *hub.Account) error {
		if now.Link != digest(code) { // another browser was faster
			return errLink
		}
		now.Password, now.Link, now.LinkUntil = made, "", time.Time{}
		return nil
	})
	if err == nil {
		_, err = s.Sessions.DeleteSessions(ctx, a.ID, "")
	}
	if err == nil {
		err = s.Tries.Succeed(ctx, nil, tryKeys(a.Login, "")[:1])
	}
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	s.begin(w, r, after, "invitation", "/")
}
