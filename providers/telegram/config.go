package telegram

import (
	"net/url"
	"regexp"

	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// Config is a [providers.*] section of kind "telegram".
type Config struct {
	Token secret.Value `toml:"token"`
	// APIURL leads to the Bot API: Telegram's, or a server of one's own.
	APIURL string `toml:"api_url"`
}

var _ providers.Config = (*Config)(nil)

func defaults() *Config { return &Config{APIURL: "https://api.telegram.org"} }

var tokenShape = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)

// Problems implements providers.Config.
func (c *Config) Problems() map[string]string {
	problems := map[string]string{}
	switch {
	case c.Token.Empty():
		problems["token"] = "is required: ask @BotFather on Telegram for one with /newbot"
	case !tokenShape.MatchString(c.Token.Reveal()):
		problems["token"] = "is not a bot token: @BotFather's look like 123456:ABC-DEF"
	}
	if !isBase(c.APIURL) {
		problems["api_url"] = "must be an http or https URL, such as https://api.telegram.org"
	}
	return problems
}

func isBase(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}

// BaseURLs implements providers.Caller.
func (c *Config) BaseURLs() []string { return []string{c.APIURL} }
