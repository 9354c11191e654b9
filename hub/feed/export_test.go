package feed

import (
	"context"
	"net/url"
)

// Poll polls once, as Run does.
func (p *Poller) Poll(ctx context.Context) error {
	err := p.poll(ctx)
	p.tell(err)
	return err
}

// MaxGone is exported for tests.
const MaxGone = maxGone

// Parse reads a document and gives the data of its events.
func Parse(contentType string, body []byte) (events [][]byte, err error) {
	from, err := url.Parse("https://blog.example.com/feed.xml")
	if err != nil {
		return nil, err
	}
	d, err := parse(&answer{body: body, contentType: contentType, from: from})
	if err != nil {
		return nil, err
	}
	for _, e := range d.entries() {
		event, err := e.event("blog", e.at)
		if err != nil {
			return nil, err
		}
		if err := event.Validate(); err != nil {
			return nil, err
		}
		events = append(events, event.Data)
	}
	return events, nil
}
