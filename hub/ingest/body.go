package ingest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	// bodyTimeout is how long a body may take to arrive: a sender that trickles
	// holds one of MaxInFlight slots all the while.
	bodyTimeout = 10 * time.Second
	// firstBuffer bounds what is set aside on the word of a Content-Length.
	firstBuffer = 64 << 10
)

// read takes in the body, up to the limit.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	control := http.NewResponseController(w)
	// Only a real connection has deadlines; without one there is nothing to guard.
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := readAll(http.MaxBytesReader(w, r.Body, h.maxBody), r.ContentLength)
	// Left standing, it would end the request while the event is being stored.
	_ = control.SetReadDeadline(time.Time{})
	if err == nil {
		return body, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, h.tooLarge()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, refuse(http.StatusRequestTimeout, "the body took too long to arrive").with("Connection", "close")
	}
	return nil, refuse(http.StatusBadRequest, "the body ended early")
}

func (h *Handler) tooLarge() *problem {
	detail := fmt.Sprintf("the body is larger than %d bytes", h.maxBody)
	// The connection goes, or the server would read the rest to use it again.
	return refuse(http.StatusRequestEntityTooLarge, detail).with("Connection", "close")
}

// readAll is io.ReadAll with a first buffer of the size that is to be expected.
func readAll(r io.Reader, length int64) ([]byte, error) {
	size := int64(4 << 10)
	if length >= 0 {
		size = min(length+1, firstBuffer) // one more, to meet the end without growing
	}
	buf := make([]byte, 0, size)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
}
