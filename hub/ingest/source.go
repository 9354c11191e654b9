package ingest

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// maxClaims bounds how many wrong claims of a site are remembered, and so how
// many are logged.
const maxClaims = 16

type source struct {
	name    hub.Source
	url     string // "" if the sender is believed
	secrets []secret.Value
	decode  Decoder
	log     *slog.Logger

	mu     sync.Mutex
	claims map[string]bool // sites that were claimed and are not ours
}

// signed tries every secret, whichever fits, so that the time it takes tells
// nothing about which are set.
func (s *source) signed(h http.Header, body []byte) bool {
	fits := false
	for _, key := range s.secrets {
		if s.decode.Signed(key, h, body) {
			fits = true
		}
	}
	return fits
}

// site is the base URL of where a request comes from: as configured, else as
// the sender says.
func (s *source) site(h http.Header) (string, error) {
	claim := s.decode.Site(h)
	if s.url == "" && claim == "" {
		return "", nil
	}
	if s.url == "" {
		return siteURL(claim)
	}
	if claim != "" && claim != s.url && !strings.EqualFold(strings.TrimRight(claim, "/"), s.url) {
		s.doubt(claim)
	}
	return s.url, nil
}

// doubt logs a claim once.
func (s *source) doubt(claim string) {
	claim = cut(claim, 200)
	s.mu.Lock()
	known := s.claims[claim] || len(s.claims) >= maxClaims
	if !known {
		if s.claims == nil {
			s.claims = map[string]bool{}
		}
		s.claims[claim] = true
	}
	s.mu.Unlock()
	if !known {
		s.log.Warn("a webhook claims to come from another site than configured, links go to the configured one",
			"source", s.name, "claimed", claim, "configured", s.url)
	}
}

// siteURL checks the address of a site and brings it into the form that links
// are made from.
func siteURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > 200 || strings.ContainsAny(s, " \"'<>\\"):
		return "", errors.New("it is not a URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", errors.New("it must start with http:// or https:// and a host")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "", errors.New("it must hold no user, query or fragment")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.EscapedPath(), "/"), nil
}
