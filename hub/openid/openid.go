// Package openid asks an OpenID provider who somebody is, and makes a role of the
// groups that they are in: https://openid.net/specs/openid-connect-core-1_0.html
//
// It refuses to know accounts and sessions; it keeps nothing but what the
// provider publishes of itself.
package openid

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Config says which provider is asked and what its groups may do.
type Config struct {
	Name     string // for people: "Example ID"
	Issuer   string
	ClientID string
	Secret   secret.Value
	// Groups are those that have a role. Who is in none has Default, and may not come
	// in if that is empty.
	Groups  map[hub.Role][]string
	Claim   string // of the groups
	Default hub.Role
	Client  *http.Client
}

// Reason says why nobody was signed in.
type Reason string

// The reasons.
const (
	Down    Reason = "down"    // the provider does not answer, or makes no sense
	Refused Reason = "refused" // the provider says no
	Stale   Reason = "stale"   // what came back is no answer to what was asked
	NoGroup Reason = "noGroup" // nobody with these groups may come in
)

// Error is why nobody was signed in.
type Error struct {
	Reason Reason
	Said   string // what the provider said, if it said no
	Err    error  // for the log
}

func (e *Error) Error() string { return fmt.Sprintf("sign-in by OpenID: %s: %v", e.Reason, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

func failed(reason Reason, err error) *Error { return &Error{Reason: reason, Err: err} }

// Flow is what a browser keeps while it is at the provider, so that the answer is
// known to be to this question.
type Flow struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// Identity is somebody as the provider tells of them.
type Identity struct {
	Issuer, Subject    string
	Login, Full, Email string
	Groups             []string
	Role               hub.Role
	// ProvedAt is when they showed their credential; zero if the provider does not
	// say.
	ProvedAt time.Time
}

// Provider is one OpenID provider. It is safe for concurrent use.
type Provider struct {
	Config

	mu    sync.Mutex
	known *oidc.Provider
}

// New makes a Provider. It does no I/O: the provider need not be there yet.
func New(c Config) *Provider {
	c.Name, c.Claim = cmp.Or(c.Name, "OpenID"), cmp.Or(c.Claim, "groups")
	return &Provider{Config: c}
}

// Called is the provider's name for people.
func (p *Provider) Called() string { return p.Name }

// Grant is a group and the role that it gives.
type Grant struct {
	Group string
	Role  hub.Role
}

// Grants are the groups that have a role, the highest first, and the role of who
// is in none of them, empty if they may not come in.
func (p *Provider) Grants() (all []Grant, rest hub.Role) {
	roles := slices.Clone(hub.Roles())
	slices.Reverse(roles)
	for _, role := range roles {
		for _, group := range p.Groups[role] {
			all = append(all, Grant{group, role})
		}
	}
	return all, p.Default
}

// patience is how long the provider may take for one question.
const patience = 10 * time.Second

// discover is what the provider publishes of itself, asked for until it was told
// once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	known, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, failed(Down, err)
	}
	p.known = known
	return known, nil
}

// context carries the client that all questions go through.
func (p *Provider) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.Client != nil {
		ctx = oidc.ClientContext(ctx, p.Client)
	}
	return context.WithTimeout(ctx, patience)
}

func (p *Provider) oauth(known *oidc.Provider, back string) *oauth2.Config {
	scopes := []string{oidc.ScopeOpenID, "profile", "email"}
	var told struct {
		Scopes []string `json:"scopes_supported"`
	}
	// Some refuse scopes that they do not know, some tell groups only if asked.
	if err := known.Claims(&told); err == nil && slices.Contains(told.Scopes, "groups") {
		scopes = append(scopes, "groups")
	}
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret.Reveal(), Endpoint: known.Endpoint(), RedirectURL: back, Scopes: scopes}
}

// Begin is where a browser signs in. back is where it is sent afterwards; again
// asks for the credential also of who is signed in there.
func (p *Provider) Begin(ctx context.Context, back string, again bool) (at string, flow Flow, err error) {
	ctx, cancel := p.context(ctx)
	defer cancel()
	known, err := p.discover(ctx)
	if err != nil {
		return "", Flow{}, err
	}
	flow = Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(flow.Nonce), oauth2.S256ChallengeOption(flow.Verifier)}
	if again {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.oauth(known, back).AuthCodeURL(flow.State, options...), flow, nil
}

// Finish is who came back with an answer. Its error is an *Error.
func (p *Provider) Finish(ctx context.Context, back string, flow Flow, answer url.Values) (*Identity, error) {
	if flow.State == "" || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(flow.State)) != 1 {
		return nil, failed(Stale, errors.New("the state is not that of this browser"))
	}
	// https://www.rfc-editor.org/rfc/rfc9207: an answer of another provider
	if iss := answer.Get("iss"); iss != "" && iss != p.Issuer {
		return nil, failed(Stale, fmt.Errorf("the answer is of %q", iss))
	}
	if no := answer.Get("error"); no != "" {
		return nil, &Error{Reason: Refused, Said: cmp.Or(answer.Get("error_description"), no), Err: errors.New(no)}
	}
	ctx, cancel := p.context(ctx)
	defer cancel()
	known, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	token, err := p.oauth(known, back).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(flow.Verifier))
	if no, ok := errors.AsType[*oauth2.RetrieveError](err); ok && no.Response.StatusCode < http.StatusInternalServerError {
		return nil, &Error{Reason: Refused, Said: cmp.Or(no.ErrorDescription, no.ErrorCode), Err: err}
	}
	if err != nil {
		return nil, failed(Down, err)
	}
	return p.identify(ctx, known, token, flow.Nonce)
}

// claims are what the provider tells of somebody.
type claims struct {
	Login    string `json:"preferred_username"`
	Full     string `json:"name"`
	Email    string `json:"email"`
	AuthTime int64  `json:"auth_time"`
}

// identify checks the proof and reads who it is of.
func (p *Provider) identify(ctx context.Context, known *oidc.Provider, token *oauth2.Token, nonce string) (*Identity, error) {
	raw, _ := token.Extra("id_token").(string)
	proof, err := known.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, failed(Refused, err)
	}
	if subtle.ConstantTimeCompare([]byte(proof.Nonce), []byte(nonce)) != 1 {
		return nil, failed(Stale, errors.New("the nonce is not that of this browser"))
	}
	if proof.AccessTokenHash != "" {
		if err := proof.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, failed(Refused, err)
		}
	}
	var c claims
	all := map[string]any{}
	if err := errors.Join(proof.Claims(&c), proof.Claims(&all)); err != nil {
		return nil, failed(Down, err)
	}
	if _, told := all[p.Claim]; !told && known.UserInfoEndpoint() != "" {
		info, err := known.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return nil, failed(Down, err)
		}
		if info.Subject != proof.Subject { // https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
			return nil, failed(Refused, errors.New("the provider tells of somebody else"))
		}
		if err := errors.Join(info.Claims(&c), info.Claims(&all)); err != nil {
			return nil, failed(Down, err)
		}
	}
	who := &Identity{Issuer: proof.Issuer, Subject: proof.Subject, Login: c.Login, Full: c.Full, Email: c.Email, Groups: texts(all[p.Claim])}
	if c.AuthTime > 0 {
		who.ProvedAt = time.Unix(c.AuthTime, 0)
	}
	if who.Role = p.RoleOf(who.Groups); who.Role == "" {
		return who, failed(NoGroup, fmt.Errorf("%q are in no group that has a role", who.Groups))
	}
	return who, nil
}

// RoleOf is the highest role that groups give, empty for none.
func (p *Provider) RoleOf(groups []string) hub.Role {
	best := p.Default
	for _, role := range hub.Roles() { // the lowest first
		gives := func(group string) bool { return slices.Contains(p.Groups[role], group) }
		if slices.ContainsFunc(groups, gives) && (best == "" || role.May(best)) {
			best = role
		}
	}
	return best
}

// texts are those of a claim that is one or a list of them.
func texts(claim any) (all []string) {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, one := range c {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}
