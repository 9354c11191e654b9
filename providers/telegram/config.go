package telegram

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// Config is a [providers.*] section of kind "telegram".
type Config struct {
	Token secret.Value `toml:"token" about:"The bot's token, from @BotFather."`
	// WebhookSecret is what Telegram proves itself with when it calls us. Empty is
	// that we ask Telegram for news.
	WebhookSecret secret.Value `toml:"webhook_secret" about:"Your own words, 16 characters or more: with them Telegram calls the hub; without, the hub asks Telegram."`
	// Listen is that what people say is heard. Of the programs that share a bot one
	// may listen.
	Listen bool `toml:"listen" about:"Hear what people say; of the programs that share a bot one may listen."`
	// APIURL leads to the Bot API: Telegram's, or a server of one's own.
	APIURL string `toml:"api_url" about:"Where the Bot API lives: Telegram's, or a server of your own."`
	// Images is how a card's image is shown: as a link preview, which Telegram
	// fetches, or as a photo with a caption, which holds less text.
	Images string `toml:"images" about:"How the image of a post is shown: Telegram fetches it by its link, or it is uploaded as a photo, below which 1024 characters fit." one:"link,upload,off"`
}

var _ providers.Config = (*Config)(nil)

func defaults() *Config {
	return &Config{Listen: true, APIURL: "https://api.telegram.org", Images: providers.ImagesLink}
}

var (
	tokenShape = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)
	// What Telegram takes: https://core.telegram.org/bots/api#setwebhook
	secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

// shortestSecret is how long a webhook_secret must be: who guesses it gives
// commands in anybody's name.
const shortestSecret = 16

// Problems implements providers.Config.
func (c *Config) Problems() map[string]string {
	problems := map[string]string{}
	switch {
	case c.Token.Empty():
		problems["token"] = "is required: ask @BotFather on Telegram for one with /newbot"
	case !tokenShape.MatchString(c.Token.Reveal()):
		problems["token"] = "is not a bot token: @BotFather's look like 123456:ABC-DEF"
	}
	switch said := c.WebhookSecret.Reveal(); {
	case said == "":
	case !secretShape.MatchString(said):
		problems["webhook_secret"] = "holds what Telegram does not take: at most 256 letters A-Z, a-z, digits, _ and -"
	case len(said) < shortestSecret:
		problems["webhook_secret"] = fmt.Sprintf("has %d characters, at least %d are needed: who guesses it gives commands in anybody's name",
			len(said), shortestSecret)
	}
	if problem := providers.ImagesProblem(c.Images); problem != "" {
		problems["images"] = problem
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
