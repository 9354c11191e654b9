package console

import (
	"encoding/json"
	"sync"

	"github.com/bellhop-chat/bellhop/web"
)

// scripted are the texts that the scripts say, below "console.script.". "%d" and "%s"
// are places that they fill in.
var scripted = []string{
	"today", "yesterday", "reply", "replies", "message", "messages", "allRooms", "live", "lost", "copied", "signedOut", "noAnswer", "answered",
	"working", "nothing", "found1", "found", "remove", "choose",
}

// scriptedIn are they in each language, as JSON.
var scriptedIn sync.Map

// texts are what the scripts say, as JSON by name.
func texts(words *web.Words) string {
	if known, ok := scriptedIn.Load(words); ok {
		return known.(string)
	}
	all := map[string]string{}
	for _, name := range scripted {
		all[name] = words.Say("console.script." + name)
	}
	made, err := json.Marshal(all)
	if err != nil { // of strings
		return "{}"
	}
	scriptedIn.Store(words, string(made))
	return string(made)
}
