package mattermost

import (
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// Config is a Mattermost section of the configuration.
type Config struct {
	// URL is where people open Mattermost: "https://chat.example.com".
	URL string `toml:"url" about:"The address that people open: https://chat.example.com."`
	// Token is the access token of the bot account.
	Token secret.Value `toml:"token" about:"The access token of the bot account."`
	// CommandToken proves slash commands. Each custom command has a token of its
	// own, so there may be several, with spaces between them.
	CommandToken secret.Value `toml:"command_token" about:"The token of the slash command; several with spaces between them."`
	// OutgoingToken proves outgoing webhooks, likewise.
	OutgoingToken secret.Value `toml:"outgoing_token" about:"The token of an outgoing webhook, likewise."`
	// Websocket is whether what people write in the bot's channels is heard.
	Websocket bool `toml:"websocket" about:"Hear what people write in the bot's channels."`
	// Images is how a card's image is shown: fetched by the apps of those who read
	// it, or uploaded to the server.
	Images string `toml:"images" about:"How the image of a post is shown: the apps of those who read it fetch it by its link, or it is uploaded, for forums that they cannot reach." one:"link,upload,off"`
}

// Default is the configuration with nothing set.
func Default() *Config { return &Config{Websocket: true, Images: providers.ImagesLink} }

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
	if problem := providers.ImagesProblem(c.Images); problem != "" {
		found["images"] = problem
	}
	for key, v := range map[string]secret.Value{"command_token": c.CommandToken, "outgoing_token": c.OutgoingToken} {
		if problem := tokensProblem(v); problem != "" {
			found[key] = problem
		}
	}
	return found
}

// tokensProblem says what is wrong with a list of tokens. Those that Mattermost
// makes are 26 letters and digits long; short ones can be guessed.
func tokensProblem(v secret.Value) string {
	for _, token := range tokens(v) {
		if len(token) < 16 || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "is no token that Mattermost makes: copy it from the integration's page; several have spaces between them"
		}
	}
	return ""
}

// tokens are those in a list.
func tokens(v secret.Value) []string {
	return strings.FieldsFunc(v.Reveal(), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' || r == '\r' })
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
