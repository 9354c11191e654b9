package pane

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// welcomeChatPage is the data of welcome-chat.html.
type welcomeChatPage struct {
	wizard
	Kinds   []string     // to choose from; none: one is chosen
	Form    *sectionForm // of the kind that is chosen
	Proof   *hub.Proof   // what the platform said
	System  *hub.SystemStatus
	Others  []hub.System // that are connected, too
	Chat    string       // as it is chosen, or typed
	Room    admin.NamedChat
	Arrival *arrival // of the message there; nil: none was posted
}

// Console reports whether the system is the console, which needs no account.
func (p *welcomeChatPage) Console() bool { return p.System.Kind == consoleKind }

// Amiss are the fields in which something is wrong, unless what the platform said
// tells it all.
func (p *welcomeChatPage) Amiss() []sectionField {
	if p.Form == nil || p.Proof != nil && p.Proof.Problem != "" {
		return nil
	}
	return p.Form.wrongs()
}

func (p *Pane) chatStep(r *http.Request) (*welcomeChatPage, error) {
	frame, err := p.wizard(r, 3, "welcome.chat.title")
	if err != nil {
		return nil, err
	}
	page := &welcomeChatPage{wizard: frame}
	page.Next = wizardNext{URL: welcomeRowPath, Skip: !page.setup.talks()}
	return page, nil
}

// chooseSystem has the page show a system that is there.
func (p *welcomeChatPage) chooseSystem(name hub.System) bool {
	for i, s := range p.setup.systems {
		if s.System == name {
			p.System = &p.setup.systems[i]
			continue
		}
		p.Others = append(p.Others, s.System)
	}
	return p.System != nil
}

// connected is the chat system to go on with: one that is well before one that is
// not, "" for none beside the console.
func (s *setup) connected() hub.System {
	var found hub.System
	for _, one := range s.systems {
		switch {
		case one.Kind == consoleKind:
		case one.State == hub.SystemOK:
			return one.System
		default:
			found = cmp.Or(found, one.System)
		}
	}
	return found
}

func (p *Pane) welcomeChat(w http.ResponseWriter, r *http.Request) error {
	page, err := p.chatStep(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	name, kind := hub.System(q.Get("system")), q.Get("kind")
	if name == "" && kind == "" && q.Get("another") != "1" {
		name = page.setup.connected()
	}
	if name != "" && page.chooseSystem(name) {
		return p.showWelcomeSystem(w, r, page, q.Get("chat"))
	}
	if kind, known := p.kindOf(hub.PartSystem, kind); known && kind.Kind != consoleKind {
		page.Form = formOf(page.Words, kind, nil)
		page.Form.begin()
	} else {
		page.Kinds = p.chatKinds(page.setup.systems)
	}
	return p.show(w, r, "pane/welcome-chat.html", page)
}

// chatKinds are the kinds of chat system to choose from. The console is one where it
// is there.
func (p *Pane) chatKinds(systems []hub.SystemStatus) (list []string) {
	usual := []string{"slack", "telegram", "mattermost", "matrix"}
	for _, kind := range p.Admin.Kinds() {
		if kind.Part == hub.PartSystem && kind.Kind != consoleKind {
			list = append(list, kind.Kind)
		}
	}
	place := func(kind string) int {
		if i := slices.Index(usual, kind); i >= 0 {
			return i
		}
		return len(usual)
	}
	slices.SortStableFunc(list, func(a, b string) int { return place(a) - place(b) })
	if slices.ContainsFunc(systems, func(s hub.SystemStatus) bool { return s.Kind == consoleKind }) {
		list = append(list, consoleKind)
	}
	return list
}

// showWelcomeSystem shows a system with its chats to choose from.
func (p *Pane) showWelcomeSystem(w http.ResponseWriter, r *http.Request, page *welcomeChatPage, chat string) error {
	page.Chat = chat
	page.Next.URL = with(welcomeRowPath, "system", string(page.System.System), "chat", chat)
	if chat != "" {
		page.Room = p.Admin.ChatName(r.Context(), hub.Chat{System: page.System.System, ID: chat})
	}
	return p.show(w, r, "pane/welcome-chat.html", page)
}

// posted is the form as it was sent, and what it makes.
func (p *Pane) posted(r *http.Request, page *welcomeChatPage) (hub.SectionChange, error) {
	kind, known := p.kindOf(hub.PartSystem, r.PostFormValue("kind"))
	if !known || kind.Kind == consoleKind {
		return hub.SectionChange{}, hub.Errorf(hub.CodeInvalid, "%s", page.Say("welcome.chat.noKind"))
	}
	page.Form = formFrom(page.Words, kind, nil, r.PostForm)
	change := page.Form.change()
	change.Name = freeName(kind.Kind, page.setup.has)
	return change, nil
}

// proveChat asks the platform whether what was filled in is right. Nothing is
// stored.
func (p *Pane) proveChat(w http.ResponseWriter, r *http.Request) error {
	page, err := p.chatStep(r)
	if err != nil {
		return err
	}
	change, err := p.posted(r, page)
	if err != nil {
		return err
	}
	page.Proof, err = p.Admin.ProveSection(r.Context(), hub.PartSystem, change.Name, &change)
	if err != nil && !page.Form.refuse(err) {
		return err
	}
	if page.Proof != nil && !page.Proof.OK {
		page.Form.put(page.Proof.Fields)
	}
	if !isPart(r) {
		return p.show(w, r, "pane/welcome-chat.html", page)
	}
	return p.show(w, r, "welcome-proof", page)
}

// chatProof asks the platform of a system that is connected who Bellhop is there.
func (p *Pane) chatProof(w http.ResponseWriter, r *http.Request) error {
	name := r.URL.Query().Get("system")
	proof, err := p.Admin.ProveSection(r.Context(), hub.PartSystem, name, nil)
	if err != nil {
		if hub.CodeOf(err) != hub.CodeUnavailable {
			return err
		}
		proof = &hub.Proof{Problem: err.Error()}
	}
	page, err := p.chatStep(r) // after the platform was asked: by now its worker knows more
	if err != nil {
		return err
	}
	page.Proof = proof
	if page.chooseSystem(hub.System(name)) {
		page.Next.URL = with(welcomeRowPath, "system", name, "chat", r.URL.Query().Get("chat"))
	}
	return p.show(w, r, "welcome-proof-part", page)
}

// connectChat makes a system, if its platform says that it is right.
func (p *Pane) connectChat(w http.ResponseWriter, r *http.Request) error {
	page, err := p.chatStep(r)
	if err != nil {
		return err
	}
	change, err := p.posted(r, page)
	if err != nil {
		return err
	}
	made, proof, err := p.Admin.MakeSection(r.Context(), hub.PartSystem, change, r.PostFormValue("unproved") == "1")
	if err == nil {
		return p.goOn(w, r, with(welcomeChatPath, "system", made.Name))
	}
	if !page.Form.refuse(err) {
		return err
	}
	if proof != nil && !proof.OK {
		page.Proof, page.Form.Wrong = proof, ""
	}
	name := "pane/welcome-chat.html"
	if page.Part { // what was typed stays: no secret comes back out of a form
		name = "welcome-proof"
	}
	web.Render(w, page.Words, http.StatusUnprocessableEntity, name, page)
	return nil
}

// greetChat posts a message to the chat that was chosen.
func (p *Pane) greetChat(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	page, err := p.chatStep(r)
	if err != nil {
		return err
	}
	if !page.chooseSystem(hub.System(r.PostFormValue("system"))) {
		return hub.Errorf(hub.CodeNotFound, "%s", page.Say("welcome.chat.gone"))
	}
	chat := p.chatTyped(ctx, page.System.System, r.PostFormValue("chat"))
	if err := p.wake(ctx, chat); err != nil {
		return err
	}
	t, err := p.Admin.Greet(ctx, page.Words, chat)
	if fields := fieldsOf(err); fields != nil {
		page.Arrival = &arrival{What: "greeting", State: "dead", Reason: strings.TrimSpace(page.Say("sub.chat") + " " + fields["chat"] + fields["text"] + fields["system"])}
		return p.showGreeting(w, r, page, chat)
	}
	if err != nil {
		return err
	}
	if err := p.greeting(r, page, chat, t.Notification); err != nil {
		return err
	}
	return p.showGreeting(w, r, page, chat)
}

// greeting looks up what became of a message.
func (p *Pane) greeting(r *http.Request, page *welcomeChatPage, chat hub.Chat, id hub.NotificationID) error {
	found, err := p.Admin.Deliveries.FindDeliveries(r.Context(), []hub.NotificationID{id})
	if err != nil {
		return err
	}
	page.Arrival = p.arrivalOf(r.Context(), "greeting", chat, found)
	if len(found) == 0 {
		page.Arrival.State = "queued"
	}
	page.Arrival.Poll = with(welcomeChatPath+"/arrived", "system", string(chat.System), "chat", chat.ID, "id", string(id), "state", page.Arrival.State)
	return nil
}

func (p *Pane) showGreeting(w http.ResponseWriter, r *http.Request, page *welcomeChatPage, chat hub.Chat) error {
	page.Next.URL = with(welcomeRowPath, "system", string(chat.System), "chat", chat.ID)
	page.Next.Skip = page.Next.Skip && page.Arrival.State != "sent"
	if isPart(r) {
		return p.show(w, r, "welcome-arrival-part", page)
	}
	page.Chat, page.Room = chat.ID, page.Arrival.Room
	return p.show(w, r, "pane/welcome-chat.html", page)
}

// greetingArrived tells a page that waits for a message how it stands.
func (p *Pane) greetingArrived(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	page, err := p.chatStep(r)
	if err != nil {
		return err
	}
	chat := hub.Chat{System: hub.System(q.Get("system")), ID: q.Get("chat")}
	if err := p.greeting(r, page, chat, hub.NotificationID(q.Get("id"))); err != nil {
		return err
	}
	if unchanged(w, r, page.Arrival.State) {
		return nil
	}
	return p.showGreeting(w, r, page, chat)
}
