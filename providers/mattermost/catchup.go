package mattermost

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// sinceAtMost is how many posts the server tells of those since a moment. Of more
// it gives any, mostly those that were changed first: it puts in order what it
// has found, and not what it looks for.
// https://github.com/mattermost/mattermost/blob/master/server/channels/store/sqlstore/post_store.go
const (
	sinceAtMost = 1000
	pageOfPosts = 200
)

// catchUp hears what was said, changed and reacted to in the bot's channels while
// no connection told of it. Where it fails it is done again as a whole: what it
// told has the same ids then.
func (l *listener) catchUp(ctx context.Context) error {
	since := max(l.place.Since-overlap, l.place.Began)
	channels, resp, err := l.api.GetChannelsForUserWithLastDeleteAt(ctx, model.Me, int(since))
	if err != nil {
		return l.judge("users/me/channels", resp, err)
	}
	var missed []told
	for _, channel := range channels {
		at := room(channel.Id, channel.Name, channel.DisplayName, channel.Type)
		l.known.learnChannel(at)
		posts, err := l.patiently(ctx, channel.Id, since)
		if err != nil {
			return err
		}
		l.meetAll(ctx, posts)
		for _, p := range posts {
			missed = append(missed, l.eventsOf(ctx, &post{Post: p, room: at, team: channel.TeamId}, since)...)
		}
	}
	// All at once and in their order, so that the place is never ahead of one that
	// was not told.
	slices.SortStableFunc(missed, func(a, b told) int { return cmp.Compare(a.at, b.at) })
	for _, t := range missed {
		if err := l.tell(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// patiently is postsSince, again where the server wants fewer calls. A channel
// that is closed to us has nothing for us.
func (l *listener) patiently(ctx context.Context, channel string, since int64) ([]*model.Post, error) {
	for {
		posts, err := l.postsSince(ctx, channel, since)
		switch providers.FaultOf(err) {
		case hub.FaultRateLimited:
			if !hub.Wait(ctx, max(l.pause(3), providers.AfterOf(err))) {
				return nil, ctx.Err()
			}
			continue
		case hub.FaultChatGone:
			return nil, nil
		}
		return posts, err
	}
}

// postsSince is the posts of a channel that were made or changed after a moment.
// Of more than the server tells at once, those that were made are read page by
// page; not all that was changed is told then.
func (l *listener) postsSince(ctx context.Context, channel string, since int64) ([]*model.Post, error) {
	list, resp, err := l.api.GetPostsSince(ctx, channel, since, false)
	switch {
	case errors.Is(err, errTooLarge):
		return l.postsFrom(ctx, channel, since, nil)
	case err != nil:
		return nil, l.judge(opHistory, resp, err)
	case len(list.Order) < sinceAtMost:
		return listed(list, since), nil
	}
	return l.postsFrom(ctx, channel, since, listed(list, since))
}

// postsFrom adds to found what was posted after a moment, from the newest back.
func (l *listener) postsFrom(ctx context.Context, channel string, since int64, found []*model.Post) ([]*model.Post, error) {
	have := map[string]bool{}
	for _, p := range found {
		have[p.Id] = true
	}
	for oldest, size := "", pageOfPosts; ; {
		page, resp, err := l.page(ctx, channel, oldest, size)
		if errors.Is(err, errTooLarge) && size > 1 {
			size /= 2
			continue
		}
		if err != nil {
			return nil, l.judge(opHistory, resp, err)
		}
		for _, p := range listed(page, since) {
			if p.CreateAt > since && !have[p.Id] {
				have[p.Id], found = true, append(found, p)
			}
		}
		if len(page.Order) == 0 {
			return found, nil
		}
		last := page.Posts[page.Order[len(page.Order)-1]]
		if last == nil || last.CreateAt <= since || last.Id == oldest {
			return found, nil
		}
		oldest = last.Id
	}
}

// page is the newest posts of a channel, or those before one.
func (l *listener) page(ctx context.Context, channel, before string, size int) (*model.PostList, *model.Response, error) {
	if before == "" {
		return l.api.GetPostsForChannel(ctx, channel, 0, size, "", false, false)
	}
	return l.api.GetPostsBefore(ctx, channel, before, 0, size, "", false, false)
}

// listed is what a list names itself, and not the roots of threads that come
// along.
func listed(list *model.PostList, since int64) []*model.Post {
	var all []*model.Post
	for _, id := range list.Order {
		if p := list.Posts[id]; p != nil && (p.UpdateAt > since || p.CreateAt > since) {
			all = append(all, p)
		}
	}
	return all
}

func (l *listener) meetAll(ctx context.Context, posts []*model.Post) {
	var ids []string
	for _, p := range posts {
		ids = append(ids, p.UserId)
	}
	slices.Sort(ids)
	l.known.meet(ctx, slices.Compact(ids))
}
