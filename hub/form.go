package hub

// Form is what a command still needs to know. The same form parses a slash
// line, opens as a dialog or becomes a conversation.
type Form struct {
	Title  string  `json:"title"`
	Text   string  `json:"text,omitempty"` // CommonMark, above the fields
	Fields []Field `json:"fields,omitempty"`
	Submit string  `json:"submit,omitempty"` // on the button; empty is "OK"
	// Call is the function that the form is sent to. An app may leave it empty for
	// the function that gave the form.
	Call *Call `json:"call,omitempty"`
	// Token names the form while it is open: the hub makes it, providers put it
	// into Security of what they hear from the form.
	Token string `json:"token,omitempty"`
}

// Field is one thing to know.
type Field struct {
	Name        string    `json:"name"`  // a-z, 0-9, _ and -
	Label       string    `json:"label"` // plain text
	Description string    `json:"description,omitempty"`
	Hint        string    `json:"hint,omitempty"` // shown where nothing is written yet
	Type        FieldType `json:"type"`
	Subtype     string    `json:"subtype,omitempty"` // of a text: one of the Text constants
	Required    bool      `json:"required,omitempty"`
	Multi       bool      `json:"multi,omitempty"`   // several values
	Dynamic     bool      `json:"dynamic,omitempty"` // of a select: its options are asked for by KindLookup
	Refresh     bool      `json:"refresh,omitempty"` // when it changes, the form is asked for again by KindForm
	Pattern     string    `json:"pattern,omitempty"` // RE2 that all of a value must match
	Min         int       `json:"min,omitempty"`     // characters
	Max         int       `json:"max,omitempty"`     // characters; 0 is no limit but the platform's
	Options     []Option  `json:"options,omitempty"` // of a select that is not dynamic
	Value       []string  `json:"value,omitempty"`   // what it holds to begin with

	// Place is where a slash line names it without a name, from 1; 0 is nowhere.
	Place int `json:"place,omitempty"`
	// Rest is that the field takes all the words that are left, as they stand.
	Rest bool `json:"rest,omitempty"`
	// Prefix is a short way to name it in a line: "tag:" for tag:bug.
	Prefix string `json:"prefix,omitempty"`
}

// FieldType is how a field is asked for.
type FieldType string

// The types of fields.
const (
	FieldText     FieldType = "text"
	FieldSelect   FieldType = "select"
	FieldUser     FieldType = "user"
	FieldChannel  FieldType = "channel"
	FieldBool     FieldType = "bool"
	FieldDate     FieldType = "date"
	FieldDatetime FieldType = "datetime"
	FieldMarkdown FieldType = "markdown"
	FieldFile     FieldType = "file"
)

// The subtypes of a text. An empty one is a line.
const (
	TextLines    = "textarea"
	TextNumber   = "number"
	TextEmail    = "email"
	TextURL      = "url"
	TextPhone    = "tel"
	TextPassword = "password"
)

// Option is a value to choose.
type Option struct {
	Label string `json:"label"` // plain text
	Value string `json:"value"`
	Note  string `json:"note,omitempty"` // more about it, where there is room
}

// Action is a button or a select under a message. What it does is kept by the
// hub under its token.
type Action struct {
	Label   string   `json:"label"`             // plain text, short
	Style   string   `json:"style,omitempty"`   // "primary", "danger" or nothing
	Options []Option `json:"options,omitempty"` // makes it a select; the value chosen is Encoded["value"]
	// Call is what pressing it runs. Only apps write it, and no provider sees it.
	Call *Call `json:"call,omitempty"`
	// Token is what the provider sends back when it was pressed: at most
	// MaxToken letters, digits, - and _.
	Token string `json:"token,omitempty"`
	// URL makes it a link, which tells the hub nothing.
	URL string `json:"url,omitempty"`
}

// MaxToken is how long a token may be. Telegram takes 64 bytes with a button:
// https://core.telegram.org/bots/api#inlinekeyboardbutton
const MaxToken = 22

// ChosenValue is the key of Encoded that holds what was chosen in a select
// under a message.
const ChosenValue = "value"

// Field finds a field by name, nil if there is none.
func (f *Form) Field(name string) *Field {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return &f.Fields[i]
		}
	}
	return nil
}
