package hub

import "time"

// Message is what to say, in no platform's markup. Providers render it; the
// limits of a platform are theirs to keep.
type Message struct {
	// Text is CommonMark. A message has a Text, a Card or both.
	Text string `json:"text,omitempty"`
	Card *Card  `json:"card,omitempty"`
	// Thread is a key that messages about one thing share ("meta/topic/301").
	// The first sent to a chat becomes the root, later ones its replies, where
	// InThread asks for that.
	Thread   string `json:"thread,omitempty"`
	InThread bool   `json:"in_thread,omitempty"`
	// Broadcast is that a reply in a thread is shown in the chat, too, where the
	// platform can.
	Broadcast bool `json:"broadcast,omitempty"`
	// Actions are buttons and selects below it, where the platform can.
	Actions []Action `json:"actions,omitempty"`
}

// Card is a message about one thing that has a title and a link.
type Card struct {
	Kind     string    `json:"kind"`               // in words: "New topic", "Reply", "Closed"
	Title    string    `json:"title"`              // plain text
	URL      string    `json:"url,omitempty"`      // absolute
	Site     string    `json:"site,omitempty"`     // host the thing lives on
	Author   *Person   `json:"author,omitempty"`   //
	Category *Label    `json:"category,omitempty"` //
	Tags     []Label   `json:"tags,omitempty"`     //
	Text     string    `json:"text,omitempty"`     // CommonMark excerpt
	Cut      bool      `json:"cut,omitempty"`      // there is more than Text shows
	Image    *Image    `json:"image,omitempty"`    // shown with Text, never without
	Time     time.Time `json:"time,omitzero"`      //
	Compact  bool      `json:"compact,omitempty"`  // one line is wanted
	// Struck is that the thing is gone: its title is struck through, where the
	// platform can.
	Struck bool `json:"struck,omitempty"`
}

// Image is a picture that belongs to a card's text. Whether it can be shown is
// up to the platform, which has to fetch it from where it is, or to be given it.
type Image struct {
	URL string `json:"url"`           // absolute, http or https
	Alt string `json:"alt,omitempty"` // plain text
	// Width and Height are pixels as the source shows it; 0 if it does not say.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// Private is that only readers of the source can fetch it: a platform shows it
	// where it is uploaded there, and never by its address.
	Private bool `json:"private,omitempty"`
}

// Label is a named thing to link to, such as a category or a tag.
type Label struct {
	Name  string `json:"name"` // plain text
	URL   string `json:"url,omitempty"`
	Color string `json:"color,omitempty"` // "#0088cc"
}

// MessageRef is a platform's own id of a message that was sent.
type MessageRef string

// Receipt says what became of a message on its platform.
type Receipt struct {
	Ref  MessageRef `json:"ref"`           // needed to thread, edit and delete
	URL  string     `json:"url,omitempty"` // where people find it, if the platform says
	At   time.Time  `json:"at,omitzero"`
	Note string     `json:"note,omitempty"` // what could not be done as asked: "sent as plain text"
	// Digest is the message of many lines that told of it, together with others.
	Digest NotificationID `json:"digest,omitempty"`
}
