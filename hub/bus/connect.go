package bus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func (b *Bus) connect(ctx context.Context) (err error) {
	for _, c := range []struct {
		to   **nats.Conn
		name string
	}{{&b.nc, "bellhop"}, {&b.pulls, "bellhop pulls"}, {&b.acks, "bellhop acks"}} {
		if *c.to, err = b.dial(ctx, c.name); err != nil {
			return err
		}
	}
	b.nc.SetReconnectHandler(func(*nats.Conn) {
		b.log.Info("connected to NATS again")
		b.watchers.callAll() // what was announced meanwhile did not reach us
	})
	if b.asks, err = newAsker(b.nc); err != nil {
		return err
	}
	if b.confirms, err = newAsker(b.acks); err != nil {
		return err
	}
	b.js, err = jetstream.New(b.nc, jetstream.WithDefaultTimeout(5*time.Second))
	return err
}

// dial tries until ctx ends: hub and NATS are often started together.
func (b *Bus) dial(ctx context.Context, name string) (*nats.Conn, error) {
	secrets, err := secretsOf(b.cfg.URL)
	if err != nil {
		return nil, err
	}
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		nc, err := nats.Connect(b.cfg.URL, b.options(name, secrets)...)
		if err == nil {
			return nc, nil
		}
		bad := hopeless(err)
		err = redact(err, secrets)
		if bad {
			return nil, fmt.Errorf("check nats.url and nats.credentials: %w", err)
		}
		b.log.Warn("no connection to NATS yet", "err", err)
		if !hub.Wait(ctx, pause) {
			return nil, fmt.Errorf("no connection to NATS (nats.url): %w", err)
		}
	}
}

// hopeless errors do not go away by trying again.
func hopeless(err error) bool {
	for _, target := range []error{nats.ErrAuthorization, fs.ErrNotExist} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func (b *Bus) options(name string, secrets []secret.Value) []nats.Option {
	options := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond), nats.Timeout(2 * time.Second),
		// Without a buffer for the time of a lost connection a publish fails at
		// once. With one, messages published before the loss could come in after
		// those published since, against the order of a chat.
		nats.ReconnectBufSize(-1),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		nats.IgnoreAuthErrorAbort(), // credentials may be renewed under us
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if err != nil {
				b.log.Warn("connection to NATS lost", "connection", nc.Opts.Name, "err", redact(err, secrets))
			}
		}),
		nats.ErrorHandler(func(nc *nats.Conn, _ *nats.Subscription, err error) {
			b.log.Warn("NATS reports an error", "connection", nc.Opts.Name, "err", redact(err, secrets))
		}),
	}
	if b.embedded != nil {
		return append(options, nats.InProcessServer(b.embedded), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0))
	}
	if b.cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(b.cfg.Credentials))
	}
	return options
}

// redact removes secrets from an error's words, which may quote a URL.
func redact(err error, secrets []secret.Value) error {
	text := secret.Redact(err.Error(), secrets...)
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// secretsOf are the parts of a NATS URL, or of several between commas, that
// must not be shown. Its own error quotes nothing: that of url.Parse would.
func secretsOf(urls string) ([]secret.Value, error) {
	var secrets []secret.Value
	for u := range strings.SplitSeq(urls, ",") {
		u = strings.TrimSpace(u)
		if u != "" && !strings.Contains(u, "://") {
			u = "nats://" + u
		}
		parsed, err := url.Parse(u)
		if err != nil {
			return nil, errors.New("nats.url is no URL: write nats://user:password@host:4222 and percent-encode what is special in the password")
		}
		if parsed.User == nil {
			continue
		}
		_, rest, _ := strings.Cut(u, "://")
		raw := rest[:strings.LastIndexByte(rest, '@')]
		password, ok := parsed.User.Password()
		if !ok {
			password = parsed.User.Username() // a token
		}
		secrets = append(secrets, secret.New(raw), secret.New(password))
	}
	return secrets, nil
}

// Health is nil, or says in words which connection or stream does not work.
func (b *Bus) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if fault := b.fault.Load(); fault != nil {
		return fmt.Errorf("the bus cannot store: %w", *fault)
	}
	if b.embedded != nil {
		return b.embedded.health()
	}
	for _, nc := range []*nats.Conn{b.nc, b.pulls, b.acks} {
		if !nc.IsConnected() {
			return fmt.Errorf("no connection to NATS (%s)", nc.Opts.Name)
		}
	}
	for _, name := range []string{streamEvents, streamNotify, streamDead, streamReceipts} {
		if _, err := b.js.Stream(ctx, name); err != nil {
			return fmt.Errorf("stream %s does not answer: %w", name, err)
		}
	}
	return nil
}
