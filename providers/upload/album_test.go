package upload_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

const site = "https://forum.example.com/"

// wall is an Album and the platform behind it.
type wall struct {
	*upload.Album
	*providertest.Gallery
	mu   sync.Mutex
	puts int
	fail error
}

func newWall(terms upload.Terms) *wall {
	w := &wall{Gallery: &providertest.Gallery{}}
	w.Album = upload.New(w.Gallery, terms)
	return w
}

func (w *wall) put(_ context.Context, f providers.File) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.puts++
	if w.fail != nil {
		return "", w.fail
	}
	return fmt.Sprintf("file %d of %d bytes", w.puts, len(f.Data)), nil
}

func (w *wall) hang(t *testing.T, url string) (string, error) {
	t.Helper()
	return w.Upload(t.Context(), url, &hub.Image{URL: url}, w.put)
}

func TestAlbumUploadsOnce(t *testing.T) {
	w := newWall(upload.Terms{})
	first, err := w.hang(t, site+"a.png")
	require.NoError(t, err)
	again, err := w.hang(t, site+"a.png")
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := w.hang(t, site+"b.png")
	require.NoError(t, err)
	require.NotEqual(t, first, other)
	require.Equal(t, 2, w.puts)

	w.Forget(site + "a.png")
	_, err = w.hang(t, site+"a.png")
	require.NoError(t, err)
	require.Equal(t, 3, w.puts)
	w.Spoiled(site+"a.png", errors.New("it is not shown"))
	_, err = w.hang(t, site+"a.png")
	require.ErrorContains(t, err, "it is not shown")
	require.Equal(t, 3, w.puts)
}

// TestAlbumWaitsForWhoWasFirst holds that many messages with one image make one
// upload.
func TestAlbumWaitsForWhoWasFirst(t *testing.T) {
	w := newWall(upload.Terms{})
	began, release := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(began) })
	slow := func(ctx context.Context, f providers.File) (string, error) {
		first()
		<-release
		return w.put(ctx, f)
	}
	var all sync.WaitGroup
	ids := make([]string, 20)
	for i := range ids {
		all.Go(func() { ids[i], _ = w.Upload(t.Context(), "a", &hub.Image{URL: site + "a.png"}, slow) })
	}
	<-began
	close(release)
	all.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
		require.NotEmpty(t, id)
	}
	require.Equal(t, 1, w.puts)
}

// TestAlbumLeavesAlone holds for how long what is not tried after an upload that
// failed.
func TestAlbumLeavesAlone(t *testing.T) {
	fault := func(f hub.Fault, after time.Duration) error {
		return &providers.Error{Fault: f, Op: "upload", After: after, Err: errors.New("because")}
	}
	for name, c := range map[string]struct {
		err   error
		all   bool // uploads of other images as well
		until time.Duration
	}{
		"limited":                {fault(hub.FaultRateLimited, 7*time.Minute), true, 7 * time.Minute},
		"limited, who knows":     {fault(hub.FaultRateLimited, 0), true, 30 * time.Second},
		"limited, for ages":      {fault(hub.FaultRateLimited, 100*time.Hour), true, time.Hour},
		"not allowed":            {fault(hub.FaultUnauthorized, 0), true, 5 * time.Minute},
		"refused":                {fault(hub.FaultRejected, 0), false, 5 * time.Minute},
		"failing for now":        {fault(hub.FaultTemporary, 0), true, 30 * time.Second},
		"failing in a new way":   {errors.New("because"), true, 30 * time.Second},
		"not what is shown":      {&providers.FetchError{Err: errors.New("because")}, false, 5 * time.Minute},
		"the forum is not there": {&providers.FetchError{Host: "forum.example.com", Down: true, Err: errors.New("because")}, true, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWall(upload.Terms{})
				w.fail = c.err
				_, err := w.hang(t, site+"a.png")
				require.ErrorContains(t, err, "because")
				w.fail = nil
				time.Sleep(c.until - time.Second)
				_, err = w.hang(t, site+"a.png")
				require.ErrorContains(t, err, "because")
				require.Equal(t, 1, w.puts)
				_, err = w.hang(t, site+"b.png")
				require.Equal(t, c.all, err != nil)
				time.Sleep(2 * time.Second)
				_, err = w.hang(t, site+"a.png")
				require.NoError(t, err)
			})
		})
	}
}

// TestAlbumIsPatient holds that no image holds up a message, and that it is not
// the image's fault when we stop.
func TestAlbumIsPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWall(upload.Terms{})
		stuck := func(ctx context.Context, _ providers.File) (string, error) {
			<-ctx.Done()
			return "", &providers.Error{Fault: hub.FaultTemporary, Op: "upload", Err: ctx.Err()}
		}
		began := time.Now()
		_, err := w.Upload(t.Context(), "a", &hub.Image{URL: site + "a.png"}, stuck)
		require.Error(t, err)
		require.LessOrEqual(t, time.Since(began), 15*time.Second)

		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = w.Upload(ctx, "b", &hub.Image{URL: site + "b.png"}, stuck)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = w.hang(t, site+"b.png")
		require.NoError(t, err, "it was we who stopped")
	})
}

func TestAlbumKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWall(upload.Terms{Pace: providers.Rate{Calls: 60, Per: time.Minute, Burst: 2}})
		began := time.Now()
		for i := range 5 {
			_, err := w.hang(t, fmt.Sprint(site, i))
			require.NoError(t, err)
		}
		require.Equal(t, 3*time.Second, time.Since(began))
		var all sync.WaitGroup
		var mu sync.Mutex
		late := 0
		for i := range 100 {
			all.Go(func() {
				if _, err := w.hang(t, fmt.Sprint(site, "more", i)); err != nil {
					mu.Lock()
					defer mu.Unlock()
					late++
				}
			})
		}
		all.Wait()
		require.InDelta(t, 85, late, 2, "those that would wait too long go without")
		require.Less(t, time.Since(began), 20*time.Second)
	})
}

func TestAlbumTerms(t *testing.T) {
	w := newWall(upload.Terms{Types: []string{"image/jpeg"}})
	_, err := w.hang(t, site+"a.png")
	require.ErrorContains(t, err, "the platform shows no image/png")
	w = newWall(upload.Terms{Fits: func(f providers.File) error { return fmt.Errorf("%d pixels are too many", f.Width) }})
	_, err = w.hang(t, site+"a.png")
	require.ErrorContains(t, err, "64 pixels are too many")
	w = newWall(upload.Terms{Most: 10})
	_, err = w.hang(t, site+"a.png")
	require.ErrorContains(t, err, "too large")
	require.Zero(t, w.puts)
	_, err = upload.New(nil, upload.Terms{}).Upload(t.Context(), "a", &hub.Image{URL: site}, w.put)
	require.Error(t, err)
}

// blank has one picture at every address.
type blank struct{}

func (blank) Fetch(_ context.Context, _ *hub.Image, _ int64, use func(providers.File) error) error {
	return use(providers.File{Name: "a.png", Type: "image/png", Data: []byte("a")})
}

// TestAlbumForgets holds that what is remembered is bounded, and for a day.
func TestAlbumForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wall{Gallery: &providertest.Gallery{}, Album: upload.New(blank{}, upload.Terms{})}
		_, err := w.hang(t, site+"a.png")
		require.NoError(t, err)
		time.Sleep(24*time.Hour + time.Second)
		_, err = w.hang(t, site+"a.png")
		require.NoError(t, err)
		require.Equal(t, 2, w.puts)
		for i := range 4096 {
			_, err = w.hang(t, fmt.Sprint(site, i))
			require.NoError(t, err)
		}
		puts := w.puts
		_, err = w.hang(t, site+"4095")
		require.NoError(t, err)
		require.Equal(t, puts, w.puts)
		_, err = w.hang(t, site+"a.png")
		require.NoError(t, err)
		require.Equal(t, puts+1, w.puts)
	})
}
