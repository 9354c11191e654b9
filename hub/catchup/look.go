package catchup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// look is one look at what was missed. One that was broken off goes on from
// where it was.
type look struct {
	*Catcher
	failed time.Time // webhooks that failed before are in
	posted time.Time // posts until then are in
	missed int
	now    present
}

func (c *Catcher) lookFrom(since time.Time) *look {
	return &look{Catcher: c, failed: since, posted: since}
}

// on asks for what is left, the webhooks that failed before the posts: they
// tell more.
func (l *look) on(ctx context.Context) error {
	l.now = present{forum: l.Forum} // what was so a minute ago may be no more
	if err := l.redeliver(ctx); err != nil {
		return err
	}
	for {
		more, err := l.post(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// redeliver takes in what the forum noted as failed. A key that may not look at
// that is no trouble: posts tell the most.
func (l *look) redeliver(ctx context.Context) error {
	failed, err := l.Forum.FailedDeliveries(ctx, "/in/"+string(l.Source), l.failed)
	if _, refused := errors.AsType[*discourse.RefusedError](err); refused || errors.Is(err, discourse.ErrNotFound) {
		l.Log.Debug("the forum does not show us which webhooks failed", "source", l.Source, "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed webhooks: %w", err)
	}
	for _, d := range failed {
		if !l.doubtful(d.At) {
			now, keep, err := l.now.bring(ctx, d)
			if err != nil {
				return fmt.Errorf("what a failed webhook is about: %w", err)
			}
			if keep {
				n, err := l.enter(ctx, now.Header, now.Body, l.known(d, now))
				l.missed += n
				if err != nil {
					return err
				}
			}
		}
		l.failed = later(l.failed, d.At)
	}
	return nil
}

// post takes in the next posts, the oldest first; more is that there are newer
// ones.
func (l *look) post(ctx context.Context) (more bool, err error) {
	posts, more, err := l.Forum.PostsSince(ctx, l.posted, page)
	if err != nil {
		return false, fmt.Errorf("posts since %s: %w", l.posted.UTC().Format(time.RFC3339), err)
	}
	last := l.posted
	for _, p := range posts {
		var said struct {
			At time.Time `json:"created_at"`
		}
		if json.Unmarshal(p, &said) == nil {
			last = later(last, said.At)
		}
		if l.doubtful(said.At) {
			continue
		}
		body := append(append([]byte(`{"post":`), p...), '}')
		n, err := l.enter(ctx, l.header("post", "post_created"), body, nil)
		l.missed += n
		if err != nil {
			return false, err
		}
	}
	if more && !last.After(l.posted) {
		return false, errors.New("the forum lists posts without saying when they were written")
	}
	l.posted = last
	return more, nil
}
