package slack

import (
	"context"
	"strings"

	"github.com/yuin/goldmark-emoji/definition"
)

// reading is a text of Slack's as people read it.
type reading struct {
	text       string
	users      []string // who are mentioned, by id
	mentionsUs bool
	// before and after is what stands around the first mention of us.
	before, after string
}

// line is what was said to us: what follows our name, or what stands before it
// where nothing follows.
func (r reading) line() string {
	if !r.mentionsUs {
		return strings.TrimSpace(r.text)
	}
	if after := strings.TrimSpace(strings.TrimLeft(r.after, ":, \u00a0\t")); after != "" {
		return after
	}
	return strings.TrimSpace(r.before)
}

var unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// readable undoes Slack's markup of names, channels and links, and its three
// entities: https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
func (c *Client) readable(ctx context.Context, text string) reading {
	var (
		r   reading
		out strings.Builder
		cut = -1 // where what follows our name begins
	)
	for text != "" {
		open := strings.IndexByte(text, '<')
		if open < 0 {
			break
		}
		length := strings.IndexByte(text[open:], '>')
		if length < 0 {
			break
		}
		out.WriteString(unescaped.Replace(text[:open]))
		inner := text[open+1 : open+length]
		text = text[open+length+1:]
		user, ours := c.mentioned(inner)
		if user != "" {
			r.users = append(r.users, user)
		}
		if ours && !r.mentionsUs {
			r.mentionsUs, r.before = true, out.String()
		}
		out.WriteString(c.shown(ctx, inner))
		if ours && cut < 0 {
			cut = out.Len()
		}
	}
	out.WriteString(unescaped.Replace(text))
	r.text = out.String()
	if cut >= 0 {
		r.after = r.text[cut:]
	}
	return r
}

// mentioned is the user whom a mark in angle brackets names.
func (c *Client) mentioned(inner string) (user string, ours bool) {
	id, ok := strings.CutPrefix(inner, "@")
	if !ok {
		return "", false
	}
	id, _, _ = strings.Cut(id, "|")
	return id, c.isSelf(id)
}

// shown is how a mark in angle brackets is read. Of a link that is its address,
// since a command wants that.
func (c *Client) shown(ctx context.Context, inner string) string {
	target, label, _ := strings.Cut(inner, "|")
	label = unescaped.Replace(label)
	switch {
	case strings.HasPrefix(target, "@"):
		if label == "" {
			label = c.who(ctx, target[1:]).Name
		}
		return named("@", label, target[1:])
	case strings.HasPrefix(target, "#"):
		if label == "" {
			label = c.room(ctx, target[1:], "").Name
		}
		return named("#", label, target[1:])
	case strings.HasPrefix(target, "!subteam^"):
		return named("@", label, strings.TrimPrefix(target, "!subteam^"))
	case strings.HasPrefix(target, "!date^"):
		return label
	case strings.HasPrefix(target, "!"):
		return named("@", "", strings.TrimPrefix(target, "!"))
	case strings.HasPrefix(target, "mailto:"), strings.HasPrefix(target, "tel:"):
		if label != "" {
			return label
		}
		_, address, _ := strings.Cut(target, ":")
		return unescaped.Replace(address)
	default:
		return unescaped.Replace(target)
	}
}

// named is a name behind its sign, or the id where there is none.
func named(sign, name, id string) string {
	if name = strings.TrimPrefix(name, sign); name == "" {
		name = id
	}
	return sign + name
}

// emoji is a reaction as a character, or its name where it has none. Slack puts
// a skin's tone behind the name.
func emoji(name string) string {
	base, tone, _ := strings.Cut(name, "::")
	found, ok := definition.Github().Get(base)
	if !ok || !found.IsUnicode() {
		return name
	}
	if tones := "23456"; strings.HasPrefix(tone, "skin-tone-") {
		if i := strings.Index(tones, strings.TrimPrefix(tone, "skin-tone-")); i >= 0 {
			return string(found.Unicode) + string(rune(0x1f3fb+i))
		}
	}
	return string(found.Unicode)
}
