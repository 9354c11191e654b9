package forumtest

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// reply is an answer of the forum.
type reply struct {
	status int
	body   any // nil: empty
	header map[string]string
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// failed is an error in Discourse's form.
func failed(status int, kind, text string, extras any) reply {
	return reply{status: status, body: object{"errors", []string{text}, "error_type", kind, "extras", extras}}
}

func notFound() reply {
	return failed(http.StatusNotFound, "not_found", "The requested URL or resource could not be found.", skip)
}

func invalidAccess() reply {
	return failed(http.StatusForbidden, "invalid_access", "You are not permitted to view the requested resource.", skip)
}

func notLoggedIn() reply {
	return failed(http.StatusForbidden, "not_logged_in", "You need to be logged in to do that.", skip)
}

// visit is one request, with who made it.
type visit struct {
	f     *Forum
	path  string
	query url.Values
	by    *user // nil: a visitor
	key   bool  // by key
}

// ServeHTTP answers a request to the API.
func (f *Forum) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, within := strings.CutPrefix(r.URL.Path, f.folder())
	f.log.add(Request{
		Method: r.Method, Path: path, Query: r.URL.RawQuery,
		Key: r.Header.Get("Api-Key") != "", User: r.Header.Get("Api-Username"), At: f.now(),
	})
	if f.failing(w) {
		return
	}
	f.mu.Lock()
	v := &visit{f: f, path: path, query: r.URL.Query()}
	route, answer := v.answer(r, within)
	f.mu.Unlock()
	if route != "" {
		w.Header().Set("X-Discourse-Route", route)
		if v.by != nil {
			w.Header().Set("X-Discourse-Username", v.by.username)
		}
	}
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	body, err := encode(answer.body)
	if err != nil {
		panic(fmt.Sprintf("forumtest: %s: %v", path, err))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(answer.status)
	_, _ = w.Write(body)
}

// answer lets the visitor in and answers; without a route they were not let in.
func (v *visit) answer(r *http.Request, within bool) (string, reply) {
	if !within {
		return "", reply{status: http.StatusNotFound}
	}
	if refusal := v.enter(r.Header); refusal != nil {
		return "", *refusal
	}
	if wait := v.f.spend(); wait > 0 {
		return "", tooMany(wait)
	}
	if r.Method != http.MethodGet {
		return "application/nothing", notFound()
	}
	route, handle := v.route()
	if v.by == nil && v.f.opts.LoginRequired && route != "site/basic_info" {
		return route, notLoggedIn()
	}
	if strings.HasPrefix(route, "admin::") && (v.by == nil || !v.by.Admin) {
		return "exceptions/not_found", notFound()
	}
	return route, handle()
}

func tooMany(wait time.Duration) reply {
	n := int(math.Ceil(wait.Seconds()))
	out := failed(http.StatusTooManyRequests, "rate_limit",
		fmt.Sprintf("You've performed this action too many times, please try again later. (%d seconds)", n),
		object{"wait_seconds", n, "time_left", fmt.Sprintf("%d seconds", n)})
	out.header = map[string]string{"Retry-After": strconv.Itoa(n), "Discourse-Rate-Limit-Error-Code": "admin_api_key_rate_limit"}
	return out
}

// enter finds out who a request is from:
// https://github.com/discourse/discourse/blob/main/lib/auth/default_current_user_provider.rb
func (v *visit) enter(h http.Header) *reply {
	key, name := h.Get("Api-Key"), h.Get("Api-Username")
	if key == "" {
		return nil
	}
	v.key = true
	if owner := v.f.opts.KeyUser; owner != "" && (name == "" || strings.EqualFold(name, owner)) {
		name = owner
	} else if owner != "" {
		name = ""
	}
	u := v.f.findUser(name)
	if key != v.f.opts.Key || u == nil {
		refusal := failed(http.StatusForbidden, "invalid_access",
			"You are not permitted to view the requested resource. The API username or key is invalid.", skip)
		return &refusal
	}
	if u.Suspended {
		refusal := invalidAccess()
		return &refusal
	}
	v.by = u
	return nil
}

func (v *visit) admin() bool { return v.by != nil && v.by.Admin }

func (v *visit) staff() bool { return v.by != nil && v.by.staff() }

func (v *visit) route() (string, func() reply) {
	path, isJSON := strings.CutSuffix(v.path, ".json")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case !isJSON:
	case parts[0] == "t" && (len(parts) == 2 || len(parts) == 3):
		return "topics/show", func() reply { return v.showTopic(parts[len(parts)-1]) }
	case parts[0] == "posts" && len(parts) == 2:
		return "posts/show", func() reply { return v.showPost(parts[1]) }
	case parts[0] == "groups" && len(parts) == 3 && parts[2] == "members":
		return "groups/members", func() reply { return v.members(parts[1]) }
	case strings.HasPrefix(path, "/admin/api/web_hook_events/"):
		return "admin::web_hooks/list_events", func() reply { return v.hookEvents(parts[len(parts)-1]) }
	}
	switch v.path {
	case "/site.json":
		return "site/site", v.site
	case "/site/basic-info.json":
		return "site/basic_info", v.basicInfo
	case "/tags.json":
		return "tags/index", v.tags
	case "/categories.json":
		return "categories/index", v.categories
	case "/posts.json":
		return "posts/latest", v.latest
	case "/session/current.json":
		return "session/current", v.session
	case "/admin/api/web_hooks.json":
		return "admin::web_hooks/index", v.hooks
	}
	return "exceptions/not_found", notFound
}

func (v *visit) session() reply {
	if v.by == nil {
		return reply{status: http.StatusNotFound}
	}
	return ok(object{"current_user", object{
		"id", v.by.id, "username", v.by.username, "name", orNull(v.by.Name), "unread_notifications", 0,
		"admin", v.by.Admin, "moderator", v.by.Moderator, "staff", v.by.staff(), "trust_level", 2,
	}})
}

func (v *visit) basicInfo() reply {
	return ok(object{"logo_url", v.f.URL + "/images/logo.png", "title", "A forum", "description", "for tests", "login_required", v.f.opts.LoginRequired})
}
