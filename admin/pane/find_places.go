package pane

import "net/http"

// mostFound is how many rooms the box shows.
const mostFound = 6

// foundPlaces are rooms and sources that somebody may want to go to.
type foundPlaces struct{ rooms, sources []find }

func (p *Pane) findPlaces(r *http.Request, matches func(string) bool) (f foundPlaces, err error) {
	rooms, err := p.Admin.AllRooms(r.Context())
	if err != nil {
		return f, err
	}
	names := p.Admin.ChatNames(r.Context())
	for _, room := range rooms {
		if len(f.rooms) < mostFound && (matches(room.Name) || matches(room.ID)) {
			f.rooms = append(f.rooms, find{URL: chatURL(room.Chat), Label: nameOf(room), Note: string(room.System), Kind: names.Kind(room.System)})
		}
	}
	for _, source := range p.Admin.Sources() {
		if matches(string(source)) {
			f.sources = append(f.sources, find{URL: "/sources/" + string(source), Label: string(source), Icon: "i-source"})
		}
	}
	return f, nil
}
