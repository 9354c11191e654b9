package admin

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

func inJSON(schema string) content { return content{jsonContent: schema} }

func gives(status int, text, schema string) []outcome {
	return []outcome{{status: status, text: text, body: inJSON(schema)}}
}

// routes is the table of all operations.
func (s *Server) routes() []route {
	all := []route{{
		method: http.MethodGet, path: "/openapi.json", id: "getDocument", need: hub.Viewer, summary: "This document",
		answers: gives(http.StatusOK, "OpenAPI 3.1", "Document"),
		handle:  s.getDocument,
	}}
	all = append(all, s.eventRoutes()...)
	all = append(all, s.subscriptionRoutes()...)
	all = append(all, s.rowRoutes()...)
	all = append(all, s.deliveryRoutes()...)
	all = append(all, s.figureRoutes()...)
	all = append(all, s.deadRoutes()...)
	all = append(all, s.activityRoutes()...)
	all = append(all, s.peopleRoutes()...)
	all = append(all, s.accessRoutes()...)
	all = append(all, s.systemRoutes()...)
	all = append(all, s.chatRoutes()...)
	all = append(all, s.roomPageRoutes()...)
	all = append(all, s.roomRoutes()...)
	all = append(all, s.sourceRoutes()...)
	all = append(all, s.sectionRoutes()...)
	all = append(all, s.commandRoutes()...)
	all = append(all, s.houseRoutes()...)
	return append(all, s.messageRoutes()...)
}

func (s *Server) commandRoutes() []route {
	return []route{{
		method: http.MethodPost, path: "/commands", id: "runCommand", need: hub.Viewer,
		summary: "Run a command as it would be given in a chat, with the level that the role gives: user, operator or admin. That a command was refused is told in the reply, not in the status",
		header:  []param{{name: "Idempotency-Key", text: "the same key again runs nothing and gives the same reply"}},
		body:    inJSON("CommandInput"),
		answers: gives(http.StatusOK, "The reply; data.outcome says what came of it.", "Reply"),
		handle:  s.runCommand,
	}, {
		method: http.MethodGet, path: "/autocomplete", id: "completeLine", need: hub.Viewer, summary: "What may stand at the end of a command that is being typed",
		query: []param{
			{name: "q", text: "the line up to the cursor: /discourse watch su"},
			{name: "chat", text: "where it is typed: slack:C0123"},
		},
		answers: gives(http.StatusOK, "The best first.", "CompletionList"),
		handle:  s.complete,
	}}
}

func (s *Server) eventRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/events", id: "listEvents", need: hub.Viewer, summary: "Events, newest first",
		query: []param{
			{name: "source", text: "of one source"},
			{name: "type", text: "of one type or, with * for a segment, of several: forum.post.*"},
			{name: "text", text: "a part of what it holds: title, author, text, id, in any case"},
			{name: "since", text: "came in then or later", time: true},
			{name: "until", text: "came in before", time: true},
			{name: "outcome", text: "of which this became", enum: Outcomes()},
			{name: "system", text: "that a row of this system decided for"},
			{name: "chat", text: "that a row of this chat decided for"},
			{name: "subscription", text: "that this subscription decided for"},
			limitParam, cursorParam,
		},
		answers: gives(http.StatusOK, "A page. One that is short, even empty, is the last only if it has no next.", "EventList"),
		handle:  s.listEvents,
	}, {
		method: http.MethodPost, path: "/events", id: "publishEvent", need: hub.Editor,
		summary: "Publish a CloudEvent. The same source and id again is the same event",
		body:    content{jsonContent: "EventInput", "application/cloudevents+json": "EventInput"},
		answers: gives(http.StatusAccepted, "It is stored.", "EventAccepted"),
		handle:  s.publishEvent,
	}, {
		method: http.MethodGet, path: "/events/{id}", id: "getEvent", need: hub.Viewer, summary: "An event",
		answers: gives(http.StatusOK, "The event.", "Event"),
		handle:  s.getEvent,
	}, {
		method: http.MethodGet, path: "/events/{id}/trace", id: "getTrace", need: hub.Viewer, summary: "The decision about an event as it was taken: who heard of it and why, or what came nearest",
		query:   []param{wordsParam},
		answers: []outcome{{http.StatusOK, "The decision, as JSON or in words.", content{jsonContent: "Trace", textContent: "Words"}}},
		handle:  s.getTrace,
	}, {
		method: http.MethodPost, path: "/explain", id: "explainEvent", need: hub.Viewer,
		summary: "What would become of an event as things stand: every row with its reason, and what each chat would get. Nothing is sent",
		query:   []param{wordsParam},
		body:    inJSON("ExplainInput"),
		names:   true,
		answers: []outcome{{http.StatusOK, "The explanation, as JSON or in words.", content{jsonContent: "Explanation", textContent: "Words"}}},
		handle:  s.explain,
	}}
}

// wordsParam asks for an answer in words; the Accept header may, too.
var wordsParam = param{name: "format", text: "text is words for people", enum: []string{"json", "text"}}

func (s *Server) sourceRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/sources", id: "listSources", need: hub.Viewer, summary: "The configured sources and how they are",
		answers: gives(http.StatusOK, "All of them.", "SourceList"),
		handle:  s.listSources,
	}, {
		method: http.MethodGet, path: "/sources/{source}/taxonomy", id: "getTaxonomy", need: hub.Viewer, summary: "The categories, tags and groups of a forum",
		answers: gives(http.StatusOK, "As far as they are known.", "Taxonomy"),
		handle:  s.getTaxonomy,
	}}
}

func (s *Server) subscriptionRoutes() []route {
	format := param{name: "format", text: "table is the text form, a line for a chat", enum: []string{"json", "table"}}
	force := param{name: "force", text: "1 takes names that no forum has, and notes so in the row", enum: []string{"0", "1"}}
	return []route{{
		method: http.MethodGet, path: "/subscriptions", id: "listSubscriptions", need: hub.Viewer, summary: "Subscriptions, newest first; as a table all of them, oldest first",
		query: []param{
			{name: "system", text: "of one system"},
			{name: "chat", text: "of one chat"},
			{name: "source", text: "of one source"},
			{name: "mode", text: "of one mode", enum: words(hub.Modes())},
			limitParam, cursorParam, format,
		},
		answers: []outcome{{http.StatusOK, "A page, or the table.", content{jsonContent: "SubscriptionList", textContent: "Table"}}},
		handle:  s.listSubscriptions,
	}, {
		method: http.MethodPost, path: "/subscriptions", id: "createSubscription", need: hub.Editor, summary: "Make a subscription, or those of a table that are not there yet",
		query: []param{format, force},
		body:  content{jsonContent: "Subscription", textContent: "Table"},
		answers: []outcome{
			{http.StatusCreated, "It is made.", inJSON("Subscription")},
			{http.StatusOK, "The table is in force.", inJSON("TableResult")},
		},
		repeats: true, handle: s.createSubscription,
	}, {
		method: http.MethodGet, path: "/subscriptions/{id}", id: "getSubscription", need: hub.Viewer, summary: "A subscription",
		answers: gives(http.StatusOK, "The subscription.", "Subscription"),
		handle:  s.getSubscription,
	}, {
		method: http.MethodPut, path: "/subscriptions/{id}", id: "replaceSubscription", need: hub.Editor, summary: "Replace a subscription",
		query:   []param{force},
		header:  []param{{name: "If-Match", text: "the ETag with which it was read: a change that somebody else made since is not overwritten"}},
		body:    inJSON("Subscription"),
		answers: gives(http.StatusOK, "As it is now.", "Subscription"),
		repeats: true, handle: s.replaceSubscription,
	}, {
		method: http.MethodPatch, path: "/subscriptions/{id}", id: "enableSubscription", need: hub.Editor, summary: "Turn a subscription on or off",
		body:    content{jsonContent: "Enabled", "application/merge-patch+json": "Enabled"},
		answers: gives(http.StatusOK, "As it is now.", "Subscription"),
		handle:  s.enableSubscription,
	}, {
		method: http.MethodDelete, path: "/subscriptions/{id}", id: "deleteSubscription", need: hub.Editor, summary: "Delete a subscription",
		answers: []outcome{{status: http.StatusNoContent, text: "It is gone."}},
		handle:  s.deleteSubscription,
	}}
}

func (s *Server) deliveryRoutes() []route {
	statuses := words([]hub.Status{hub.StatusQueued, hub.StatusFailed, hub.StatusSent, hub.StatusDead})
	return []route{{
		method: http.MethodGet, path: "/deliveries", id: "listDeliveries", need: hub.Viewer, summary: "What became of notifications, newest first",
		query: []param{
			{name: "system", text: "to one system"},
			{name: "chat", text: "to one chat"},
			{name: "event", text: "because of one event"},
			{name: "source", text: "because of events of one source"},
			{name: "subscription", text: "because of one subscription"},
			{name: "status", text: "with one of these statuses", enum: statuses, several: true},
			{name: "text", text: "a part of the title or the reason, in any case"},
			{name: "since", text: "queued then or later", time: true},
			{name: "until", text: "queued before", time: true},
			limitParam, cursorParam,
		},
		answers: gives(http.StatusOK, "A page.", "DeliveryList"),
		handle:  s.listDeliveries,
	}, {
		method: http.MethodGet, path: "/deliveries/{id}", id: "getDelivery", need: hub.Viewer, summary: "What became of a notification, with the history of its attempts",
		answers: gives(http.StatusOK, "The delivery.", "Delivery"),
		handle:  s.getDelivery,
	}, {
		method: http.MethodPost, path: "/deliveries/{id}/retry", id: "retryDelivery", need: hub.Editor, summary: "Send again what was given up; the same as for its dead letter",
		answers: gives(http.StatusAccepted, "It is queued again.", "Delivery"),
		repeats: true, handle: s.retryDead,
	}}
}

func (s *Server) deadRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/dead", id: "listDeadLetters", need: hub.Viewer, summary: "What was given up and why, newest first; its status says whether it was sent since",
		query: []param{
			{name: "system", text: "to one system"},
			{name: "chat", text: "to one chat"},
			{name: "source", text: "because of events of one source"},
			{name: "subscription", text: "because of one subscription"},
			{name: "fault", text: "for one kind of fault", enum: words(hub.Faults())},
			{name: "text", text: "a part of the title, the text or the reason, in any case"},
			{name: "since", text: "given up then or later", time: true},
			{name: "until", text: "given up before", time: true},
			limitParam, cursorParam,
		},
		answers: gives(http.StatusOK, "A page. One that is short, even empty, is the last only if it has no next.", "DeadLetterList"),
		handle:  s.listDead,
	}, {
		method: http.MethodPost, path: "/dead/retry", id: "retryDeadLetters", need: hub.Editor,
		summary: "Send again all that a filter selects and that was not sent since. With dry_run it is counted only",
		body:    inJSON("RetryInput"),
		answers: []outcome{
			{http.StatusOK, "How many it would be.", inJSON("RetryCount")},
			{http.StatusAccepted, "They are queued again, in the order in which they were queued first.", inJSON("RetryCount")},
		},
		repeats: true, handle: s.retryAllDead,
	}, {
		method: http.MethodGet, path: "/dead/{id}", id: "getDeadLetter", need: hub.Viewer, summary: "What was given up, with its message and what the platform answered",
		answers: gives(http.StatusOK, "The last letter about that notification.", "DeadLetter"),
		handle:  s.getDead,
	}, {
		method: http.MethodPost, path: "/dead/{id}/retry", id: "retryDeadLetter", need: hub.Editor, summary: "Send it again. It keeps its id, so that it cannot be sent twice",
		answers: gives(http.StatusAccepted, "It is queued again.", "Delivery"),
		repeats: true, handle: s.retryDead,
	}}
}

func (s *Server) peopleRoutes() []route {
	levels := words(hub.Levels())
	outcomes := []string{
		hub.OutcomeCreated, hub.OutcomeUpdated, hub.OutcomeUnchanged, hub.OutcomeDeleted, hub.OutcomeRefused, hub.OutcomeError, hub.OutcomeOK,
	}
	return []route{{
		method: http.MethodGet, path: "/people", id: "listPeople", need: hub.Viewer, summary: "Who has spoken to Bellhop or was given a level, those seen last first",
		query: []param{
			{name: "system", text: "of one system"},
			{name: "level", text: "who were given this level themselves", enum: levels},
			{name: "text", text: "a part of the name or the id, in any case"},
			limitParam, cursorParam,
		},
		answers: gives(http.StatusOK, "A page.", "PersonList"),
		handle:  s.listPeople,
	}, {
		method: http.MethodGet, path: "/people/{system}/{user}", id: "getPerson", need: hub.Viewer, summary: "Somebody, with the accounts that are linked with theirs",
		answers: gives(http.StatusOK, "Who they are and what they may do.", "Person"),
		handle:  s.getPerson,
	}, {
		method: http.MethodPut, path: "/people/{system}/{user}", id: "setLevel", need: hub.Administrator, summary: "Set what somebody may do, also of one who has not spoken yet",
		body:    inJSON("LevelInput"),
		answers: gives(http.StatusOK, "As it is now.", "Person"),
		handle:  s.putPerson,
	}, {
		method: http.MethodDelete, path: "/people/{system}/{user}/link", id: "unlinkPerson", need: hub.Administrator, summary: "Take an account out of those that it is linked with",
		answers: []outcome{{status: http.StatusNoContent, text: "It is a person of its own."}},
		handle:  s.unlinkPerson,
	}, {
		method: http.MethodGet, path: "/audit", id: "listAudit", need: hub.Administrator, summary: "Who did what: each command from chat and each change by the API, newest first",
		query: []param{
			{name: "who", text: "by one account or person, by the name that the log has"},
			{name: "system", text: "in or about one system"},
			{name: "user", text: "by one user, by the platform's id"},
			{name: "chat", text: "in or about one chat"},
			{name: "action", text: "the action or its beginning: discourse. or subscription.delete"},
			{name: "outcome", text: "with one outcome", enum: outcomes},
			{name: "text", text: "a part of what was typed, of the name or of the message, in any case"},
			{name: "since", text: "then or later", time: true},
			{name: "until", text: "before", time: true},
			{name: "format", text: "jsonl is all that is selected, an entry in a line, and has no pages", enum: []string{"json", "jsonl"}},
			limitParam, cursorParam,
		},
		answers: []outcome{{http.StatusOK, "A page, or all of it.", content{jsonContent: "AuditList", jsonLines: "AuditLines"}}},
		handle:  s.listAudit,
	}, {
		method: http.MethodGet, path: "/audit/{id}", id: "getAudit", need: hub.Administrator, summary: "An entry of the audit log",
		answers: gives(http.StatusOK, "With what was before and after.", "AuditEntry"),
		handle:  s.getAudit,
	}, {
		method: http.MethodGet, path: "/known-chats", id: "listKnownChats", need: hub.Viewer, summary: "Chats in which somebody has spoken to Bellhop",
		query:   []param{{name: "system", text: "of one system"}},
		answers: gives(http.StatusOK, "All of them, by name.", "KnownChatList"),
		handle:  s.listKnownChats,
	}}
}

func (s *Server) systemRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/systems", id: "listSystems", need: hub.Viewer, summary: "The configured chat systems and how they are",
		answers: gives(http.StatusOK, "All of them.", "SystemList"),
		handle:  s.listSystems,
	}, {
		method: http.MethodGet, path: "/systems/{system}/chats", id: "listChats", need: hub.Viewer, summary: "Chats that messages may be sent to",
		query:   []param{{name: "q", text: "part of the name"}},
		answers: gives(http.StatusOK, "The best matches first, at most 100.", "ChatList"),
		handle:  s.listChats,
	}, {
		method: http.MethodPost, path: "/systems/{system}/resume", id: "resumeSystem", need: hub.Editor,
		summary: "Try at once whether a paused system, or one of its chats, takes messages again. What an operator has paused goes on, too, if an admin asks",
		query:   []param{{name: "chat", text: "the chat; without one it is the system"}},
		answers: []outcome{{status: http.StatusAccepted, text: "Its worker has been asked; GET /systems tells how it went."}},
		handle:  s.resumeSystem,
	}}
}

func (s *Server) chatRoutes() []route {
	now := gives(http.StatusOK, "As it is now.", "ChatStatus")
	return []route{{
		method: http.MethodGet, path: "/chats", id: "listChatSettings", need: hub.Viewer, summary: "Chats that have quiet hours, a time zone or a snooze",
		query:   []param{{name: "system", text: "of one system"}},
		answers: gives(http.StatusOK, "All of them, by name.", "ChatStatusList"),
		handle:  s.listChatSettings,
	}, {
		method: http.MethodGet, path: "/chats/{system}/{chat}", id: "getChat", need: hub.Viewer, summary: "When a chat is left alone",
		answers: now, handle: s.getChat,
	}, {
		method: http.MethodPut, path: "/chats/{system}/{chat}", id: "replaceChat", need: hub.Editor,
		summary: "Set a chat's quiet hours and time zone. What waits is sent when they end, or at once if they are taken away",
		body:    inJSON("ChatStatus"), answers: now, handle: s.putChat,
	}, {
		method: http.MethodPost, path: "/chats/{system}/{chat}/snooze", id: "snoozeChat", need: hub.Editor, summary: "Send nothing to a chat for some time. It waits, nothing is dropped",
		body: inJSON("SnoozeInput"), answers: now, handle: s.snoozeChat,
	}, {
		method: http.MethodPost, path: "/chats/{system}/{chat}/resume", id: "resumeChat", need: hub.Editor, summary: "End a snooze. Quiet hours go on",
		answers: now, handle: s.resumeChat,
	}}
}

func (s *Server) messageRoutes() []route {
	return []route{{
		method: http.MethodPost, path: "/messages", id: "sendMessage", need: hub.Editor, summary: "Send a message to a chat",
		header:  []param{{name: "Idempotency-Key", text: "the same key again sends nothing and gives the same id"}},
		body:    inJSON("MessageInput"),
		answers: gives(http.StatusAccepted, "It is queued; Location tells what becomes of it.", "MessageAccepted"),
		handle:  s.sendMessage,
	}, {
		method: http.MethodGet, path: "/messages/{id}", id: "getMessage", need: hub.Viewer, summary: "What became of a message",
		answers: gives(http.StatusOK, "Its delivery.", "Delivery"),
		handle:  s.getDelivery,
	}}
}

func words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = string(w)
	}
	return texts
}
