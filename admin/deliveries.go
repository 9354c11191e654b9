package admin

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

func (s *Server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	rows, next, err := s.Deliveries.ListDeliveries(r.Context(), hub.DeliveryQuery{
		System: hub.System(q.Get("system")), Chat: q.Get("chat"),
		Event: hub.EventID(q.Get("event")), Subscription: hub.SubscriptionID(q.Get("subscription")),
		Status: hub.Status(q.Get("status")), Page: pageOf(r),
	})
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(rows, next))
}

func (s *Server) getDelivery(w http.ResponseWriter, r *http.Request) error {
	row, err := s.Deliveries.GetDelivery(r.Context(), hub.NotificationID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, row)
}
