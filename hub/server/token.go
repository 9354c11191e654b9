package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// adminToken is the first credential.
type adminToken struct {
	value secret.Value
	file  string // where we keep one that nobody configured
}

// openToken takes the configured token, or the one that an earlier start has
// made, or makes one: a hub without a credential would be open to nobody.
func openToken(c *config.Config) (*adminToken, error) {
	if !c.Admin.Token.Empty() {
		return &adminToken{value: c.Admin.Token}, nil
	}
	path := filepath.Join(c.Server.DataDir, "admin.token")
	text, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return &adminToken{secret.New(strings.TrimSpace(string(text))), path}, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the admin token: %w", err)
	}
	token := rand.Text()
	if err := os.MkdirAll(c.Server.DataDir, 0o700); err != nil { // a hub with PostgreSQL has not needed it so far
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("keep the admin token that was made: %w", err)
	}
	return &adminToken{secret.New(token), path}, nil
}
