package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
)

// underPosts is what people can do with each message about a topic. Nothing is
// kept for these buttons: which topic is meant tells the message that they are
// under, so that a function's token is the same everywhere, and unguessable.
var underPosts = []struct {
	label, function string
	emoji           []string // reactions that do it, where there are no buttons
}{
	{"Mute topic", "mute-topic", []string{"🔇", "🔕"}},
	{"Snooze 2 h", "snooze-2h", []string{"💤", "😴"}},
}

// press makes and knows the tokens of these buttons.
type press struct {
	actions []hub.Action
	calls   map[string]hub.Call // by token
	emoji   map[string]hub.Call
}

// placeOfSeal is where the hubs keep the key of the tokens.
const placeOfSeal = "seal"

// openPress makes the tokens, with a key that all hubs share.
func (s *Server) openPress(ctx context.Context) (*press, error) {
	key, err := s.seal(ctx)
	if err != nil {
		return nil, fmt.Errorf("the key of buttons: %w", err)
	}
	p := &press{calls: map[string]hub.Call{}, emoji: map[string]hub.Call{}}
	for _, b := range underPosts {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("under posts: " + b.function))
		token := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:hub.MaxToken]
		call := hub.Call{Namespace: discourse.Name, Function: b.function, Kind: hub.KindSubmit}
		p.actions = append(p.actions, hub.Action{Label: b.label, Token: token})
		p.calls[token] = call
		for _, emoji := range b.emoji {
			p.emoji[hub.Emoji(emoji)] = call
		}
	}
	return p, nil
}

// seal is the key, made by the first hub that ever started.
func (s *Server) seal(ctx context.Context) ([]byte, error) {
	key, err := s.bus.Place(ctx, "hub", placeOfSeal)
	if err != nil || len(key) == sha256.Size {
		return key, err
	}
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh) // never fails: https://pkg.go.dev/crypto/rand#Read
	if err := s.bus.MakePlace(ctx, "hub", placeOfSeal, fresh); err != nil {
		return nil, err
	}
	key, err = s.bus.Place(ctx, "hub", placeOfSeal) // another hub may have been first
	if err == nil && len(key) != sha256.Size {
		err = errors.New("it is not a key")
	}
	return key, err
}

// find is what a token, or a reaction to one of our messages, does.
func (p *press) find(_ context.Context, c *hub.Command) (hub.Call, bool) {
	if c.Context.Source.ID == hub.FromReaction {
		call, ok := p.emoji[hub.Emoji(c.Command.Encoded.Get(hub.ChosenValue))]
		return call, ok
	}
	call, ok := p.calls[c.Security.Token]
	return call, ok
}
