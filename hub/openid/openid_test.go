package openid_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/openid"
	"github.com/bellhop-chat/bellhop/hub/openid/openidtest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

const back = "https://bellhop.example.com/login/openid/back"

var anna = openidtest.Person{Subject: "s-1", Login: "anna", Password: "secret", Full: "Anna Bauer", Email: "anna@example.org", Groups: []string{"team", "choir"}}

// world is a provider and we as its client.
type world struct {
	at *openidtest.Provider
	us *openid.Provider
}

func newWorld(t *testing.T, change ...func(*openid.Config)) *world {
	t.Helper()
	at := openidtest.New(t, anna)
	at.Back = back
	c := openid.Config{
		Name: "Example ID", Issuer: at.URL, ClientID: at.ClientID, Secret: secret.New(at.Secret),
		Groups: map[hub.Role][]string{hub.Administrator: {"ops"}, hub.Editor: {"team"}, hub.Viewer: {"staff"}},
	}
	for _, f := range change {
		f(&c)
	}
	return &world{at, openid.New(c)}
}

// visit is what a browser does at the provider: it shows the page, fills in the
// form and comes back with an answer.
func (w *world) visit(t *testing.T, at, name, password string) url.Values {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form, err := url.ParseQuery(strings.SplitN(at, "?", 2)[1])
	require.NoError(t, err)
	form.Set("name", name)
	form.Set("password", password)
	if name == "" {
		form.Set("deny", "1")
	}
	resp, err := client.PostForm(w.at.URL+"/authorize", form)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode, "%s", body)
	to, err := resp.Location()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(to.String(), back+"?"), to)
	return to.Query()
}

func (w *world) signIn(t *testing.T) (*openid.Identity, error) {
	t.Helper()
	at, flow, err := w.us.Begin(t.Context(), back, false)
	require.NoError(t, err)
	return w.us.Finish(t.Context(), back, flow, w.visit(t, at, "anna", "secret"))
}

func reason(t *testing.T, want openid.Reason, err error) *openid.Error {
	t.Helper()
	e, ok := errors.AsType[*openid.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, e.Reason, err)
	return e
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	for _, aside := range []bool{false, true} {
		w.at.Aside(aside)
		who, err := w.signIn(t)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), who.ProvedAt, time.Minute)
		who.ProvedAt = time.Time{}
		require.Equal(t, &openid.Identity{
			Issuer: w.at.URL, Subject: "s-1", Login: "anna", Full: "Anna Bauer", Email: "anna@example.org", Groups: []string{"team", "choir"}, Role: hub.Editor,
		}, who)
	}
	at, flow, err := w.us.Begin(t.Context(), back, true)
	require.NoError(t, err)
	u, err := url.Parse(at)
	require.NoError(t, err)
	q := u.Query()
	require.Equal(t, "login", q.Get("prompt"))
	require.Equal(t, "0", q.Get("max_age"))
	require.Equal(t, "S256", q.Get("code_challenge_method"))
	require.Equal(t, "openid profile email groups", q.Get("scope"))
	require.NotContains(t, at, flow.Verifier)
	require.NotContains(t, at, w.at.Secret)
}

func TestAnswersThatAreNone(t *testing.T) {
	w := newWorld(t)
	at, flow, err := w.us.Begin(t.Context(), back, false)
	require.NoError(t, err)
	answer := w.visit(t, at, "anna", "secret")
	_, other, err := w.us.Begin(t.Context(), back, false)
	require.NoError(t, err)
	finish := func(flow openid.Flow, change func(url.Values)) error {
		a := url.Values{}
		for k, v := range answer {
			a[k] = v
		}
		change(a)
		_, err := w.us.Finish(t.Context(), back, flow, a)
		return err
	}
	same := func(url.Values) {}
	reason(t, openid.Stale, finish(openid.Flow{}, same))
	reason(t, openid.Stale, finish(openid.Flow{}, func(a url.Values) { a.Set("state", "") }))
	reason(t, openid.Stale, finish(other, same))
	reason(t, openid.Stale, finish(flow, func(a url.Values) { a.Set("iss", "https://evil.example.com") }))
	reason(t, openid.Refused, finish(flow, func(a url.Values) { a.Set("code", "guessed") }))
	wrong := flow
	wrong.Verifier = other.Verifier
	reason(t, openid.Refused, finish(wrong, same))
	reason(t, openid.Refused, finish(flow, same)) // the code is used up by now

	at, flow, err = w.us.Begin(t.Context(), back, false)
	require.NoError(t, err)
	_, err = w.us.Finish(t.Context(), back, flow, w.visit(t, at, "", ""))
	require.Equal(t, "They said no.", reason(t, openid.Refused, err).Said)
}

func TestProofsThatAreNone(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   openid.Reason
	}{
		"another nonce":    {func(c map[string]any) { c["nonce"] = "other" }, openid.Stale},
		"no nonce":         {func(c map[string]any) { delete(c, "nonce") }, openid.Stale},
		"another audience": {func(c map[string]any) { c["aud"] = "other" }, openid.Refused},
		"another issuer":   {func(c map[string]any) { c["iss"] = "https://evil.example.com" }, openid.Refused},
		"too old":          {func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, openid.Refused},
		"another token":    {func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, openid.Refused},
		"no groups":        {func(c map[string]any) { c["groups"] = []string{} }, openid.NoGroup},
		"strange groups":   {func(c map[string]any) { c["groups"] = map[string]any{"team": true} }, openid.NoGroup},
		"other groups":     {func(c map[string]any) { c["groups"] = []any{"choir", 5, "Team"} }, openid.NoGroup},
	} {
		w.at.Change(c.change)
		_, err := w.signIn(t)
		reason(t, c.want, err)
		require.NotContains(t, err.Error(), w.at.Secret, name)
	}
	w.at.Change(func(c map[string]any) { c["groups"] = "ops" })
	who, err := w.signIn(t)
	require.NoError(t, err)
	require.Equal(t, hub.Administrator, who.Role, "one group may be told without a list")
}

func TestProviderThatIsAway(t *testing.T) {
	w := newWorld(t)
	w.at.Down(true)
	_, _, err := w.us.Begin(t.Context(), back, false)
	reason(t, openid.Down, err)
	w.at.Down(false)
	at, flow, err := w.us.Begin(t.Context(), back, false)
	require.NoError(t, err, "it is asked again")
	answer := w.visit(t, at, "anna", "secret")
	w.at.Down(true)
	_, err = w.us.Finish(t.Context(), back, flow, answer)
	reason(t, openid.Down, err)
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	for groups, want := range map[string]hub.Role{"": "", "choir": "", "staff": hub.Viewer, "staff,team": hub.Editor, "ops,staff": hub.Administrator} {
		require.Equal(t, want, w.us.RoleOf(strings.Split(groups, ",")), groups)
	}
	w = newWorld(t, func(c *openid.Config) { c.Default = hub.Editor })
	require.Equal(t, hub.Editor, w.us.RoleOf(nil))
	require.Equal(t, hub.Editor, w.us.RoleOf([]string{"staff"}), "a group takes nothing away")
	require.Equal(t, hub.Administrator, w.us.RoleOf([]string{"ops"}))
	grants, rest := w.us.Grants()
	require.Equal(t, []openid.Grant{{Group: "ops", Role: hub.Administrator}, {Group: "team", Role: hub.Editor}, {Group: "staff", Role: hub.Viewer}}, grants)
	require.Equal(t, hub.Editor, rest)
}
