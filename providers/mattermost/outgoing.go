package mattermost

import (
	"encoding/json"
	"strconv"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/providers"
)

// parseOutgoing reads an outgoing webhook, as a form or as JSON.
func parseOutgoing(r *providers.Request) (model.OutgoingWebhookPayload, error) {
	var p model.OutgoingWebhookPayload
	if isJSON(r) {
		err := json.Unmarshal(r.Body, &p)
		return p, err
	}
	v := form(r)
	at, err := strconv.ParseInt(v.Get("timestamp"), 10, 64)
	if err != nil {
		at = 0 // it is told without its time
	}
	return model.OutgoingWebhookPayload{
		Token: v.Get("token"), TeamId: v.Get("team_id"), TeamDomain: v.Get("team_domain"),
		ChannelId: v.Get("channel_id"), ChannelName: v.Get("channel_name"), Timestamp: at,
		UserId: v.Get("user_id"), UserName: v.Get("user_name"), PostId: v.Get("post_id"),
		Text: v.Get("text"), TriggerWord: v.Get("trigger_word"), FileIds: v.Get("file_ids"),
	}, nil
}
