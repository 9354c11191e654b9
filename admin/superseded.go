package admin

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// StatusSuperseded is that of a dead letter which would bring back an older state
// of a message: something newer was said of it since. It is not sent again.
const StatusSuperseded hub.Status = "superseded"

// known is what is known of letters besides themselves. Both may have forgotten.
type known struct {
	log  map[hub.NotificationID]*hub.Delivery
	said map[hub.NotificationID]*hub.Announcement // by the notification that said it first
}

// known looks letters up.
func (s *Server) known(ctx context.Context, letters []hub.DeadLetter) (known, error) {
	log, err := s.logged(ctx, letters)
	if err != nil {
		return known{}, err
	}
	var ids []hub.NotificationID
	for i := range letters {
		if of := original(&letters[i].Notification); of != "" {
			ids = append(ids, of)
		}
	}
	found, err := s.Announcements.FindAnnouncements(ctx, ids)
	if err != nil {
		return known{}, err
	}
	said := make(map[hub.NotificationID]*hub.Announcement, len(found))
	for i := range found {
		said[found[i].Notification] = &found[i]
	}
	return known{log, said}, nil
}

// original is the notification of which n is, or which it changes.
func original(n *hub.Notification) hub.NotificationID {
	if n.Act != hub.ActSend {
		return n.Of
	}
	return n.ID
}

// newer is what changed, after n was owed, the message that n is about; nil if
// nothing did.
func (k known) newer(n *hub.Notification) *hub.Announcement {
	a := k.said[original(n)]
	if a == nil || a.Update == "" || a.Update == n.ID {
		return nil
	}
	return a
}

// standing is where the notification of a letter stands by now, and whether the
// letter is the last word of its sending.
func (k known) standing(d *hub.DeadLetter) (status hub.Status, last bool) {
	n := &d.Notification
	status, last = standing(d, k.log[n.ID])
	if status == hub.StatusDead && last {
		// What was never said can be said as it is by now, if it is still there.
		if a := k.newer(n); a != nil && (n.Act != hub.ActSend || a.State != hub.AnnouncedLive) {
			return StatusSuperseded, true
		}
	}
	return status, last
}

// tell is a letter as the API tells it.
func (k known) tell(d *hub.DeadLetter, status hub.Status) DeadLetter {
	told := tell(d, status)
	if status == StatusSuperseded {
		told.SupersededBy = k.newer(&d.Notification).Update
	}
	return told
}

// superseded refuses to send again what would show an older state.
func (k known) superseded(d *hub.DeadLetter) error {
	n := &d.Notification
	by := k.newer(n).Update
	if n.Act == hub.ActSend {
		return hub.Errorf(hub.CodeConflict, "notification %s is superseded: what it tells of was deleted or hidden since (%s); nothing is sent", n.ID, by)
	}
	return hub.Errorf(hub.CodeConflict,
		"notification %s is superseded: %s came later and changes the same message, which would be as it was before; nothing is sent. If that was given up, too, send it again instead", n.ID, by)
}
