package telegram

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/providers"
)

// Bounds on what is read of an answer, in bytes. A hundred messages of 4096
// characters, each with one that it answers and their markup, are the largest.
const (
	maxAnswer  = 1 << 20
	maxUpdates = 16 << 20
)

// call makes one call and reads its result into result.
//
// The library knows no contexts and calls getMe in each of its constructors, so
// every call gets a BotAPI of its own, which costs nothing, around a transport
// that carries ctx and remembers the status.
func (c *Client) call(ctx context.Context, method string, params tgbotapi.Params, result any) *providers.Failed {
	t := &transport{ctx: ctx, client: c.http, most: maxAnswer}
	if method == opUpdates {
		t.most = maxUpdates
	}
	bot := &tgbotapi.BotAPI{Token: c.cfg.Token.Reveal(), Client: t}
	bot.SetAPIEndpoint(endpoint(c.cfg.APIURL))
	answer, err := bot.MakeRequest(method, params)
	if err != nil {
		return c.failed(method, t, err)
	}
	if json.Unmarshal(answer.Result, result) != nil {
		return c.unreadable(method, t.status)
	}
	return nil
}

// endpoint is the library's format of a method's address.
func endpoint(base string) string {
	return strings.ReplaceAll(strings.TrimRight(base, "/"), "%", "%%") + "/bot%s/%s"
}

// transport makes one request.
type transport struct {
	ctx    context.Context
	client *http.Client
	most   int64
	status int // 0 until there is an answer
	header http.Header
}

// Do implements tgbotapi.HTTPClient.
func (t *transport) Do(r *http.Request) (*http.Response, error) {
	res, err := t.client.Do(r.WithContext(t.ctx)) //nolint:gosec // the host is the operator's api_url
	if err != nil {
		return nil, err
	}
	t.status, t.header = res.StatusCode, res.Header
	res.Body = body{io.LimitReader(res.Body, t.most), res.Body}
	return res, nil
}

type body struct {
	io.Reader
	io.Closer
}
