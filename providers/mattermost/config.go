package mattermost

import (
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Config is a Mattermost section of the configuration.
type Config struct {
	// URL is where people open Mattermost: "https://chat.example.com".
	URL string `toml:"url"`
	// Token is the access token of the bot account.
	Token secret.Value `toml:"token"`
}

// Problems implements providers.Config.
func (c *Config) Problems() map[string]string {
	found := map[string]string{}
	if problem := urlProblem(c.URL); problem != "" {
		found["url"] = problem
	}
	switch token := c.Token.Reveal(); {
	case token == "":
		found["token"] = "is required: the access token of a bot account, from Integrations > Bot Accounts"
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		found["token"] = "has a space or another odd character in it: copy it again"
	}
	return found
}

func urlProblem(s string) string {
	const example = "such as https://chat.example.com"
	if s == "" {
		return "is required: the address of the Mattermost server, " + example
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "must be an http or https URL " + example
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "must be a plain URL " + example
	case strings.Contains(u.Path, "/api/v4"):
		return "must be the address that people open, without /api/v4"
	default:
		return ""
	}
}

// BaseURLs implements providers.Caller.
func (c *Config) BaseURLs() []string { return []string{c.URL} }
