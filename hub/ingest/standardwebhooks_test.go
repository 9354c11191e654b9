package ingest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

const paid = `{"type":"invoice.paid","timestamp":"2026-01-10T11:59:00.344522Z","data":{"id":"inv_7","title":"Invoice 7 was paid","url":"https://shop.example.com/7","tags":"eu, vat"}}`

// stamped are the headers of a body that is sent at a time.
func stamped(key, id string, at time.Time, body string) []string {
	sent := fmt.Sprint(at.Unix())
	sum := hmacOf(key, id+"."+sent+"."+body)
	return []string{"webhook-id", id, "webhook-timestamp", sent, "webhook-signature", "v1," + base64.StdEncoding.EncodeToString(sum)}
}

func standard(t testing.TB, secrets ...string) *gate {
	s := ingest.Source{Kind: "standard_webhooks"}
	for _, text := range secrets {
		s.Secrets = append(s.Secrets, secret.New(text))
	}
	return open(t, s)
}

func TestStandardWebhooks(t *testing.T) {
	g := standard(t)
	e, i := g.one(t, paid, stamped(senderSecret, "msg_1", arrival, paid)...)
	require.Equal(t, hub.EventType("user.invoice.paid"), e.Type)
	require.Equal(t, time.Date(2026, 1, 10, 11, 59, 0, 344522000, time.UTC), e.Time)
	require.Equal(t, hub.EventID("e"+hub.Digest("it", "webhook", "msg_1")), e.ID)
	require.Contains(t, string(i.Object), `"type":"invoice.paid"`)
	i.Object = nil
	require.Equal(t, hub.Item{Key: "inv_7", Title: "Invoice 7 was paid", URL: "https://shop.example.com/7", Tags: []string{"eu", "vat"}}, i)
	require.Equal(t, "inv_7", e.Subject)

	g.now = arrival.Add(time.Minute)
	require.Empty(t, g.accepts(t, paid, stamped(senderSecret, "msg_1", g.now, paid)...), "a retry has a new time and the same id")

	const flat = `{"type":"user.created","name":"Jane"}`
	_, i = g.one(t, flat, stamped(senderSecret, "msg_2", g.now, flat)...)
	require.Equal(t, "Jane", i.Title, "data may stand beside the type")
	const bare = `{"type":"user.created","data":{}}`
	e, i = g.one(t, bare, stamped(senderSecret, "msg_3", g.now, bare)...)
	require.Equal(t, "user.created", i.Title)
	require.Equal(t, hub.EventType("user.created"), e.Type)
	_, i = g.one(t, `{}`, stamped(senderSecret, "msg_4", g.now, `{}`)...)
	require.Equal(t, "user.event", i.Title)
	problem(t, g.post(`[{}]`, stamped(senderSecret, "msg_5", g.now, `[{}]`)...), http.StatusBadRequest)
}

// The example of https://docs.svix.com/receiving/verifying-payloads/how-manual
// shows the form; the values here are of our own making.
func TestStandardSignatures(t *testing.T) {
	raw := "\x00\x01 any bytes at all \xff"
	whsec := "whsec_" + base64.StdEncoding.EncodeToString([]byte(raw))
	right := stamped(raw, "msg_1", arrival, paid)
	signature := right[5]
	with := func(key, value string) []string { return append(append([]string{}, right...), key, value) }
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"right":            {right, 202},
		"among others":     {with("webhook-signature", "v1a,abc v1,AAAA  "+signature+" v2,x"), 202},
		"svix":             {[]string{"svix-id", right[1], "svix-timestamp", right[3], "svix-signature", right[5]}, 202},
		"none":             {with("webhook-signature", ""), 401},
		"no version":       {with("webhook-signature", strings.TrimPrefix(signature, "v1,")), 401},
		"another version":  {with("webhook-signature", "v1a,"+strings.TrimPrefix(signature, "v1,")), 401},
		"not base64":       {with("webhook-signature", "v1,?"), 401},
		"another id":       {with("webhook-id", "msg_2"), 401},
		"another time":     {with("webhook-timestamp", fmt.Sprint(arrival.Unix()+1)), 401},
		"no id":            {with("webhook-id", ""), 401},
		"key as it stands": {stamped(whsec, "msg_1", arrival, paid), 401},
		"too many":         {with("webhook-signature", strings.Repeat("v1,AAAA ", 16)+signature), 401},
		"bearer, no hash":  {[]string{"Authorization", "Bearer " + whsec}, 401},
	} {
		w := standard(t, whsec).post(paid, c.headers...)
		require.Equal(t, c.status, w.Code, "%s: %s", name, w.Body)
		if c.status == http.StatusUnauthorized {
			p := problem(t, w, c.status)
			require.Equal(t, "webhook-id, webhook-timestamp or webhook-signature is missing or wrong", p.Detail)
		}
	}
	require.Equal(t, http.StatusUnauthorized, standard(t, whsec).post(paid+" ", right...).Code)
	require.Equal(t, http.StatusAccepted, standard(t, "new", whsec).post(paid, right...).Code, "the previous secret still fits")
	empty := stamped(raw, "", arrival, paid)
	require.Equal(t, http.StatusUnauthorized, standard(t, whsec).post(paid, empty...).Code, "signed, but without an id")
}

func TestStandardReplay(t *testing.T) {
	g := standard(t)
	for _, c := range []struct {
		late   time.Duration
		detail string
	}{
		{0, ""},
		{5 * time.Minute, ""},
		{-5 * time.Minute, ""},
		{5*time.Minute + time.Second, "webhook-timestamp is 301 s old, a replay"},
		{24 * time.Hour, "a replay"},
		{-6 * time.Minute, "webhook-timestamp is 360 s ahead of the clock here"},
		{250 * 365 * 24 * time.Hour, "a replay"},
	} {
		w := g.post(paid, stamped(senderSecret, "msg_1", arrival.Add(-c.late), paid)...)
		if c.detail == "" {
			require.Equal(t, http.StatusAccepted, w.Code, c.late)
			continue
		}
		require.Contains(t, problem(t, w, http.StatusUnauthorized).Detail, c.detail)
		require.Equal(t, `Signature realm="webhooks"`, w.Header().Get("WWW-Authenticate"))
	}
	for _, odd := range []string{"soon", "1e9", "99999999999999999999"} {
		sum := hmacOf(senderSecret, "msg_1."+odd+"."+paid)
		w := g.post(paid, "webhook-id", "msg_1", "webhook-timestamp", odd, "webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(sum))
		require.Contains(t, problem(t, w, http.StatusUnauthorized).Detail, "webhook-timestamp is")
	}
	require.Len(t, g.stream.stored(), 1)
}
