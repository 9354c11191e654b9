package mattermost

import (
	"cmp"
	"context"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// sinceAtMost is how many posts the server tells of those since a moment, the
// newest; older ones come in pages.
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
func (l *listener) postsSince(ctx context.Context, channel string, since int64) ([]*model.Post, error) {
	list, resp, err := l.api.GetPostsSince(ctx, channel, since, false)
	if err != nil {
		return nil, l.judge(opHistory, resp, err)
	}
	found := listed(list, since)
	if len(list.Order) < sinceAtMost || len(found) == 0 {
		return found, nil
	}
	for {
		oldest := slices.MinFunc(found, func(a, b *model.Post) int { return cmp.Compare(a.CreateAt, b.CreateAt) })
		if oldest.CreateAt <= since {
			return found, nil
		}
		page, resp, err := l.api.GetPostsBefore(ctx, channel, oldest.Id, 0, pageOfPosts, "", false, false)
		if err != nil {
			return nil, l.judge(opHistory, resp, err)
		}
		older := slices.DeleteFunc(listed(page, since), func(p *model.Post) bool { return p.CreateAt >= oldest.CreateAt })
		if len(older) == 0 {
			return found, nil
		}
		found = append(found, older...)
	}
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
