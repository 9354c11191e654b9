package main
import ("testing";"fmt";"time";"net/http";"slices"
"github.com/bellhop-chat/bellhop/hub")
func TestZZ(t *testing.T) {
	p := newPlatforms(t)
	s := p.serve("")
	s.subscribe(rooms...)
	ids := map[string]string{}
	for _, f := range bodies() {
		if s.webhook(f) != http.StatusAccepted { t.Fatal(f.File) }
		var events struct{ Items []hub.Event }
		for range 3 {
		s.api("GET", "/api/v1/events?type=forum.*&limit=2", "", "", &events)
		for _, e := range events.Items { if ids[string(e.ID)] == "" { ids[string(e.ID)] = f.File } } }
	}
	time.Sleep(5*time.Second)
	var log struct{ Items []hub.Delivery }
	s.api("GET", "/api/v1/deliveries?limit=500", "", "", &log)
	slices.Reverse(log.Items)
	for _, d := range log.Items { fmt.Println(d.System, d.Status, d.Act, ids[string(d.Event)], d.EventType, "|", d.Title, d.Receipt.Note) }
}
