package matrixtest

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// media is the homeserver's media repository. Platform.mu guards it.
type media struct {
	most  int64 // bytes of an upload; 0 is usual
	count int
}

// usual is what Synapse takes, unless it is told otherwise:
// https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#max_upload_size
const usual = 50 << 20

// LimitMedia sets how large an upload may be.
func (p *Platform) LimitMedia(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.media.most = bytes
}

func (p *Platform) mostMedia() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.media.most > 0 {
		return p.media.most
	}
	return usual
}

func (p *Platform) mediaConfig(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"m.upload.size": p.mostMedia()})
}

// upload: https://spec.matrix.org/latest/client-server-api/#post_matrixmediav3upload
func (p *Platform) upload(w http.ResponseWriter, r *http.Request) {
	step, scripted := p.NextUpload()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	most := p.mostMedia()
	data, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil || int64(len(data)) > most {
		refuse(w, http.StatusRequestEntityTooLarge, "M_TOO_LARGE", "Upload request body is too large")
		return
	}
	p.mu.Lock()
	p.media.count++
	_, server, _ := strings.Cut(p.userID, ":")
	uri := fmt.Sprintf("mxc://%s/media%d", server, p.media.count)
	p.mu.Unlock()
	p.Keep(providertest.Upload{ID: uri, Name: r.URL.Query().Get("filename"), Type: r.Header.Get("Content-Type"), Data: data})
	if scripted {
		step.Answer(w, r)
		return
	}
	answer(w, http.StatusOK, map[string]any{"content_uri": uri})
}
