package mattermost

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the handshake of websockets is made of it, and proves nothing
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// socket is the client's side of a websocket over the one guarded HTTP client,
// which no library for websockets with the ways of our model of the server takes:
// https://www.rfc-editor.org/rfc/rfc6455. It reads texts and says nothing but
// pongs.
type socket struct {
	body io.ReadWriteCloser
	in   *bufio.Reader

	cancel   context.CancelFunc
	watchdog *time.Timer
	mu       sync.Mutex // of writing
}

const (
	// The server pings each minute:
	// https://github.com/mattermost/mattermost/blob/master/server/channels/app/platform/web_conn.go
	silence = 130 * time.Second

	largestMessage = 4 << 20
	handshake      = 20 * time.Second
	websocketGUID  = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// opcodes of frames.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

// dial opens the websocket; with a connection's id the server goes on where that
// one broke off, at the event of number next.
func (c *Client) dial(ctx context.Context, connection string, next int64) (*socket, error) {
	query := url.Values{"connection_id": {connection}, "sequence_number": {fmt.Sprint(next)}}
	ctx, cancel := context.WithCancel(ctx)
	patience := time.AfterFunc(handshake, cancel)
	defer patience.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+model.APIURLSuffix+"/websocket?"+query.Encode(), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	var nonce [16]byte
	_, _ = rand.Read(nonce[:])
	key := base64.StdEncoding.EncodeToString(nonce[:])
	for k, v := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
		model.HeaderAuth: model.HeaderBearer + " " + c.token.Reveal(),
	} {
		req.Header.Set(k, v)
	}
	resp, err := c.api.HTTPClient.Transport.RoundTrip(req)
	if err != nil {
		cancel()
		return nil, &providers.Error{Fault: hub.FaultTemporary, Op: opListen, Err: fmt.Errorf("mattermost did not answer: %w", bare(err))}
	}
	body, ok := resp.Body.(io.ReadWriteCloser)
	if resp.StatusCode != http.StatusSwitchingProtocols || !ok || resp.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		resp.Body.Close()
		cancel()
		return nil, c.judge(opListen, model.BuildResponse(resp), errors.New("it is no websocket"))
	}
	s := &socket{body: body, in: bufio.NewReader(body), cancel: cancel}
	s.watchdog = time.AfterFunc(silence, func() { _ = body.Close() })
	context.AfterFunc(ctx, func() { _ = body.Close() })
	return s, nil
}

// accept is what the server makes of a key.
func accept(key string) string {
	sum := sha1.Sum([]byte(key + websocketGUID)) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (s *socket) close() {
	s.watchdog.Stop()
	s.cancel()
	_ = s.body.Close()
}

// errClosed is that the server has ended the connection in good order.
var errClosed = errors.New("the server has closed the connection")

// read is the next text. It answers pings.
func (s *socket) read() ([]byte, error) {
	var message []byte
	started := false
	for {
		final, op, payload, err := readFrame(s.in, largestMessage-len(message))
		if err != nil {
			return nil, err
		}
		s.watchdog.Reset(silence)
		switch op {
		case opPing:
			if err := s.write(opPong, payload); err != nil {
				return nil, err
			}
		case opPong:
		case opClose:
			_ = s.write(opClose, payload[:min(len(payload), 2)])
			return nil, errClosed
		case opText, opBinary, opContinue:
			if (op == opContinue) != started {
				return nil, errors.New("the frames of the websocket are out of order")
			}
			started = true
			message = append(message, payload...)
			if final {
				return message, nil
			}
		default:
			return nil, fmt.Errorf("the websocket has a frame of an unknown kind %d", op)
		}
	}
}

// readFrame reads one frame of at most limit bytes.
func readFrame(in io.Reader, limit int) (final bool, op byte, payload []byte, err error) {
	var head [8]byte
	if _, err = io.ReadFull(in, head[:2]); err != nil {
		return false, 0, nil, err
	}
	final, op = head[0]&0x80 != 0, head[0]&0x0F
	size, masked := uint64(head[1]&0x7F), head[1]&0x80 != 0
	if head[0]&0x70 != 0 || masked || op >= opClose && (!final || size > 125) {
		return false, 0, nil, errors.New("the websocket has a frame that no server may send")
	}
	switch size {
	case 126:
		if _, err = io.ReadFull(in, head[:2]); err != nil {
			return false, 0, nil, err
		}
		size = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err = io.ReadFull(in, head[:8]); err != nil {
			return false, 0, nil, err
		}
		size = binary.BigEndian.Uint64(head[:8])
	}
	if size > uint64(max(limit, 0)) {
		return false, 0, nil, fmt.Errorf("a message of the websocket is larger than %d bytes", largestMessage)
	}
	payload, err = io.ReadAll(io.LimitReader(in, int64(size)))
	if err == nil && uint64(len(payload)) < size {
		err = io.ErrUnexpectedEOF
	}
	return final, op, payload, err
}

// write sends a small frame, masked as clients have to.
func (s *socket) write(op byte, payload []byte) error {
	var mask [4]byte
	_, _ = rand.Read(mask[:])
	out := append([]byte{0x80 | op, 0x80 | byte(len(payload))}, mask[:]...)
	for i, b := range payload {
		out = append(out, b^mask[i%4])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.body.Write(out)
	return err
}

// unexpected is an error of reading in words.
func unexpected(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "closed") {
		return "the connection broke"
	}
	return err.Error()
}
