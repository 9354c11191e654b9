package upload_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

// Who waited for an upload that failed for its maker's own sake makes it.
func TestAnOwnFailureIsNobodyElses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := upload.New(&providertest.Gallery{}, upload.Terms{})
		image := &hub.Image{URL: "https://forum.example.org/uploads/a.png"}
		gone := &providers.Error{Fault: hub.FaultChatGone, Op: "sendPhoto", Err: errors.New("gone")}
		first := make(chan error)
		go func() {
			_, err := a.Upload(t.Context(), "k", image, func(context.Context, providers.File) (string, error) {
				<-time.After(time.Second)
				return "", &upload.OwnError{Err: gone}
			})
			first <- err
		}()
		synctest.Wait()
		ids := make(chan string, 3)
		puts := 0
		for range 3 {
			go func() {
				id, err := a.Upload(t.Context(), "k", image, func(context.Context, providers.File) (string, error) {
					puts++
					return "F1", nil
				})
				if err != nil {
					id = err.Error()
				}
				ids <- id
			}()
		}
		require.ErrorIs(t, <-first, gone)
		for range 3 {
			require.Equal(t, "F1", <-ids)
		}
		require.Equal(t, 1, puts)
	})
}
