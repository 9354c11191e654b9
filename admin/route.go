package admin

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	prefix      = "/api/v1"
	jsonContent = "application/json"
	tomlContent = "application/toml"
	jsonLines   = "application/jsonl"
	textContent = "text/plain"
)

// route is one operation of the API: how it is served and how openapi.json
// describes it. There is one table of them, so the two cannot differ.
type route struct {
	method, path string   // below the prefix
	id           string   // operationId
	need         hub.Role // who may; a route that does not say is a mistake
	fresh        bool     // it makes or shows a secret: the credential must be shown anew
	summary      string
	query        []param
	header       []param
	body         content   // what it takes
	answers      []outcome // what it gives when all is well
	names        bool      // its body names something that may not be there
	repeats      bool      // what it asks for may be there already, or have changed meanwhile
	handle       func(http.ResponseWriter, *http.Request) error
}

// content maps content types to names of schemas.
type content map[string]string

type outcome struct {
	status int
	text   string
	body   content
}

// param is a query parameter or a header.
type param struct {
	name, text string
	enum       []string
	several    bool // of enum; given more than once, or with commas
	time       bool
	integer    bool
	maximum    int
}

var (
	limitParam  = param{name: "limit", text: "how many, 50 if not given", integer: true, maximum: maxLimit}
	cursorParam = param{name: "cursor", text: "next of the page before"}
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// mount makes the handler of all routes. A path that exists answers 405 to the
// methods that it lacks, any other path is a 404. Methods are no part of the
// patterns: a ServeMux would not know which of "POST /a/retry" and "GET /a/{id}"
// a GET of /a/retry is for.
func (s *Server) mount(routes []route) http.Handler {
	mux := http.NewServeMux()
	paths := map[string]map[string]http.Handler{}
	for _, rt := range routes {
		if !rt.need.Known() {
			panic("admin: nobody is said to be allowed " + rt.id) // it would be closed to all
		}
		if paths[rt.path] == nil {
			paths[rt.path] = map[string]http.Handler{}
		}
		paths[rt.path][rt.method] = s.serve(rt)
	}
	for path, methods := range paths {
		mux.Handle(prefix+path, s.byMethod(methods))
	}
	mux.Handle(prefix+"/", s.failing(func(http.ResponseWriter, *http.Request) error {
		return hub.Errorf(hub.CodeNotFound, "no such path; /api/v1/openapi.json lists them all")
	}))
	return mux
}

func (s *Server) byMethod(methods map[string]http.Handler) http.Handler {
	allowed := allow(slices.Collect(maps.Keys(methods)))
	return s.failing(func(w http.ResponseWriter, r *http.Request) error {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h, ok := methods[method]
		if !ok {
			w.Header().Set("Allow", allowed)
			return &statusError{http.StatusMethodNotAllowed, fmt.Sprintf("%s is not for this path, which takes %s", r.Method, allowed)}
		}
		h.ServeHTTP(w, r)
		return nil
	})
}

func allow(methods []string) string {
	if slices.Contains(methods, http.MethodGet) {
		methods = append(slices.Clip(methods), http.MethodHead)
	}
	return strings.Join(slices.Sorted(slices.Values(methods)), ", ")
}

func (s *Server) serve(rt route) http.Handler {
	return s.failing(func(w http.ResponseWriter, r *http.Request) error {
		if err := permit(r.Context(), rt.need); err != nil {
			return err
		}
		if rt.fresh && !Fresh(r.Context()) {
			return errStale
		}
		if err := rt.checkQuery(r); err != nil {
			return err
		}
		from := hub.ViaAPI
		if strings.HasPrefix(r.UserAgent(), "bellhop/") {
			from = hub.ViaCLI
		}
		return rt.handle(w, r.WithContext(via(r.Context(), from)))
	})
}

// failing turns an error into an answer.
func (s *Server) failing(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.problem(w, r, err)
		}
	})
}

// checkQuery refuses parameters that the route does not have or that are not
// what it takes: a filter with a slip in it would select everything.
func (rt route) checkQuery(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return hub.Errorf(hub.CodeInvalid, "the query cannot be read: %s", err)
	}
	bad := map[string]string{}
	for name, values := range query {
		if problem := rt.queryProblem(name, values); problem != "" {
			bad[name] = problem
		}
	}
	if len(bad) > 0 {
		return invalid(bad)
	}
	return nil
}

func (rt route) queryProblem(name string, values []string) string {
	i := slices.IndexFunc(rt.query, func(p param) bool { return p.name == name })
	if i < 0 {
		return "is not a parameter of this path"
	}
	p, value := rt.query[i], values[0]
	if p.several {
		return p.severalProblem(values)
	}
	switch {
	case len(values) > 1:
		return "is given more than once"
	case value == "":
		return ""
	case len(p.enum) > 0 && !slices.Contains(p.enum, value):
		return fmt.Sprintf("is %q: one of %s", value, strings.Join(p.enum, ", "))
	case p.time:
		return timeProblem(value)
	case p.integer:
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > p.maximum {
			return fmt.Sprintf("is %q, want 1 to %d", value, p.maximum)
		}
	}
	return ""
}

func (p param) severalProblem(values []string) string {
	for _, v := range listed(values) {
		if !slices.Contains(p.enum, v) {
			return fmt.Sprintf("is %q: any of %s", v, strings.Join(p.enum, ", "))
		}
	}
	return ""
}

// listed are values that were given one by one or with commas.
func listed(values []string) (all []string) {
	for _, v := range values {
		for one := range strings.SplitSeq(v, ",") {
			if one != "" {
				all = append(all, one)
			}
		}
	}
	return all
}

func timeProblem(value string) string {
	if _, err := time.Parse(time.RFC3339, value); err != nil {
		return fmt.Sprintf("is %q, want a time such as 2026-01-10T09:05:00Z", value)
	}
	return ""
}

// timeOf is a time that was checked before, zero for none.
func timeOf(value string) time.Time {
	t, _ := time.Parse(time.RFC3339, value)
	return t
}

// pageOf reads the paging parameters, which were checked before.
func pageOf(r *http.Request) hub.Page {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = defaultLimit
	}
	return hub.Page{Limit: limit, Cursor: q.Get("cursor")}
}

// list is a page of things.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// listOf never has null items.
func listOf[T any](items []T, next string) list[T] {
	if items == nil {
		items = []T{}
	}
	return list[T]{Items: items, Next: next}
}
