package telegramtest

import (
	"fmt"
	"net/http"
)

// standing is how the bot stands in a chat, where it is no plain member.
type standing struct {
	mute    bool  // it may not send
	runs    bool  // it is an administrator
	deletes bool  // who may delete messages
	nobody  bool  // there is no such chat
	moved   int64 // the id that the chat has now
}

func (s standing) member(bot map[string]any) map[string]any {
	switch {
	case s.mute:
		return map[string]any{"status": "restricted", "user": bot, "is_member": true, "can_send_messages": false}
	case s.runs:
		return map[string]any{"status": "administrator", "user": bot, "can_delete_messages": s.deletes}
	}
	return map[string]any{"status": "member", "user": bot}
}

func (p *Platform) stand(chat string, s standing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stands[chat] = s
}

// Restrict keeps the bot from sending to a chat.
func (p *Platform) Restrict(chat string) { p.stand(chat, standing{mute: true}) }

// Promote makes the bot an administrator of a chat, who may delete messages.
func (p *Platform) Promote(chat string) { p.stand(chat, standing{runs: true, deletes: true}) }

// Lose makes a chat one that does not exist.
func (p *Platform) Lose(chat string) { p.stand(chat, standing{nobody: true}) }

// Upgrade makes a group a supergroup, which has another id.
func (p *Platform) Upgrade(chat string, to int64) { p.stand(chat, standing{moved: to}) }

// Restore takes back whatever was done to the bot in a chat.
func (p *Platform) Restore(chat string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.stands, chat)
	delete(p.kicked, chat)
}

// shut is why the bot hears nothing of a chat. p.mu is held.
func (p *Platform) shut(chat string) *refusal {
	_, known := chatID(chat)
	switch s := p.stands[chat]; {
	case !known || s.nobody:
		return bad("chat not found")
	case s.moved != 0:
		why := bad("group chat was upgraded to a supergroup chat")
		why.parameters = map[string]any{"migrate_to_chat_id": s.moved}
		return why
	case p.kicked[chat]:
		return &refusal{code: http.StatusForbidden, description: "Forbidden: bot was kicked from the supergroup chat"}
	}
	return nil
}

// getChat is https://core.telegram.org/bots/api#getchat
func (p *Platform) getChat(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	chat := r.FormValue("chat_id")
	if why := p.shut(chat); why != nil {
		why.answer(w)
		return
	}
	id, _ := chatID(chat)
	body := p.room(id).body()
	if fmt.Sprint(body["type"]) != "private" {
		body["permissions"] = map[string]any{"can_send_messages": true}
	}
	grant(w, body)
}
