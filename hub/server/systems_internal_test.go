package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCallback(t *testing.T) {
	require.Equal(t, "https://bellhop.example.com/chat/telegram/", callback("https://bellhop.example.com", "telegram"))
	require.Equal(t, "https://example.com/bellhop/chat/slack-acme/", callback("https://example.com/bellhop", "slack-acme"))
	require.Empty(t, callback("", "telegram"))
}
