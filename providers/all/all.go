// Package all lists the built-in providers. To add one, add its line.
package all

import (
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/mattermost"
	"github.com/bellhop-chat/bellhop/providers/slack"
	"github.com/bellhop-chat/bellhop/providers/telegram"
)

// Registry is every kind of provider there is. The console keeps its rooms in
// store.
func Registry(store hub.ConsoleStore) *providers.Registry {
	return providers.NewRegistry(
		console.Kind(store),
		slack.Kind(),
		telegram.Kind(),
		mattermost.Kind(),
		matrix.Kind(),
	)
}
