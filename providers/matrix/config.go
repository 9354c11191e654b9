package matrix

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// Config is a [providers.*] section of kind "matrix".
type Config struct {
	// HomeserverURL leads to the account's homeserver, which may be elsewhere
	// than the name behind the colon of its user id.
	HomeserverURL string       `toml:"homeserver_url" about:"The address of the account's homeserver: https://matrix.example.org."`
	Token         secret.Value `toml:"token" about:"An access token of the bot's account."`
	UserID        string       `toml:"user_id" about:"The bot's account: @bellhop:example.org."`
	// MsgType is m.notice, which bots should use, or m.text, which some clients
	// notify about more eagerly.
	MsgType string `toml:"msgtype" about:"How messages are marked: m.notice, or m.text, which rings." one:"m.notice,m.text"`
	// AutoJoin names whose invitations are taken: users, "@anna:example.org", and
	// servers with all who are on them, ":example.org".
	AutoJoin []string `toml:"auto_join" about:"Whose invitations are taken: users, @anna:example.org, or servers, :example.org."`
	// Reactions is that the account itself adds the keycaps below an answer that
	// has something to choose, so that people only tap one.
	Reactions bool `toml:"reactions" about:"The bot adds the keycaps to tap below its answers."`
	// Images is how a card's image is shown: clients show what is in a media
	// repository, and nothing by its address.
	Images string `toml:"images" about:"How the image of a post is shown: upload it to the homeserver, or only link to it." one:"upload,link,off"`
}

var _ providers.Config = (*Config)(nil)

func defaults() *Config {
	return &Config{MsgType: "m.notice", Reactions: true, Images: providers.ImagesUpload}
}

var (
	userShape   = regexp.MustCompile(`^@[^:\s]+:[^\s]+$`)
	serverShape = regexp.MustCompile(`^:[^\s@/]+$`)
)

// Problems implements providers.Config.
func (c *Config) Problems() map[string]string {
	problems := map[string]string{}
	if !isBase(c.HomeserverURL) {
		problems["homeserver_url"] = "is required, as an http or https URL: https://matrix.example.org"
	}
	if c.Token.Empty() {
		problems["token"] = "is required: the access token of the bot's account"
	}
	if !userShape.MatchString(c.UserID) {
		problems["user_id"] = "is required, as @bellhop:example.org"
	}
	if c.MsgType != "m.notice" && c.MsgType != "m.text" {
		problems["msgtype"] = "must be m.notice or m.text"
	}
	if problem := providers.ImagesProblem(c.Images); problem != "" {
		problems["images"] = problem
	}
	for _, who := range c.AutoJoin {
		if !userShape.MatchString(who) && !serverShape.MatchString(who) {
			problems["auto_join"] = fmt.Sprintf("%q is neither a user, as @anna:example.org, nor a server, as :example.org", who)
		}
	}
	return problems
}

func isBase(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}

// BaseURLs implements providers.Caller.
func (c *Config) BaseURLs() []string { return []string{c.HomeserverURL} }
