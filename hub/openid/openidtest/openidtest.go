// Package openidtest is a small OpenID provider for tests: discovery, a page to
// sign in, the code flow with PKCE, tokens signed with RS256, and its keys.
package openidtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Person is somebody whom the provider knows.
type Person struct {
	Subject, Login, Password, Full, Email string
	Groups                                []string
}

// Provider is a running provider with one client.
type Provider struct {
	URL, ClientID, Secret string
	Back                  string // the client's one address to come back to

	mu     sync.Mutex
	key    *rsa.PrivateKey
	people []Person
	codes  map[string]grant
	access map[string]Person
	change func(claims map[string]any)
	down   bool
	aside  bool // groups are told at the userinfo endpoint only
}

// grant is what a code stands for.
type grant struct {
	person    Person
	nonce     string
	challenge string
	at        time.Time
	ends      time.Time
}

// New starts a provider, which ends with the test.
func New(t *testing.T, people ...Person) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p := &Provider{ClientID: "bellhop", Secret: "client-secret-of-the-provider", key: key, people: people, codes: map[string]grant{}, access: map[string]Person{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /authorize", p.signIn)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.isDown() {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Change makes the provider put other claims into its tokens; nil ends that.
func (p *Provider) Change(change func(claims map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change = change
}

// Down lets the provider answer nothing but that it is out of order.
func (p *Provider) Down(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = is
}

// Aside tells groups at the userinfo endpoint only.
func (p *Provider) Aside(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aside = is
}

// Put makes somebody known, in place of one with the same subject.
func (p *Provider) Put(person Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.people = append(slices.DeleteFunc(p.people, func(o Person) bool { return o.Subject == person.Subject }), person)
}

func (p *Provider) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a map of texts
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"userinfo_endpoint": p.URL + "/userinfo", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "scopes_supported": []string{"openid", "profile", "email", "groups"},
		"code_challenge_methods_supported": []string{"S256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1",
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>Example ID</title><main>
<h1>Example ID</h1>{{with .Wrong}}<p>{{.}}</p>{{end}}
<form method="post" action="/authorize">{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
<label>Name <input id="name" name="name"></label> <label>Password <input id="password" type="password" name="password"></label>
<button id="in">Sign in</button> <button id="no" name="deny" value="1">Deny</button></form></main></html>`))

// problem says why a request cannot come from our client. Such a one is never sent
// back: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
func (p *Provider) problem(q url.Values) string {
	switch {
	case q.Get("client_id") != p.ClientID:
		return "unknown client"
	case q.Get("redirect_uri") != p.Back:
		return "redirect_uri is not registered: " + q.Get("redirect_uri")
	}
	return ""
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if problem := p.problem(q); problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" ||
		!slices.Contains(strings.Fields(q.Get("scope")), "openid") || q.Get("state") == "" {
		p.back(w, r, q, url.Values{"error": {"invalid_request"}})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{"Query": q})
}

// back sends the browser back to the client.
func (p *Provider) back(w http.ResponseWriter, r *http.Request, q, with url.Values) {
	with.Set("state", q.Get("state"))
	with.Set("iss", p.URL)
	http.Redirect(w, r, p.Back+"?"+with.Encode(), http.StatusSeeOther)
}

func (p *Provider) signIn(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // an empty form has no client
	q := r.PostForm
	if problem := p.problem(q); problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	if q.Get("deny") != "" {
		p.back(w, r, q, url.Values{"error": {"access_denied"}, "error_description": {"They said no."}})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, person := range p.people {
		if person.Login == q.Get("name") && person.Password == q.Get("password") {
			code, now := rand.Text(), time.Now()
			p.codes[code] = grant{person, q.Get("nonce"), q.Get("code_challenge"), now, now.Add(time.Minute)}
			p.back(w, r, q, url.Values{"code": {code}})
			return
		}
	}
	for _, name := range []string{"name", "password"} {
		q.Del(name)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	_ = page.Execute(w, map[string]any{"Query": q, "Wrong": "That is wrong."})
}

// token gives tokens for a code, once, to who proves to have asked for it.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != p.ClientID || secret != p.Secret {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := r.PostFormValue("code")
	g, found := p.codes[code]
	delete(p.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !found || time.Now().After(g.ends) || r.PostFormValue("grant_type") != "authorization_code" ||
		r.PostFormValue("redirect_uri") != p.Back || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	access := rand.Text()
	p.access[access] = g.person
	sum = sha256.Sum256([]byte(access))
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "sub": g.person.Subject, "aud": p.ClientID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "auth_time": g.at.Unix(),
		"nonce": g.nonce, "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	p.tell(claims, g.person, !p.aside)
	if p.change != nil {
		p.change(claims)
	}
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(claims)})
}

func (*Provider) tell(claims map[string]any, person Person, groups bool) {
	claims["preferred_username"], claims["name"], claims["email"] = person.Login, person.Full, person.Email
	if groups {
		claims["groups"] = person.Groups
	}
}

// sign makes a token: https://www.rfc-editor.org/rfc/rfc7515
func (p *Provider) sign(claims map[string]any) string {
	encode := base64.RawURLEncoding.EncodeToString
	body, _ := json.Marshal(claims) // texts, numbers and lists of texts
	signed := encode([]byte(`{"alg":"RS256","kid":"k1","typ":"JWT"}`)) + "." + encode(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		return ""
	}
	return signed + "." + encode(signature)
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	person, found := p.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !found {
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	claims := map[string]any{"sub": person.Subject}
	p.tell(claims, person, true)
	answer(w, http.StatusOK, claims)
}
