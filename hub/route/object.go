package route

import (
	"encoding/json"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// object reads what the less usual events of a forum have in common: whatever
// is there of these keys becomes the card.
type object struct {
	Username     string `json:"username"`
	Name         string `json:"name"`
	URL          string `json:"url"`
	Type         string `json:"type"`
	FancyTitle   string `json:"fancy_title"`
	TargetURL    string `json:"target_url"`
	TopicURL     string `json:"topic_url"`
	SuspendedFor string `json:"suspend_reason"`
	AssignedTo   string `json:"assigned_to_username"`
	AssignedTeam string `json:"assigned_to_group_name"`
	Data         struct {
		TopicTitle string `json:"topic_title"`
		Display    string `json:"display_username"`
	} `json:"data"`
	Message struct {
		Cooked string     `json:"cooked"`
		User   hub.Person `json:"user"`
	} `json:"message"`
	Channel struct {
		ID     json.Number `json:"id"`
		Title  string      `json:"title"`
		Slug   string      `json:"slug"`
		Parent string      `json:"chatable_type"`
	} `json:"channel"`
}

// assignee is who a topic was assigned to.
func (o object) assignee() string { return or(o.AssignedTo, o.AssignedTeam) }

func readObject(raw json.RawMessage) object {
	var o object
	// An object of an unknown form still makes a card: with what could be read.
	_ = json.Unmarshal(raw, &o)
	return o
}

// directChat reports whether a chat message was not said in a category's
// channel, which is all that is open to others.
func directChat(raw json.RawMessage) bool {
	return readObject(raw).Channel.Parent != "Category"
}

// objectCard fills card from an event about a user, a group, a review, a
// notification or a chat message.
func objectCard(card *hub.Card, f *hub.Forum) {
	o := readObject(f.Object)
	switch {
	case o.Channel.Title != "":
		card.Title = o.Channel.Title
		card.URL = f.Site + "/chat/c/" + o.Channel.Slug + "/" + o.Channel.ID.String()
		card.Author = &o.Message.User
		card.Text = escapeText(plainText(o.Message.Cooked))
	case o.TargetURL != "" || o.TopicURL != "":
		card.Title, card.URL = o.Type, or(o.TargetURL, o.TopicURL)
	case o.Data.TopicTitle != "":
		card.Title, card.Author = o.Data.TopicTitle, &hub.Person{Username: o.Data.Display}
	case o.Username != "":
		card.Title, card.URL, card.Text = o.Username, or(o.URL, f.Site+"/u/"+o.Username), escapeText(o.SuspendedFor)
	default:
		card.Title = or(or(o.Name, o.FancyTitle), card.Kind)
		card.URL = f.Site
	}
	card.Title = strings.TrimSpace(card.Title)
}
