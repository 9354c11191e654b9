package forum_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// manned is a forum with members in its groups.
func manned(t *testing.T) *world {
	w := asking(t)
	w.api.members["Staff"], w.api.members["team"], w.api.members["empty"] = []string{"alice", "BOB"}, []string{"carol"}, []string{}
	return w
}

// askMembers asks about groups on behalf of a post of Bob's.
func (w *world) askMembers(groups ...string) {
	w.t.Helper()
	w.complete(reply(nil), forum.Wants{AuthorGroups: groups})
}

// TestWhoIsInAGroup holds that nil is "not known" and empty is "in none", and
// that a forum takes no heed of case.
func TestWhoIsInAGroup(t *testing.T) {
	w := manned(t)
	all := []string{"Staff", "team", "empty", "gone"}
	require.Nil(t, w.GroupsOf("meta", "Bob", all))
	require.NotNil(t, w.GroupsOf("meta", "Bob", nil), "that somebody is in none of no groups is known")
	w.askMembers("Staff", "team")
	require.Nil(t, w.GroupsOf("meta", "Bob", all), "some of them are not known")
	require.True(t, w.lacks(reply(nil), forum.Wants{AuthorGroups: all}))
	w.askMembers(all...)
	require.False(t, w.lacks(reply(nil), forum.Wants{AuthorGroups: all}))
	require.Equal(t, map[string]int{"members Staff": 1, "members team": 1, "members empty": 1, "members gone": 1}, w.api.counts())

	require.Equal(t, []string{"Staff"}, w.GroupsOf("meta", "Bob", all))
	require.Equal(t, []string{"sTAFF"}, w.GroupsOf("meta", "aLICE", []string{"team", "sTAFF"}), "a row finds the name that it gave")
	require.False(t, w.lacks(reply(nil), forum.Wants{AuthorGroups: []string{"sTAFF"}}))
	require.Equal(t, []string{}, w.GroupsOf("meta", "mallory", all))
	require.Nil(t, w.GroupsOf("other", "Bob", all))
	_, err := w.Trouble("meta")
	require.NoError(t, err, "that there is no such group is an answer")
}

// TestWhoseGroupsMatter holds that the author of what the event tells is meant,
// and that without one nobody is asked.
func TestWhoseGroupsMatter(t *testing.T) {
	wants := forum.Wants{AuthorGroups: []string{"Staff"}}
	nameless := whole("301")
	nameless.Author = nil
	for name, c := range map[string]struct {
		f      hub.Forum
		author bool
	}{
		"a post":             {reply(nil), true},
		"a topic":            {hub.Forum{Topic: whole("301")}, true},
		"a nameless topic":   {hub.Forum{Topic: nameless}, false},
		"neither":            {hub.Forum{}, false},
		"an anonymous reply": {hub.Forum{Topic: whole("301"), Post: &hub.Post{}}, false},
	} {
		w := manned(t)
		put(w.store.categories, "meta", "5", hardware())
		require.Equal(t, c.author, w.lacks(c.f, wants), name)
		w.complete(c.f, wants)
		require.Equal(t, c.author, w.api.counts()["members Staff"] == 1, name)
	}
}

// TestMembersAreAskedForAgain holds that a change that nobody tells of is known
// before long, and that until then the forum is left alone.
func TestMembersAreAskedForAgain(t *testing.T) {
	w := manned(t)
	w.askMembers("Staff")
	w.api.set(func() { w.api.members["Staff"] = []string{"alice"} })
	w.clock.pass(10*time.Minute - time.Second)
	w.askMembers("Staff")
	require.Equal(t, []string{"Staff"}, w.GroupsOf("meta", "bob", []string{"Staff"}))
	w.clock.pass(time.Second)
	require.True(t, w.lacks(reply(nil), forum.Wants{AuthorGroups: []string{"Staff"}}))
	w.askMembers("Staff")
	require.Equal(t, []string{}, w.GroupsOf("meta", "bob", []string{"Staff"}))
	require.Equal(t, map[string]int{"members Staff": 2}, w.api.counts())
}

// moves are what may change who is in a group of meta, and what does not.
var moves = map[string]struct {
	ends bool
	do   func(*world)
}{
	"a member more":  {true, func(w *world) { w.learn("forum.group.user_added", hub.Forum{}) }},
	"a member less":  {true, func(w *world) { w.learn("forum.user.removed_from_group", hub.Forum{}) }},
	"another name":   {true, func(w *world) { w.learnGroup(hub.ForumGroupUpdated, map[string]any{"id": 41, "name": "crew"}) }},
	"a group ends":   {true, func(w *world) { w.learnGroup(hub.ForumGroupDeleted, map[string]any{"id": 41, "name": "Staff"}) }},
	"a nameless one": {true, func(w *world) { w.learn(hub.ForumGroupUpdated, hub.Forum{}) }},
	"another hub":    {true, func(w *world) { w.Reset() }},
	"another forum":  {false, func(w *world) { w.learnFrom("other", "forum.group.user_added", hub.Forum{}) }},
	"a login":        {false, func(w *world) { w.learn("forum.user.logged_in", hub.Forum{}) }},
	"a category":     {false, func(w *world) { w.learnCategory(hardware()) }},
}

func TestWhatEndsAMembership(t *testing.T) {
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			w := manned(t)
			w.askMembers("Staff")
			move.do(w)
			require.Equal(t, move.ends, w.GroupsOf("meta", "bob", []string{"Staff"}) == nil)
			require.Equal(t, move.ends, w.lacks(reply(nil), forum.Wants{AuthorGroups: []string{"Staff"}}))
		})
	}
}

// TestAMoveWhileMembersAreAskedFor holds that an answer from before it is not
// taken for one from after it.
func TestAMoveWhileMembersAreAskedFor(t *testing.T) {
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			w := manned(t)
			w.api.once("members Staff", func(context.Context) {
				w.api.set(func() { w.api.members["Staff"] = nil })
				move.do(w)
				w.learnFrom("other", "forum.group.user_added", hub.Forum{})
			})
			w.askMembers("Staff")
			require.Equal(t, move.ends, len(w.GroupsOf("meta", "bob", []string{"Staff"})) == 0)
			require.NotNil(t, w.GroupsOf("meta", "bob", []string{"Staff"}))
		})
	}
}

// TestMembersThatNeverRest holds that a forum is not asked for ever.
func TestMembersThatNeverRest(t *testing.T) {
	w := manned(t)
	w.api.meantime = func(context.Context, string) { w.learn("forum.group.user_added", hub.Forum{}) }
	f := reply(nil)
	mustWait(t, w.Complete(t.Context(), "meta", &f, forum.Wants{AuthorGroups: []string{"Staff"}}))
	require.Equal(t, map[string]int{"members Staff": 3}, w.api.counts())
	require.Nil(t, w.GroupsOf("meta", "bob", []string{"Staff"}))
}
