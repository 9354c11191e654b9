package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

type explainCmd struct {
	remote    `embed:""`
	Event     string   `arg:"" optional:"" name:"event-id" help:"An event that the hub has, by its id."`
	EventFile string   `placeholder:"FILE" help:"A CloudEvent that the hub need not have; - is standard input."`
	Body      string   `placeholder:"FILE" help:"The body of a webhook, as a source would send it; - is standard input."`
	Source    string   `help:"The source that the body is from, as the configuration names it."`
	Kind      string   `name:"event" placeholder:"NAME" help:"What a Discourse webhook is called: post_created, topic_edited, post_liked."`
	Header    []string `sep:"none" placeholder:"NAME:VALUE" help:"A header of the webhook. May be repeated."`
	At        string   `name:"chat" placeholder:"SYSTEM:CHAT" help:"Only what this chat would get, with a verdict on each of its rows."`
	Row       string   `placeholder:"ID" help:"Only this row, and the one that decides in its chat."`
	Sight     string   `placeholder:"WHO" help:"Who may see the topic: ask the forum (as it is if left out), or take it that everyone or nobody may." enum:",ask,everyone,nobody" default:""`
	Limit     int      `help:"How many chats to tell of."`
	JSON      bool     `name:"json" help:"Print JSON."`
}

func (explainCmd) Help() string {
	return `Says of each chat what it would get, which row decides, and of each other row why
it does not: as things stand now, which may be otherwise than when the event came;
for that see bellhop trace. Nothing is sent and nothing is stored.

  bellhop explain eabcdefghijklmnopqrstuvwxyz
  bellhop explain eabcdefghijklmnopqrstuvwxyz --chat 'slack:#support'
  bellhop explain --body post.json --source meta --event post_created
  curl https://example.com/event.json | bellhop explain --event-file -

Ids of events are in bellhop trace, in the delivery log and at /api/v1/events.`
}

// Validate is called when the command line has been read.
func (c *explainCmd) Validate() error {
	given := 0
	for _, way := range []string{c.Event, c.EventFile, c.Body} {
		if way != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return errors.New("name one event: an id, or --body FILE with --source NAME, or --event-file FILE")
	case c.Body != "" && c.Source == "":
		return errors.New("--body needs --source NAME: whose webhook is it?")
	case c.Body == "" && (c.Source != "" || c.Kind != "" || len(c.Header) > 0):
		return errors.New("--source, --event and --header go with --body FILE")
	case c.Limit < 0:
		return errors.New("--limit is a number of chats")
	}
	if _, err := c.headers(nil); err != nil {
		return err
	}
	_, err := c.chat()
	return err
}

func (c *explainCmd) Run(w *world) error {
	q, err := c.question(w)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // what came is asked about as it came
	if err := enc.Encode(q); err != nil {
		return err
	}
	return c.show(w, request{method: "POST", path: "/api/v1/explain", contentType: "application/json", body: body.Bytes()}, c.JSON)
}

// question is the body of POST /api/v1/explain.
type question struct {
	EventID string          `json:"event_id,omitempty"`
	Event   json.RawMessage `json:"event,omitempty"`

	Source  string            `json:"source,omitempty"`
	Webhook json.RawMessage   `json:"webhook,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`

	System hub.System `json:"system,omitempty"`
	Chat   string     `json:"chat,omitempty"`
	Row    string     `json:"subscription,omitempty"`
	Sight  string     `json:"sight,omitempty"`
	Limit  int        `json:"limit,omitempty"`
}

func (c *explainCmd) question(w *world) (q question, err error) {
	at, err := c.chat()
	if err != nil {
		return q, err
	}
	q = question{EventID: c.Event, Source: c.Source, System: at.System, Chat: at.ID, Row: c.Row, Sight: c.Sight, Limit: c.Limit}
	switch {
	case c.EventFile != "":
		q.Event, err = readObject(w, c.EventFile)
	case c.Body != "":
		if q.Webhook, err = readObject(w, c.Body); err == nil {
			q.Headers, err = c.headers(q.Webhook)
		}
	}
	return q, err
}

// readObject reads a file that holds one JSON object.
func readObject(w *world, name string) (json.RawMessage, error) {
	data, err := readInput(w, name)
	if err != nil {
		return nil, err
	}
	var object map[string]json.RawMessage
	err = json.Unmarshal(data, &object)
	if err == nil && object == nil {
		err = errors.New("it is null")
	}
	if err != nil {
		return nil, fmt.Errorf("%s holds no JSON object: %w", name, err)
	}
	return data, nil
}

// headers are those of the webhook. Discourse names the event in one, and in
// another the key of the body that it is about, which need not be typed.
func (c *explainCmd) headers(body json.RawMessage) (map[string]string, error) {
	headers := map[string]string{}
	if c.Kind != "" {
		headers["X-Discourse-Event"] = c.Kind
	}
	if root := rootKey(body, c.Kind); root != "" && c.Kind != "" {
		headers["X-Discourse-Event-Type"] = root
	}
	for _, h := range c.Header {
		name, value, found := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !found || name == "" {
			return nil, fmt.Errorf("--header %q: want NAME:VALUE", h)
		}
		headers[name] = strings.TrimSpace(value)
	}
	return headers, nil
}

// rootKey is the one key of an object, or of several the one by which an event's
// name begins: "post" of post_created. "" is neither.
func rootKey(body json.RawMessage, event string) (root string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return ""
	}
	for key := range object {
		if len(object) == 1 || strings.HasPrefix(event, key+"_") && len(key) > len(root) {
			root = key
		}
	}
	return root
}

func (c *explainCmd) chat() (hub.Chat, error) {
	if c.At == "" {
		return hub.Chat{}, nil
	}
	system, chat, found := strings.Cut(c.At, ":")
	if !found || system == "" || chat == "" {
		return hub.Chat{}, fmt.Errorf("--chat %q: want SYSTEM:CHAT, such as 'slack:#support'", c.At)
	}
	return hub.Chat{System: hub.System(system), ID: chat}, nil
}
