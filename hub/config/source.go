package config

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// TrustWebhook is the visibility that sends what the webhook delivers, without
// asking the forum who may see it.
const TrustWebhook = "trust_webhook"

// Source is where events come from, [sources.NAME].
type Source struct {
	Kind           string       `toml:"kind"` // discourse
	URL            string       `toml:"url"`  // of the forum, no trailing slash
	Secret         secret.Value `toml:"secret"`
	PreviousSecret secret.Value `toml:"previous_secret"`
	Visibility     string       `toml:"visibility"` // trust_webhook
}

const noCheckYet = `this version cannot ask the forum yet who may see a topic, which is what "check" would do before anything is sent. ` +
	`visibility = "trust_webhook" sends what the webhook delivers, except private messages, whispers, hidden posts, unlisted topics ` +
	`and restricted categories that no subscription names: set it if the forum's admin accepts that`

func (s *Source) check(t table, p *Problems) {
	refuse := func(key, text string) { p.also(t.name(key), t.line(key), text) }
	if s.Kind != "discourse" {
		refuse("kind", `is "`+s.Kind+`", this version knows only discourse`)
	}
	s.URL = strings.TrimRight(s.URL, "/")
	switch {
	case s.URL == "":
		refuse("url", `is required: the address of the forum, such as "https://forum.example.com"`)
	case !isHTTP(s.URL):
		refuse("url", `is not an address such as "https://forum.example.com"`)
	}
	switch s.Visibility {
	case TrustWebhook:
	case "":
		refuse("visibility", "is required: "+noCheckYet)
	case "check":
		refuse("visibility", `is "check": `+noCheckYet)
	default:
		refuse("visibility", `is "`+s.Visibility+`", want trust_webhook`)
	}
	s.checkSecrets(t, refuse)
}

// checkSecrets insists on a secret: without one anybody could send events.
func (s *Source) checkSecrets(t table, refuse func(key, text string)) {
	if t.keepSealed {
		return
	}
	if s.Secret.Empty() {
		refuse("secret", "is required: the secret of the forum's webhook, here as env:NAME or file:PATH, or in "+t.variable("secret"))
	}
	if !s.PreviousSecret.Empty() && s.PreviousSecret.Reveal() == s.Secret.Reveal() {
		refuse("previous_secret", "is the same as secret: remove it, or put the older one there")
	}
}
