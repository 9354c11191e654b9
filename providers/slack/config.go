package slack

import (
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

const defaultAPI = "https://slack.com/api/"

// Config is a Slack section of the configuration.
type Config struct {
	// Token is the bot token of the installed app, "xoxb-…".
	Token secret.Value `toml:"token" about:"The Bot User OAuth Token of your Slack app, xoxb-…."`
	// SigningSecret proves that a request comes from Slack. With it Slack's callbacks
	// are taken at /chat/<system>/.
	SigningSecret secret.Value `toml:"signing_secret" about:"Proves that a request comes from Slack: to listen over HTTP."`
	// AppToken is an app-level token, "xapp-…". With it Bellhop calls Slack and hears
	// it over that connection (Socket Mode), behind a firewall as well.
	AppToken secret.Value `toml:"app_token" about:"An app-level token, xapp-…: to listen over Socket Mode, behind a firewall as well."`
	// APIURL is where the Web API lives: GovSlack has its own.
	APIURL string `toml:"api_url" about:"Where the Web API of Slack lives; GovSlack has its own."`
	// Images is how a card's image is shown: fetched by Slack from its address, or
	// uploaded, for which the app needs the scope files:write.
	Images string `toml:"images" about:"How the image of a post is shown: Slack fetches it by its link, or it is uploaded, for forums that Slack cannot reach." one:"link,upload,off"`
}

// Problems implements providers.Config.
func (c *Config) Problems() map[string]string {
	found := map[string]string{}
	note := func(key, problem string) {
		if problem != "" {
			found[key] = problem
		}
	}
	note("token", tokenProblem(c.Token, "xoxb-", "the Bot User OAuth Token, under OAuth & Permissions of your Slack app"))
	if c.Token.Empty() {
		note("token", "is required: the Bot User OAuth Token (xoxb-…), under OAuth & Permissions of your Slack app")
	}
	note("signing_secret", secretProblem(c.SigningSecret))
	note("app_token", tokenProblem(c.AppToken, "xapp-", "an App-Level Token with the scope connections:write, under Basic Information of your Slack app"))
	note("api_url", urlProblem(c.APIURL))
	note("images", providers.ImagesProblem(c.Images))
	return found
}

func tokenProblem(token secret.Value, prefix, where string) string {
	s := token.Reveal()
	switch {
	case s == "":
		return ""
	case !strings.HasPrefix(s, prefix):
		return "must start with " + prefix + ": it is " + where
	case strings.ContainsFunc(s, odd):
		return "has a space or another odd character in it: copy it again"
	default:
		return ""
	}
}

// secretProblem is what is wrong with a signing secret: it is a row of hex digits.
func secretProblem(s secret.Value) string {
	switch text := s.Reveal(); {
	case text == "":
		return ""
	case strings.HasPrefix(text, "xoxb-") || strings.HasPrefix(text, "xapp-"):
		return "is a token: the Signing Secret is under Basic Information, App Credentials, of your Slack app"
	case len(text) < shortestSecret || strings.ContainsFunc(text, odd):
		return "is no Signing Secret: copy it from Basic Information, App Credentials, of your Slack app"
	default:
		return ""
	}
}

// shortestSecret keeps an empty or guessable word from being one. Slack's have
// 32 characters.
const shortestSecret = 16

func odd(r rune) bool { return r <= ' ' || r > '~' }

func urlProblem(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "must be an http or https URL such as " + defaultAPI
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "must be a plain URL such as " + defaultAPI
	}
	return ""
}

// BaseURLs implements providers.Caller.
func (c *Config) BaseURLs() []string { return []string{c.APIURL} }
