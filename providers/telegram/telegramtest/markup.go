package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Button is one below a message:
// https://core.telegram.org/bots/api#inlinekeyboardbutton
type Button struct {
	Text  string `json:"text"`
	Style string `json:"style"`
	URL   string `json:"url"`
	Data  string `json:"callback_data"`
}

// markup is what may be below a message: one of the two.
type markup struct {
	Rows        [][]Button `json:"inline_keyboard"`
	ForceReply  bool       `json:"force_reply"`
	Selective   bool       `json:"selective"`
	Placeholder string     `json:"input_field_placeholder"`
}

// What Telegram takes. It documents the bytes of data only; the others are what
// people found: https://github.com/tginfo/Telegram-Limits/issues/228 and
// https://github.com/tginfo/Telegram-Limits/issues/187
const (
	maxButtons     = 100
	maxRow         = 8
	maxData        = 64
	maxMarkup      = 10_240
	maxPlaceholder = 64
)

func checkMarkup(raw []byte) error {
	var m markup
	if len(raw) > maxMarkup {
		return errors.New("reply markup is too long")
	}
	if json.Unmarshal(raw, &m) != nil || m.Rows == nil && !m.ForceReply {
		return errors.New("object expected as reply markup")
	}
	if m.Rows != nil && m.ForceReply {
		return errors.New("can't parse reply markup: it is both a keyboard and a forced reply")
	}
	if len([]rune(m.Placeholder)) > maxPlaceholder {
		return errors.New("input field placeholder is too long")
	}
	n := 0
	for _, row := range m.Rows {
		if len(row) > maxRow {
			return errors.New("reply markup is too long")
		}
		for _, b := range row {
			n++
			if err := b.check(); err != nil {
				return err
			}
		}
	}
	if n > maxButtons {
		return errors.New("reply markup is too long")
	}
	return nil
}

func (b Button) check() error {
	switch {
	case strings.TrimSpace(b.Text) == "":
		return errors.New("can't parse inline keyboard button: field \"text\" must be non-empty")
	case b.Style != "" && b.Style != "danger" && b.Style != "success" && b.Style != "primary":
		return errors.New("can't parse inline keyboard button: invalid button style specified")
	case (b.URL == "") == (b.Data == ""):
		return errors.New("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	case len(b.Data) > maxData:
		return errors.New("BUTTON_DATA_INVALID")
	case b.URL == "":
		return nil
	}
	u, err := url.Parse(b.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "tg" || u.Scheme != "tg" && !strings.Contains(u.Hostname(), ".") {
		return fmt.Errorf("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
	}
	return nil
}

// Buttons are those below a message that was sent, row by row.
func (p *Platform) Buttons(ref string) [][]Button {
	var m markup
	for _, s := range p.Sent() {
		if s.Ref == ref && !s.Gone {
			_ = json.Unmarshal(decode(s.Raw).Markup, &m)
		}
	}
	return m.Rows
}

// ForcesReply reports whether Telegram begins a reply to a message by itself.
func (p *Platform) ForcesReply(ref string) bool {
	var m markup
	for _, s := range p.Sent() {
		if s.Ref == ref {
			_ = json.Unmarshal(decode(s.Raw).Markup, &m)
		}
	}
	return m.ForceReply
}

// parseMarkup is what is below a message, and whether that is a keyboard.
func parseMarkup(raw json.RawMessage) (markup, bool) {
	var m markup
	_ = json.Unmarshal(raw, &m)
	return m, m.Rows != nil
}
