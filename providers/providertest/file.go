package providertest

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Upload is a file that a look-alike accepted. Where a message shows it, its ID
// stands among the Images of the Reading.
type Upload struct {
	ID         string
	Name, Type string
	Data       []byte
	Gone       bool // it was deleted by itself
}

// files are what a Recorder keeps of uploads. Its lock guards them.
type files struct {
	all   []Upload
	tries int
	steps []Step
}

// NextUpload takes the step that answers the call at hand, if one is scripted. A
// look-alike asks for it in every call that brings a file.
func (r *Recorder) NextUpload() (Step, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files.tries++
	if len(r.files.steps) == 0 {
		return Step{}, false
	}
	step := r.files.steps[0]
	r.files.steps = r.files.steps[1:]
	return step, true
}

// ScriptUploads implements Platform.
func (r *Recorder) ScriptUploads(steps ...Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files.steps = append(r.files.steps, steps...)
}

// Keep keeps an accepted file.
func (r *Recorder) Keep(u Upload) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files.all = append(r.files.all, u)
}

// Discard deletes a file. It is false if there is none.
func (r *Recorder) Discard(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.files.all, func(u Upload) bool { return u.ID == id && !u.Gone })
	if i < 0 {
		return false
	}
	r.files.all[i].Gone = true
	return true
}

// Uploads implements Platform.
func (r *Recorder) Uploads() []Upload {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.files.all)
}

// Tries implements Platform.
func (r *Recorder) Tries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files.tries
}

// Gallery is a providers.Pictures in memory: every address has a picture of its
// own, unless it was told otherwise.
type Gallery struct {
	mu      sync.Mutex
	fetched []string
	lost    map[string]bool
}

var _ providers.Pictures = (*Gallery)(nil)

// Lose lets no picture be fetched from an address.
func (g *Gallery) Lose(url string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lost == nil {
		g.lost = map[string]bool{}
	}
	g.lost[url] = true
}

// Fetched are the addresses from which pictures were fetched.
func (g *Gallery) Fetched() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.fetched)
}

// Fetch implements providers.Pictures.
func (g *Gallery) Fetch(ctx context.Context, at *hub.Image, most int64, use func(providers.File) error) error {
	if err := ctx.Err(); err != nil {
		return &providers.FetchError{Err: err}
	}
	g.mu.Lock()
	g.fetched = append(g.fetched, at.URL)
	lost := g.lost[at.URL]
	g.mu.Unlock()
	f := File(at.URL)
	switch {
	case lost:
		return &providers.FetchError{Host: "forum.example.com", Err: errors.New("forum.example.com: 404 Not Found")}
	case int64(len(f.Data)) > most:
		return &providers.FetchError{Err: errors.New("too large")}
	}
	return use(f)
}

// File is the picture of an address, unlike that of any other.
func File(url string) providers.File {
	pic := image.NewGray(image.Rect(0, 0, 64, 48))
	for i, c := range []byte(hub.Digest(url)) {
		pic.SetGray(i, 0, color.Gray{Y: c})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, pic); err != nil {
		panic(err) // into memory, of a picture that is one
	}
	return providers.File{Name: "aa.png", Type: "image/png", Data: b.Bytes(), Width: 64, Height: 48}
}
