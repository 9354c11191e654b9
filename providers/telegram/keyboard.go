package telegram

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// What Telegram takes of an inline keyboard. It documents the data; the rest is
// what it refuses: https://core.telegram.org/bots/api#inlinekeyboardbutton,
// https://github.com/tginfo/Telegram-Limits/issues/228
const (
	maxData     = 64 // bytes
	maxButtons  = 100
	maxKeyboard = 10_000 // bytes of JSON: "reply markup is too long"

	pageSize   = 8  // options at once
	labelLimit = 60 // longer ones a telephone cuts
	rowWidth   = 32 // letters in a row that a telephone shows side by side
	rowButtons = 3
)

// button is https://core.telegram.org/bots/api#inlinekeyboardbutton.
type button struct {
	Text  string `json:"text"`
	Style string `json:"style,omitempty"` // since Bot API 9.4; older servers overlook it
	URL   string `json:"url,omitempty"`
	Data  string `json:"callback_data,omitempty"`
}

// keyboard is https://core.telegram.org/bots/api#inlinekeyboardmarkup.
type keyboard struct {
	Rows [][]button `json:"inline_keyboard"`
}

func (k keyboard) size() (buttons, bytes int) {
	for _, row := range k.Rows {
		buttons += len(row)
	}
	return buttons, len(object(k))
}

// keyboard are the actions below a message: buttons beside each other as far as
// there is room, the options of a select below each other, a page of them at a
// time. Without links it has none that Telegram could refuse. It is nil if there
// is nothing to press; what is over Telegram's limits is left out.
func (c *Client) keyboard(actions []hub.Action, links bool) *keyboard {
	l := layout{keyboard: keyboard{Rows: [][]button{}}}
	for _, a := range actions {
		label := providers.Label(a.Label, labelLimit, unit)
		if len(a.Options) == 0 {
			if b, ok := c.button(a, label, links); ok {
				l.beside(b)
			}
			continue
		}
		if !c.presses(a) {
			continue
		}
		if label != "" && len(actions) > 1 {
			l.below([]button{{Text: label, Data: c.data(isHeading, a.Token, "")}})
		}
		c.selects.keep(a.Token, a.Options)
		l.below(c.page(a.Token, a.Options, 0)...)
	}
	l.below()
	if len(l.Rows) == 0 {
		return nil
	}
	return &l.keyboard
}

// layout puts buttons in rows.
type layout struct {
	keyboard
	row []button // the last, which may not be full
}

// beside adds a button to the last row if there is room, or begins another.
func (l *layout) beside(b button) {
	if width(append(l.row, b)) > rowWidth || len(l.row) == rowButtons {
		l.below()
	}
	l.row = append(l.row, b)
}

// below ends the last row and adds more.
func (l *layout) below(rows ...[]button) {
	if len(l.row) > 0 {
		l.add([][]button{l.row})
		l.row = nil
	}
	if len(rows) > 0 {
		l.add(rows)
	}
}

// add adds rows, all or none.
func (l *layout) add(rows [][]button) {
	more := keyboard{Rows: slices.Concat(l.Rows, rows)}
	if buttons, bytes := more.size(); buttons <= maxButtons && bytes <= maxKeyboard {
		l.keyboard = more
	}
}

// presses reports whether it would be heard that an action is pressed.
func (c *Client) presses(a hub.Action) bool {
	return c.cfg.Listen && a.Token != "" && len(a.Token) <= hub.MaxToken && !strings.Contains(a.Token, ":")
}

func (c *Client) button(a hub.Action, label string, links bool) (button, bool) {
	b := button{Text: label, Style: styleOf(a.Style)}
	switch {
	case label == "":
		return b, false
	case a.URL != "":
		b.URL = buttonURL(a.URL)
		return b, links && b.URL != ""
	case c.presses(a):
		b.Data = c.data(isButton, a.Token, "")
		return b, true
	}
	return b, false
}

func styleOf(style string) string {
	if style == "primary" || style == "danger" {
		return style
	}
	return ""
}

// buttonURL is an address that a button may lead to, "" if it may not: Telegram
// refuses the whole message for a host without a dot, such as localhost.
func buttonURL(raw string) string {
	dest, ok := providers.WebURL(raw)
	u, err := url.Parse(dest)
	if !ok || err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(u.Hostname(), ".") || len(dest) > urlLimit {
		return ""
	}
	return dest
}

func width(row []button) int {
	n := 0
	for _, b := range row {
		n += unit.Len(b.Text) + 2
	}
	return n
}

// page are the rows of a select: a page of its options, and how to turn to the
// others.
func (c *Client) page(token string, options []hub.Option, page int) [][]button {
	pages := (len(options) + pageSize - 1) / pageSize
	page = max(0, min(page, pages-1))
	var rows [][]button
	for _, o := range options[page*pageSize : min((page+1)*pageSize, len(options))] {
		label := providers.Label(o.Label, labelLimit, unit)
		if label == "" {
			label = providers.Label(o.Value, labelLimit, unit)
		}
		if label == "" {
			label = providers.Ellipsis
		}
		rows = append(rows, []button{{Text: label, Data: c.option(token, o.Value)}})
	}
	if pages < 2 {
		return rows
	}
	turn := func(label string, to int) button {
		return button{Text: label, Data: c.data(isPage, token, strconv.Itoa(to))}
	}
	var nav []button
	if page > 0 {
		nav = append(nav, turn("‹", page-1))
	}
	nav = append(nav, turn(fmt.Sprintf("%d/%d", page+1, pages), page))
	if page < pages-1 {
		nav = append(nav, turn("›", page+1))
	}
	return append(rows, nav)
}

// option is the data of a button that chooses a value: the value itself, or a
// digest of one that is too long.
func (c *Client) option(token, value string) string {
	if d := c.data(isValue, token, value); len(d) <= maxData && utf8.ValidString(d) {
		return d
	}
	return c.data(isDigest, token, hub.Digest(value))
}

// What the data of a button begins with.
const (
	isButton  = 'b'
	isValue   = 'v' // an option, and its value behind the token
	isDigest  = 'd' // an option, and the digest of its value
	isPage    = 'p' // a page of options, and its number
	isHeading = 'h' // the name of a select: pressing it does nothing
)

// sealed is how long the seal of a button's data is.
const sealed = 8

// data is what a button gives back: its kind, our seal, the token that the hub
// made and what else there is to say. A client of Telegram may send any data it
// likes; the seal, of which only who has the bot's token can make one, tells
// ours from others, and keeps who presses from choosing what was not offered.
func (c *Client) data(kind byte, token, rest string) string {
	said := token
	if rest != "" {
		said += ":" + rest
	}
	return string(kind) + c.seal(kind, said) + said
}

func (c *Client) seal(kind byte, said string) string {
	mac := hmac.New(sha256.New, []byte("bellhop button "+c.cfg.Token.Reveal()))
	mac.Write([]byte{kind})
	mac.Write([]byte(said))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:sealed]
}

// pressed is what a button's data says. It is false if we did not make it.
func (c *Client) pressed(data string) (kind byte, token, rest string, ok bool) {
	if len(data) <= 1+sealed || len(data) > maxData {
		return 0, "", "", false
	}
	kind, seal, said := data[0], data[1:1+sealed], data[1+sealed:]
	if !hmac.Equal([]byte(seal), []byte(c.seal(kind, said))) {
		return 0, "", "", false
	}
	token, rest, _ = strings.Cut(said, ":")
	return kind, token, rest, true
}

// turned is a keyboard with another page of one of its selects.
func (c *Client) turned(raw json.RawMessage, token string, rows [][]button) (keyboard, bool) {
	var was, is keyboard
	if json.Unmarshal(raw, &was) != nil {
		return is, false
	}
	found := false
	for _, row := range was.Rows {
		if !c.offers(row, token) {
			is.Rows = append(is.Rows, row)
			continue
		}
		if !found {
			is.Rows = append(is.Rows, rows...)
		}
		found = true
	}
	return is, found
}

// offers reports whether a row belongs to the options of a select.
func (c *Client) offers(row []button, token string) bool {
	return slices.ContainsFunc(row, func(b button) bool {
		kind, of, _, ours := c.pressed(b.Data)
		return ours && of == token && (kind == isValue || kind == isDigest || kind == isPage)
	})
}
