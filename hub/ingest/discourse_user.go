package ingest

import (
	"encoding/json"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// tellUser reads a user. A forum tells all it knows of one, addresses, sessions
// and preferences; only what userObject lists goes on.
func (w *webhook) tellUser() (*told, error) {
	var who struct {
		ID        ident  `json:"id"`
		CreatedAt moment `json:"created_at"`
	}
	if err := decode(w.value, &who); err != nil {
		return nil, err
	}
	kind := userEvent(w.name)
	if kind == "" || who.ID == "" {
		return &told{note: "no event of this name is known for a user, or it has no id"}, nil
	}
	object, err := w.userObject()
	if err != nil {
		return nil, err
	}
	t := &told{kind: kind, subject: "user/" + string(who.ID), forum: hub.Forum{Object: object}}
	if w.name == "user_created" {
		t.at = who.CreatedAt.Time
	}
	return t, nil
}

// userEvent keeps the forum's word: new ones come with new versions.
func userEvent(name string) hub.EventType {
	verb, ok := strings.CutPrefix(name, "user_")
	kind := hub.EventType("forum.user." + past(verb))
	if !ok || strings.Contains(verb, ".") || !kind.Valid() {
		return ""
	}
	return kind
}

// user is what may be known of a user outside of the forum.
type user struct {
	ID             ident   `json:"id"`
	Username       string  `json:"username"`
	Name           string  `json:"name,omitempty"`
	URL            string  `json:"url,omitempty"`
	Avatar         string  `json:"avatar,omitempty"`
	TrustLevel     *whole  `json:"trust_level,omitempty"`
	Admin          bool    `json:"admin,omitempty"`
	Moderator      bool    `json:"moderator,omitempty"`
	Title          string  `json:"title,omitempty"`
	PrimaryGroup   string  `json:"primary_group_name,omitempty"`
	Groups         []label `json:"groups,omitempty"`
	CreatedAt      moment  `json:"created_at,omitzero"`
	SuspendedTill  moment  `json:"suspended_till,omitzero"`
	SuspendReason  string  `json:"suspend_reason,omitempty"`
	AvatarTemplate string  `json:"avatar_template,omitempty"` // read only
}

func (w *webhook) userObject() (json.RawMessage, error) {
	var u user
	if err := decode(w.value, &u); err != nil {
		return nil, err
	}
	u.URL, u.Avatar, u.AvatarTemplate = "", w.site.avatar(u.AvatarTemplate), ""
	if p := w.site.person(&member{ID: u.ID, Username: u.Username}); p != nil {
		u.URL = p.URL
	}
	u.Groups = u.Groups[:min(len(u.Groups), maxList)]
	// What people type may hold addresses all the same.
	for _, text := range []*string{&u.Username, &u.Name, &u.Title, &u.SuspendReason} {
		*text = withoutAddresses(cut(*text, maxText))
	}
	return encode(&u, 512)
}
