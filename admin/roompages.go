package admin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

const (
	mostTold    = 20 // messages that a page about a chat shows
	openedEvery = time.Minute
	longestLink = 64 // of what may stand in an address
)

// RoomPageInput is what a page about a chat is made of.
type RoomPageInput struct {
	Until string `json:"until,omitempty"` // "90d", "2h", a time; empty: it never ends
	Ask   string `json:"ask,omitempty"`   // whom to ask for a change
}

// MadeRoomPage is a page with its link, which is told this once.
type MadeRoomPage struct {
	hub.RoomPage
	URL string `json:"url"`
}

func (s *Server) roomPageRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/chats/{system}/{chat}/pages", id: "listRoomPages", need: hub.Viewer,
		summary: "The links under which people without an account read what this chat is sent and why",
		answers: gives(http.StatusOK, "All of them, the newest first, without their links.", "RoomPageList"),
		handle:  s.listRoomPages,
	}, {
		method: http.MethodPost, path: "/chats/{system}/{chat}/pages", id: "createRoomPage", need: hub.Editor,
		summary: "Make such a link. It is told this once, and whoever has it can read the page",
		body:    inJSON("RoomPageInput"),
		answers: gives(http.StatusCreated, "The page with its link.", "MadeRoomPage"),
		repeats: true, handle: s.createRoomPage,
	}, {
		method: http.MethodDelete, path: "/chats/{system}/{chat}/pages/{id}", id: "revokeRoomPage", need: hub.Editor, summary: "Take such a link back",
		answers: []outcome{{status: http.StatusNoContent, text: "It leads nowhere from now on."}},
		handle:  s.revokeRoomPage,
	}}
}

func (s *Server) listRoomPages(w http.ResponseWriter, r *http.Request) error {
	chat, err := s.chatOf(r)
	if err != nil {
		return err
	}
	pages, err := s.RoomPages.RoomPages(r.Context(), chat)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(pages, ""))
}

func (s *Server) createRoomPage(w http.ResponseWriter, r *http.Request) error {
	chat, err := s.chatOf(r)
	if err != nil {
		return err
	}
	var in RoomPageInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	made, err := s.MakeRoomPage(r.Context(), chat, in)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusCreated, made)
}

func (s *Server) revokeRoomPage(w http.ResponseWriter, r *http.Request) error {
	chat, err := s.chatOf(r)
	if err != nil {
		return err
	}
	if err := s.RevokeRoomPage(r.Context(), chat, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// MakeRoomPage makes a page about a chat.
func (s *Server) MakeRoomPage(ctx context.Context, chat hub.Chat, in RoomPageInput) (*MadeRoomPage, error) {
	now := s.Now().UTC()
	page := hub.RoomPage{Chat: chat, Ask: strings.TrimSpace(in.Ask), CreatedBy: Who(ctx), CreatedAt: now}
	bad := map[string]string{}
	if utf8.RuneCountInString(page.Ask) > hub.MaxRoomPageAsk || strings.ContainsFunc(page.Ask, unicode.IsControl) {
		bad["ask"] = "is at most 200 characters in one line: a name, or where to ask"
	}
	if in.Until != "" {
		until, err := hub.ParseSnooze(in.Until, now, s.Zone)
		switch {
		case err != nil:
			bad["until"] = err.Error()
		case !until.After(now):
			bad["until"] = "is over already"
		default:
			page.ExpiresAt = until.UTC()
		}
	}
	if len(bad) > 0 {
		return nil, invalid(bad)
	}
	link := roomLink()
	page.Digest = digest(link)
	page.ID = "p" + hub.Digest("room page", link)[:12] // of a link with 128 bits, it tells nothing
	if err := s.RoomPages.CreateRoomPage(ctx, page); err != nil {
		return nil, err
	}
	s.record(ctx, hub.AuditEntry{System: chat.System, Chat: chat.ID, Action: "chat.page.create", Outcome: hub.OutcomeCreated, Message: page.ID, After: asJSON(page)})
	return &MadeRoomPage{page, strings.TrimRight(s.PublicURL, "/") + "/d/" + link}, nil
}

// RoomURL is where a page that was made is, as whoever made it reaches Bellhop if
// nobody has said how the world does.
func (s *Server) RoomURL(r *http.Request, made *MadeRoomPage) string {
	if strings.HasPrefix(made.URL, "/") {
		return s.base(r) + made.URL
	}
	return made.URL
}

// RevokeRoomPage takes a page back.
func (s *Server) RevokeRoomPage(ctx context.Context, chat hub.Chat, id string) error {
	was, err := s.RoomPages.DeleteRoomPage(ctx, chat, id)
	if err != nil {
		return err
	}
	if was == nil {
		return hub.Errorf(hub.CodeNotFound, "the chat has no page %q", id)
	}
	s.record(ctx, hub.AuditEntry{System: chat.System, Chat: chat.ID, Action: "chat.page.revoke", Outcome: hub.OutcomeDeleted, Message: id, Before: asJSON(was)})
	return nil
}

// roomLink is 128 bits to put into a link.
func roomLink() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// errNoRoomPage is the same for a link that never was, one that has ended and one
// that was taken back.
var errNoRoomPage = hub.Errorf(hub.CodeNotFound, "there is no such page")

// RoomView is what a page about a chat tells.
type RoomView struct {
	Page   hub.RoomPage
	Kind   string // the platform
	Name   string // of the chat
	Hears  bool   // people can give commands there
	Rows   []hub.Subscription
	Off    int // rows that are switched off or broken
	Told   []ToldRoom
	Clock  *time.Location
	Silent time.Time // until when it is left alone; zero: it is not
	Next   time.Time // when it is left alone next; zero: never
	// Readers are, by source, whose eyes nothing gets past; none of one that is not
	// checked.
	Readers []RoomReader
}

// RoomReader says whom a forum lets see what is sent.
type RoomReader struct {
	URL  string // of the forum
	User string // empty: an anonymous visitor
}

// ToldRoom is a message that a chat was sent.
type ToldRoom struct {
	At    time.Time
	Title string
	URL   string // of the message in its chat
	Row   *hub.Subscription
	Asked bool // it was sent because a person asked for it
	Gone  bool // it was taken back: nothing more is said of it
}

// RoomView is what the page behind a link tells of its chat, and of no other. It
// needs nobody to be signed in.
func (s *Server) RoomView(ctx context.Context, link string) (*RoomView, error) {
	if len(link) > longestLink {
		return nil, errNoRoomPage
	}
	now := s.Now()
	page, err := s.RoomPages.FindRoomPage(ctx, digest(link), now)
	if err != nil {
		return nil, err
	}
	if page == nil {
		return nil, errNoRoomPage
	}
	if now.Sub(page.OpenedAt) > openedEvery {
		if err := s.RoomPages.OpenedRoomPage(ctx, page.ID, now); err != nil { // the page is shown all the same
			s.Log.WarnContext(ctx, "that a room's page was opened could not be noted", "err", err)
		}
	}
	v := &RoomView{Page: *page, Name: page.Chat.ID}
	for _, fill := range []func(context.Context, *RoomView) error{s.roomName, s.roomRows, s.roomTold, s.roomQuiet, s.roomReaders} {
		if err := fill(ctx, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (s *Server) roomName(ctx context.Context, v *RoomView) error {
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	for _, system := range systems {
		if system.System == v.Page.System {
			v.Kind, v.Hears = system.Kind, system.Features.Listens
		}
	}
	v.Name = s.ChatName(ctx, v.Page.Chat).Name
	return nil
}

// roomRows are the rows of the chat in the order in which they decide.
func (s *Server) roomRows(ctx context.Context, v *RoomView) error {
	q := hub.SubscriptionQuery{System: v.Page.System, Chat: v.Page.Chat.ID, Page: hub.Page{Limit: maxLimit}}
	var rows []hub.Subscription
	for more := true; more && len(rows) < maxLimit; more = q.Page.Cursor != "" {
		list, next, err := s.Subscriptions.ListSubscriptions(ctx, q)
		if err != nil {
			return err
		}
		rows, q.Page.Cursor = append(rows, list...), next
	}
	slices.Reverse(rows) // the oldest first
	rules.Order(rows)
	for _, row := range rows {
		if !row.Enabled || row.Error != "" {
			v.Off++
			continue
		}
		v.Rows = append(v.Rows, row)
	}
	return nil
}

// roomTold are the last messages of the chat, as it was told: a title that was
// changed there is the changed one, and of what was taken back there is none.
func (s *Server) roomTold(ctx context.Context, v *RoomView) error {
	sent, _, err := s.Deliveries.ListDeliveries(ctx, hub.DeliveryQuery{
		System: v.Page.System, Chat: v.Page.Chat.ID, Status: []hub.Status{hub.StatusSent}, Page: hub.Page{Limit: 2 * mostTold},
	})
	if err != nil {
		return err
	}
	sent = slices.DeleteFunc(sent, func(d hub.Delivery) bool { return d.Act != hub.ActSend })
	sent = sent[:min(len(sent), mostTold)]
	ids := make([]hub.NotificationID, len(sent))
	for i, d := range sent {
		ids[i] = d.ID
	}
	said, err := s.Announcements.FindAnnouncements(ctx, ids)
	if err != nil {
		return err
	}
	by := map[hub.NotificationID]hub.Announcement{}
	for _, a := range said {
		by[a.Notification] = a
	}
	rows := map[hub.SubscriptionID]*hub.Subscription{}
	for i := range v.Rows {
		rows[v.Rows[i].ID] = &v.Rows[i]
	}
	for _, d := range sent {
		told := ToldRoom{At: d.UpdatedAt, Title: d.Title, URL: d.Receipt.URL, Row: rows[d.Subscription], Asked: d.Subscription == ""}
		if a, known := by[d.ID]; known {
			if a.State == hub.AnnouncedRetracted {
				told.Title, told.URL, told.Gone = "", "", true
			} else if a.Message.Card != nil {
				told.Title = a.Message.Card.Title
			}
		}
		v.Told = append(v.Told, told)
	}
	return nil
}

func (s *Server) roomQuiet(ctx context.Context, v *RoomView) error {
	c, err := s.ChatSettings.ChatSettings(ctx, v.Page.Chat)
	if err != nil {
		return err
	}
	schedule, _ := c.Schedule(s.Zone) // one that cannot be read is never silent, as the worker has it
	now := s.Now()
	v.Clock = schedule.Zone()
	if v.Silent = schedule.Silent(now); v.Silent.IsZero() {
		v.Next = schedule.Next(now)
	}
	return nil
}

// roomReaders says whose eyes nothing gets past, where every row is held to them.
func (s *Server) roomReaders(ctx context.Context, v *RoomView) error {
	sources, err := s.SourceList(ctx)
	if err != nil {
		return err
	}
	for _, source := range sources {
		reader := RoomReader{URL: source.URL, User: source.ReadAs}
		heard, same := false, true
		for _, row := range v.Rows {
			if row.Source != "" && row.Source != source.Source {
				continue
			}
			heard = true
			same = same && (row.Options.ReadAs == "" || row.Options.ReadAs == source.ReadAs)
		}
		if host, err := url.Parse(source.URL); heard && same && source.Kind == "discourse" && source.Visibility == "check" && err == nil && host.Host != "" {
			reader.URL = host.Host
			v.Readers = append(v.Readers, reader)
		}
	}
	return nil
}
