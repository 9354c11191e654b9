package admin

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	var statuses []hub.Status
	for _, status := range listed(q["status"]) {
		statuses = append(statuses, hub.Status(status))
	}
	rows, next, err := s.Deliveries.ListDeliveries(r.Context(), hub.DeliveryQuery{
		System: hub.System(q.Get("system")), Chat: q.Get("chat"), Event: hub.EventID(q.Get("event")),
		Source: hub.Source(q.Get("source")), Subscription: hub.SubscriptionID(q.Get("subscription")), Status: statuses,
		Text: q.Get("text"), Since: timeOf(q.Get("since")), Until: timeOf(q.Get("until")), Page: pageOf(r),
	})
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(rows, next))
}

func (s *Server) getDelivery(w http.ResponseWriter, r *http.Request) error {
	id := hub.NotificationID(r.PathValue("id"))
	row, err := s.Deliveries.GetDelivery(r.Context(), id)
	if err != nil {
		return err
	}
	if row.History, err = s.Deliveries.Attempts(r.Context(), id); err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, row)
}
