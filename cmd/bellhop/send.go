package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/bellhop-chat/bellhop/hub"
)

type sendCmd struct {
	remote `embed:""`
	System string `arg:"" help:"The system, such as slack."`
	Chat   chatID `arg:"" help:"The chat, such as '#general' or a room id."`
	Text   string `arg:"" help:"What to say, in Markdown; - reads it from standard input."`
}

func (c *sendCmd) Run(w *world) error {
	if c.Text == "-" {
		text, err := io.ReadAll(io.LimitReader(w.stdin, 1<<20))
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		c.Text = string(text)
	}
	body, err := json.Marshal(map[string]string{"system": c.System, "chat": string(c.Chat), "text": c.Text})
	if err != nil {
		return err
	}
	var queued struct {
		ID hub.NotificationID `json:"id"`
	}
	if err := c.call(w, "POST", "/api/v1/messages", "application/json", body, &queued); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.stdout, "queued", queued.ID)
	return err
}
