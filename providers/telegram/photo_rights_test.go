package telegram_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// A group may let its members write and send no photos: the message goes there
// without, and the group is not taken for one that takes nothing.
func TestPhotosWhereNoneMayBeSent(t *testing.T) {
	for _, why := range []string{"not enough rights to send photos to the chat", "CHAT_SEND_PHOTOS_FORBIDDEN"} {
		platform := telegramtest.New(token)
		server := httptest.NewServer(platform)
		t.Cleanup(server.Close)
		p := uploading(t, server.URL, providers.ImagesUpload, &providertest.Gallery{})
		at := hub.Chat{System: "telegram-acme", ID: chat}
		m := providertest.Messages()["image"]
		platform.Script(answer(400, "Bad Request: "+why, ""))
		r, err := p.Send(t.Context(), providers.Post{Key: "n1", To: at, Message: m})
		require.NoError(t, err, why)
		require.Contains(t, r.Note, "not uploaded")
		require.Len(t, platform.Sent(), 1)

		r, err = p.Send(t.Context(), providers.Post{Key: "n2", To: hub.Chat{System: "telegram-acme", ID: "-1009876543210"}, Message: m})
		require.NoError(t, err)
		require.Empty(t, r.Note, "another chat takes photos: "+why)
	}
}

// A chat that is gone, or too busy, says nothing of the image: others show it.
func TestPhotosAndAChatThatIsGone(t *testing.T) {
	for _, c := range []struct {
		name string
		step providertest.Step
		want hub.Fault
	}{
		{"gone", answer(403, "Forbidden: bot was kicked from the supergroup chat", ""), hub.FaultChatGone},
		{"busy", answer(429, "Too Many Requests: retry after 30", `{"retry_after":30}`), hub.FaultRateLimited},
	} {
		t.Run(c.name, func(t *testing.T) {
			platform := telegramtest.New(token)
			server := httptest.NewServer(platform)
			t.Cleanup(server.Close)
			p := uploading(t, server.URL, providers.ImagesUpload, &providertest.Gallery{})
			m := providertest.Messages()["image"]
			platform.Script(c.step)
			_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{System: "telegram-acme", ID: chat}, Message: m})
			require.Equal(t, c.want, providers.FaultOf(err))
			for i := range 2 {
				r, err := p.Send(t.Context(), providers.Post{Key: fmt.Sprint("m", i), To: hub.Chat{System: "telegram-acme", ID: fmt.Sprint("-100987654321", i)}, Message: m})
				require.NoError(t, err)
				require.Empty(t, r.Note, "of what another chat said")
			}
		})
	}
}

// What is too long before its markup became entities is said in words.
func TestMarkupThatIsTooLong(t *testing.T) {
	s := newScene(t)
	s.Script(answer(400, "Bad Request: text is too long", ""))
	r, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: hub.Message{
		Text: strings.Repeat("[word](https://example.org/"+strings.Repeat("%D0%B0", 50)+") ", 110),
	}})
	require.NoError(t, err)
	require.Contains(t, r.Note, "plain text")
}
