package admin

import (
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// accessRoutes are the operations of accounts, tokens and sessions.
func (s *Server) accessRoutes() []route {
	gone := func(text string) []outcome { return []outcome{{status: http.StatusNoContent, text: text}} }
	own := param{name: "own", text: "1 leaves those of others out, which an admin sees, too", enum: []string{"0", "1"}}
	return []route{{
		method: http.MethodGet, path: "/users", id: "listUsers", need: hub.Viewer, summary: "Who may come in, by login name",
		query: []param{
			{name: "role", text: "with one role", enum: words(hub.Roles())},
			{name: "text", text: "a part of the login name, the full name or the e-mail address, in any case"},
			limitParam, cursorParam,
		},
		answers: gives(http.StatusOK, "A page.", "UserList"), handle: s.listUsers,
	}, {
		method: http.MethodPost, path: "/users", id: "createUser", need: hub.Administrator, fresh: true,
		summary: "Make an account. Without a password the answer has a one-time link by which they set one",
		body:    inJSON("UserInput"), answers: gives(http.StatusCreated, "It is made; the link is shown this once.", "User"),
		repeats: true, handle: s.postUser,
	}, {
		method: http.MethodGet, path: "/users/{user}", id: "getUser", need: hub.Viewer, summary: "An account, by its id or login name",
		answers: gives(http.StatusOK, "The account.", "User"), handle: s.getUser,
	}, {
		method: http.MethodPatch, path: "/users/{user}", id: "changeUser", need: hub.Administrator,
		summary: "Change an account: its role, its names, whether it is disabled. Never the last admin's, nor one's own role",
		body:    content{jsonContent: "UserChange", "application/merge-patch+json": "UserChange"},
		answers: gives(http.StatusOK, "As it is now.", "User"), repeats: true, handle: s.patchUser,
	}, {
		method: http.MethodDelete, path: "/users/{user}", id: "deleteUser", need: hub.Administrator,
		summary: "Remove an account with its sessions and tokens. Never the last admin's, nor one's own",
		answers: gone("It is gone."), repeats: true, handle: s.deleteUser,
	}, {
		method: http.MethodPost, path: "/users/{user}/link", id: "inviteUser", need: hub.Administrator, fresh: true,
		summary: "Make a one-time link by which they set a password, in place of the one before",
		answers: gives(http.StatusCreated, "The account with its link, which is shown this once.", "User"), handle: s.postUserLink,
	}, {
		method: http.MethodDelete, path: "/users/{user}/sessions", id: "endUserSessions", need: hub.Administrator, summary: "Sign an account out everywhere",
		answers: gone("They are ended, save the one that asks."), handle: s.deleteUserSessions,
	}, {
		method: http.MethodGet, path: "/me", id: "getMe", need: hub.Viewer, summary: "Who asks and what they may do",
		answers: gives(http.StatusOK, "Who it is.", "Me"), handle: s.getMe,
	}, {
		method: http.MethodPatch, path: "/me", id: "changeMe", need: hub.Viewer, summary: "Change one's own names and how one likes the pages",
		body:    content{jsonContent: "MyChange", "application/merge-patch+json": "MyChange"},
		answers: gives(http.StatusOK, "As it is now.", "User"), repeats: true, handle: s.patchMe,
	}, {
		method: http.MethodPut, path: "/me/password", id: "setPassword", need: hub.Viewer, summary: "Set one's own password, which ends one's other sessions",
		body: inJSON("PasswordInput"), answers: gone("It holds from now on."), repeats: true, handle: s.putPassword,
	}, {
		method: http.MethodGet, path: "/tokens", id: "listTokens", need: hub.Viewer, summary: "One's own tokens, the newest first; an admin sees everybody's",
		query: []param{own}, answers: gives(http.StatusOK, "All of them, at most 500.", "TokenList"), handle: s.listTokens,
	}, {
		method: http.MethodPost, path: "/tokens", id: "createToken", need: hub.Viewer, fresh: true,
		summary: "Make a token that may do no more than whoever asks",
		body:    inJSON("TokenInput"), answers: gives(http.StatusCreated, "It is made, and shown this once.", "Token"),
		repeats: true, handle: s.postToken,
	}, {
		method: http.MethodDelete, path: "/tokens/{token}", id: "revokeToken", need: hub.Viewer, summary: "Revoke a token of one's own; an admin may revoke any",
		answers: gone("It opens nothing any more."), handle: s.deleteToken,
	}, {
		method: http.MethodGet, path: "/sessions", id: "listSessions", need: hub.Viewer, summary: "Where one is signed in, used last first; an admin sees everybody's",
		query: []param{own}, answers: gives(http.StatusOK, "All of them, at most 500.", "SessionList"), handle: s.listSessions,
	}, {
		method: http.MethodDelete, path: "/sessions/{session}", id: "endSession", need: hub.Viewer, summary: "End a session of one's own; an admin may end any",
		answers: gone("It is ended."), handle: s.deleteSession,
	}, {
		method: http.MethodPost, path: "/login-links", id: "createLoginLink", need: hub.Administrator, fresh: true,
		summary: "Make a one-time link that signs a browser in as the admin token does, or to the making of the first account",
		answers: gives(http.StatusCreated, "The link, good for ten minutes.", "LoginLink"), handle: s.postLoginLink,
	}}
}

func (s *Server) listUsers(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	accounts, next, err := s.ListUsers(r.Context(), hub.AccountQuery{Role: hub.Role(q.Get("role")), Text: q.Get("text"), Page: pageOf(r)})
	if err != nil {
		return err
	}
	users := make([]user, len(accounts))
	for i := range accounts {
		users[i] = userOf(&accounts[i])
	}
	return s.answer(w, r, http.StatusOK, listOf(users, next))
}

func (s *Server) postUser(w http.ResponseWriter, r *http.Request) error {
	var in NewUser
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	a, code, err := s.AddUser(r.Context(), in)
	if err != nil {
		return err
	}
	return s.answerInvited(w, r, a, code)
}

func (s *Server) answerInvited(w http.ResponseWriter, r *http.Request, a *hub.Account, code string) error {
	made := userOf(a)
	if code != "" {
		made.Link = s.JoinURL(r, code)
	}
	return s.answer(w, r, http.StatusCreated, made)
}

func (s *Server) getUser(w http.ResponseWriter, r *http.Request) error {
	a, err := s.User(r.Context(), r.PathValue("user"))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, userOf(a))
}

func (s *Server) patchUser(w http.ResponseWriter, r *http.Request) error {
	var in UserChange
	if err := s.decode(w, r, &in, jsonContent, "application/merge-patch+json"); err != nil {
		return err
	}
	a, err := s.User(r.Context(), r.PathValue("user"))
	if err != nil {
		return err
	}
	if a, err = s.ChangeUser(r.Context(), a.ID, in); err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, userOf(a))
}

func (s *Server) deleteUser(w http.ResponseWriter, r *http.Request) error {
	a, err := s.User(r.Context(), r.PathValue("user"))
	if err != nil {
		return err
	}
	return done(w, s.RemoveUser(r.Context(), a.ID))
}

// done answers that all went well, where it did.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (s *Server) postUserLink(w http.ResponseWriter, r *http.Request) error {
	a, err := s.User(r.Context(), r.PathValue("user"))
	if err != nil {
		return err
	}
	a, code, err := s.Invite(r.Context(), a.ID)
	if err != nil {
		return err
	}
	return s.answerInvited(w, r, a, code)
}

func (s *Server) deleteUserSessions(w http.ResponseWriter, r *http.Request) error {
	a, err := s.User(r.Context(), r.PathValue("user"))
	if err != nil {
		return err
	}
	return done(w, s.EndSessions(r.Context(), a.ID))
}

// me is who asks.
type me struct {
	Name  string      `json:"name"`
	Role  hub.Role    `json:"role"`
	Token hub.TokenID `json:"token,omitempty"`
	User  *user       `json:"user,omitempty"`
}

func (s *Server) getMe(w http.ResponseWriter, r *http.Request) error {
	c := CallerOf(r.Context())
	answer := me{Name: c.Name, Role: c.Role, Token: c.Token}
	if c.Account != nil {
		u := userOf(c.Account)
		answer.User = &u
	}
	return s.answer(w, r, http.StatusOK, answer)
}

func (s *Server) patchMe(w http.ResponseWriter, r *http.Request) error {
	var in MyChange
	if err := s.decode(w, r, &in, jsonContent, "application/merge-patch+json"); err != nil {
		return err
	}
	a, err := s.ChangeMe(r.Context(), in)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, userOf(a))
}

func (s *Server) putPassword(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Current  string `json:"current"`
		Password string `json:"password"`
	}
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	return done(w, s.SetPassword(r.Context(), in.Current, in.Password, s.Address(r)))
}

func (s *Server) listTokens(w http.ResponseWriter, r *http.Request) error {
	tokens, err := s.ListTokens(r.Context(), r.URL.Query().Get("own") == "1")
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(tokens, ""))
}

func (s *Server) postToken(w http.ResponseWriter, r *http.Request) error {
	var in NewToken
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	t, err := s.AddToken(r.Context(), in)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusCreated, t)
}

func (s *Server) deleteToken(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.RemoveToken(r.Context(), hub.TokenID(r.PathValue("token"))))
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) error {
	sessions, err := s.ListSessions(r.Context(), r.URL.Query().Get("own") == "1")
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(sessions, ""))
}

func (s *Server) deleteSession(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.EndSession(r.Context(), r.PathValue("session")))
}

func (s *Server) postLoginLink(w http.ResponseWriter, r *http.Request) error {
	url, until := s.LoginLink(r)
	return s.answer(w, r, http.StatusCreated, struct {
		URL       string    `json:"url"`
		ExpiresAt time.Time `json:"expires_at"`
	}{url, until})
}
