package pane

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// sectionForm is a source or a system as a form, for the templates section-fields
// and section-name of fields.html. A page makes one with formOf, or with formFrom of
// what was posted, whose change goes to package admin; what that refuses is put to
// its fields by refuse. Secrets never come back out of it.
type sectionForm struct {
	hub.SectionKind
	New     bool // it is to be made, so it has to be named
	Name    string
	Version int64
	First   []sectionField // those that it cannot do without
	More    []sectionField // all others
	Wrong   string         // what is wrong that belongs to no field
	NoName  string         // what is wrong with the name

	words  *web.Words
	posted url.Values // nil: nothing was
}

// sectionField is a key as a field.
type sectionField struct {
	ID, Input string // of its control
	As        string // "text", "secret", "number", "duration", "switch", "list", "choice" or "table"
	Label     string
	Hint      string
	Where     string // the way to it on the platform, in the platform's own words
	Link      string // where that is, or is explained; may be empty
	Must      bool   // the kind cannot do without it
	Required  bool   // it has to be filled in
	Value     string // what is set, as people write it; of a secret nothing
	Default   string // what holds if nothing is set
	On        bool   // a switch is
	Set       bool   // a secret is
	Ends      string // of a secret that is long
	Gone      bool   // a secret that is set shall be taken away
	Options   []option
	Fields    []sectionField // of a table
	Wrong     string
	Focus     bool // it is the first that is wrong
}

// option is something that a key may be.
type option struct{ Value, Label string }

// Aria is what a control says of itself beyond its label.
func (s sectionField) Aria() template.HTMLAttr {
	id := template.HTMLEscapeString(s.ID)
	said := `aria-describedby="` + id + `-hint ` + id + `-wrong"`
	if s.Required {
		said += ` aria-required="true"`
	}
	if s.Wrong != "" {
		said += ` aria-invalid="true"`
	}
	if s.Focus {
		said += " autofocus"
	}
	return template.HTMLAttr(said) //nolint:gosec // the id is escaped, all else is ours
}

// inputs is what the names of controls begin with: a section's keys and a page's
// own fields may not meet. clears marks the box that takes a secret away.
const (
	inputs = "s."
	clears = "clear."
)

// wanted are keys that a section works without, but not as people hope for. They
// stand among the first.
var wanted = map[string][]string{
	"discourse":         {"secret", "api_key"},
	"json":              {"secret"},
	"cloudevents":       {"secret"},
	"standard_webhooks": {"secret"},
}

// links are where a key is found or explained, by kind and key.
var links = map[string]string{ //nolint:gosec // addresses, no credentials
	"slack.token":                  "https://api.slack.com/apps",
	"slack.signing_secret":         "https://api.slack.com/apps",
	"slack.app_token":              "https://api.slack.com/apps",
	"telegram.token":               "https://t.me/BotFather",
	"telegram.webhook_secret":      "https://core.telegram.org/bots/api#setwebhook",
	"telegram.api_url":             "https://core.telegram.org/bots/api#using-a-local-bot-api-server",
	"mattermost.token":             "https://developers.mattermost.com/integrate/reference/bot-accounts/",
	"mattermost.command_token":     "https://developers.mattermost.com/integrate/slash-commands/custom/",
	"mattermost.outgoing_token":    "https://developers.mattermost.com/integrate/webhooks/outgoing/",
	"matrix.token":                 "https://spec.matrix.org/latest/client-server-api/#login",
	"matrix.homeserver_url":        "https://spec.matrix.org/latest/client-server-api/#well-known-uri",
	"matrix.msgtype":               "https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes",
	"discourse.secret":             "https://meta.discourse.org/t/configure-webhooks-that-trigger-on-discourse-events-to-integrate-with-external-services/49045",
	"discourse.api_key":            "https://meta.discourse.org/t/create-and-configure-an-api-key/230124",
	"standard_webhooks.secret":     "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme",
	"cloudevents.secret":           "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md",
	"json.signature_header":        "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
	"json.mapping":                 "https://github.com/tidwall/gjson/blob/master/SYNTAX.md",
	"cloudevents.mapping":          "https://github.com/tidwall/gjson/blob/master/SYNTAX.md",
	"standard_webhooks.mapping":    "https://github.com/tidwall/gjson/blob/master/SYNTAX.md",
	"cloudevents.signature_header": "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
}

// ownLinks are pages of a forum itself, below its address.
var ownLinks = map[string]string{"discourse.secret": "/admin/api/web_hooks", "discourse.api_key": "/admin/api/keys"} //nolint:gosec // likewise

// formOf is the form of a section as it is, or with nil of one that is to be made.
func formOf(words *web.Words, kind hub.SectionKind, shown *hub.SectionShown) *sectionForm {
	f := &sectionForm{SectionKind: kind, New: shown == nil, words: words}
	if shown == nil {
		shown = &hub.SectionShown{}
	}
	f.Name, f.Version = shown.Name, shown.Version
	f.build(shown)
	return f
}

// formFrom is the form of what was posted to it. What was not posted, such as every
// secret, is as in shown, which is nil for one that is to be made.
func formFrom(words *web.Words, kind hub.SectionKind, shown *hub.SectionShown, posted url.Values) *sectionForm {
	f := &sectionForm{SectionKind: kind, New: shown == nil, words: words, posted: posted}
	if shown == nil {
		shown = &hub.SectionShown{Name: strings.TrimSpace(posted.Get("name"))}
	}
	f.Name = shown.Name
	f.Version, _ = strconv.ParseInt(posted.Get("version"), 10, 64)
	f.build(shown)
	return f
}

// build makes the fields.
func (f *sectionForm) build(shown *hub.SectionShown) {
	for _, key := range f.Fields {
		if key.Name == "previous_secret" && !shown.Secrets[key.Name].Set {
			continue // it comes of itself, when the secret is changed
		}
		field := f.field(key, "", shown.Settings[key.Name], shown)
		if field.Set || f.New && f.Part == hub.PartSource && key.Name == "secret" {
			field.Required = false // it stays, or Bellhop makes one
		}
		if key.Required || slices.Contains(wanted[f.Kind], key.Name) {
			f.First = append(f.First, field)
		} else {
			f.More = append(f.More, field)
		}
	}
}

// field is one key; path is that of the table it stands in, with a dot.
func (f *sectionForm) field(key hub.SectionKey, path string, value any, shown *hub.SectionShown) sectionField {
	name := path + key.Name
	out := sectionField{
		ID: "s-" + strings.ReplaceAll(name, ".", "-"), Input: inputs + name, As: string(key.Type), Must: key.Required, Required: key.Required, Default: written(key.Default),
		Label: f.text(name, ""), Hint: f.text(name, "_hint"), Where: f.text(name, "_where"), Link: f.link(name, shown),
	}
	if out.Label == "" { // a key that nobody has found words for yet
		out.Label, out.Hint = key.Name, key.About
	}
	switch key.Type {
	case hub.SettingSecret:
		out.Set, out.Ends = shown.Secrets[key.Name].Set, shown.Secrets[key.Name].Ends
		out.Gone = f.posted.Get(clears+name) != ""
		return out
	case hub.SettingSwitch:
		on, said := value.(bool)
		if !said {
			on, _ = key.Default.(bool)
		}
		if f.posted.Has(out.Input) {
			on = slices.Contains(f.posted[out.Input], "1")
		}
		out.On = on
		return out
	case hub.SettingTable:
		inner, _ := value.(map[string]any)
		for _, k := range key.Fields {
			out.Fields = append(out.Fields, f.field(k, name+".", inner[k.Name], shown))
		}
		return out
	}
	for _, one := range key.OneOf {
		label := cmp.Or(f.text(name, "_"+strings.ReplaceAll(one, ".", "_")), one)
		out.As, out.Options = "choice", append(out.Options, option{one, label})
	}
	out.Value = written(value)
	if f.posted.Has(out.Input) {
		out.Value = f.posted.Get(out.Input)
	}
	if out.As == "choice" && out.Value == "" {
		out.Value = out.Default
	}
	return out
}

// text is what the catalogue says of a key of the kind, or of such a key in any.
func (f *sectionForm) text(name, what string) string {
	name = strings.ReplaceAll(name, ".", "_")
	for _, of := range []string{f.Kind, "any"} {
		if key := "fields." + of + "." + name + what; f.words.Has(key) {
			return f.words.Say(key)
		}
	}
	return ""
}

// link leads to where a key is found. A forum's own pages are better than a page
// about forums.
func (f *sectionForm) link(name string, shown *hub.SectionShown) string {
	id := f.Kind + "." + name
	if at, own := ownLinks[id]; own {
		address, _ := shown.Settings["url"].(string)
		if u, err := url.Parse(address); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
			return strings.TrimRight(address, "/") + at
		}
	}
	return links[id]
}

// written is a value as people write it into a field.
func written(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice {
		lines := make([]string, v.Len())
		for i := range lines {
			lines[i] = fmt.Sprint(v.Index(i).Interface())
		}
		return strings.Join(lines, "\n")
	}
	return fmt.Sprint(value)
}

// change is what was posted. A field that was left empty, or as it is without
// being set, takes its setting away; one that was not there changes nothing, and an
// empty secret stays as it is.
func (f *sectionForm) change() hub.SectionChange {
	c := hub.SectionChange{Kind: f.Kind, Settings: map[string]any{}, Version: f.Version}
	if f.New {
		c.Name = f.Name
	}
	for _, field := range slices.Concat(f.First, f.More) {
		if value, said := f.value(field); said {
			c.Settings[strings.TrimPrefix(field.Input, inputs)] = value
		}
	}
	return c
}

// value is what a field was set to, nil to take it away.
func (f *sectionForm) value(field sectionField) (value any, said bool) {
	text := strings.TrimSpace(f.posted.Get(field.Input))
	switch field.As {
	case "secret":
		if text != "" {
			return text, true
		}
		return nil, field.Gone && field.Set
	case "table":
		inner := map[string]any{}
		for _, one := range field.Fields {
			v, there := f.value(one)
			if said = said || there; v != nil {
				inner[one.Input[strings.LastIndexByte(one.Input, '.')+1:]] = v
			}
		}
		if len(inner) == 0 {
			return nil, said
		}
		return inner, true
	case "switch":
		if field.On == (field.Default == "true") {
			return nil, f.posted.Has(field.Input)
		}
		return field.On, f.posted.Has(field.Input)
	}
	if text == "" || text == field.Default {
		return nil, f.posted.Has(field.Input)
	}
	return text, f.posted.Has(field.Input)
}

// refuse puts what is wrong to its fields. It is false for an error that is none
// of the form: that is for the page that tells of problems.
func (f *sectionForm) refuse(err error) bool {
	e, known := asError(err)
	if !known || e.Code != hub.CodeInvalid && e.Code != hub.CodeConflict {
		return false
	}
	switch {
	case len(e.Fields) > 0:
		f.Wrong = e.Message
		f.put(e.Fields)
	case f.New && e.Code == hub.CodeConflict:
		f.NoName = e.Message
	default:
		f.Wrong = e.Message
	}
	return true
}

// put puts problems by key to the fields. Those that have none stay above all.
func (f *sectionForm) put(problems map[string]string) {
	left := maps.Clone(problems)
	var put func(list []sectionField)
	focused := false
	put = func(list []sectionField) {
		for i := range list {
			field := &list[i]
			key := strings.TrimPrefix(field.Input, inputs)
			if problem := left[key]; problem != "" {
				field.Wrong = problem
				field.Focus = !focused && field.As != "table"
				focused = focused || field.Focus
				delete(left, key)
			}
			put(field.Fields)
		}
	}
	if f.New && left["name"] != "" {
		f.NoName, focused = left["name"], true
		delete(left, "name")
	}
	put(f.First)
	put(f.More)
	for _, key := range slices.Sorted(maps.Keys(left)) {
		f.Wrong += " " + key + " " + left[key] + "."
	}
}

// Open reports whether what stands among the others has to be seen.
func (f *sectionForm) Open() bool { return slices.ContainsFunc(f.More, sectionField.amiss) }

func (s sectionField) amiss() bool {
	return s.Wrong != "" || slices.ContainsFunc(s.Fields, sectionField.amiss)
}

// Mark is the icon of the kind.
func (f *sectionForm) Mark() string { return markOf(f.SectionKind) }

// markOf is the icon of a kind.
func markOf(kind hub.SectionKind) string {
	switch {
	case kind.Part == hub.PartSystem:
		return kind.Kind
	case kind.Kind == "discourse":
		return "forum"
	}
	return "feed"
}

// kindOf is a kind that there is.
func (p *Pane) kindOf(part hub.SectionPart, kind string) (found hub.SectionKind, ok bool) {
	all := p.Admin.Kinds()
	i := slices.IndexFunc(all, func(k hub.SectionKind) bool { return k.Part == part && k.Kind == kind })
	if i < 0 {
		return found, false
	}
	return all[i], true
}
