package form_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

func TestUsage(t *testing.T) {
	require.Equal(t, "", form.Usage("", hub.Form{}))
	require.Equal(t, "status", form.Usage("status", hub.Form{}))
	require.Equal(t, "watch [CATEGORY] [tag:NAME …] [-tag:NAME …] [text:TEXT …] [--source TEXT] [--style compact|full] [--max-age NUMBER] [--previews]", form.Usage("watch", watch()))
	require.Equal(t, "note TO [--public] [tag:TEXT] [TEXT…]", form.Usage("note", note()))
	require.Equal(t, "remove NUMBER … [--people PERSON …]", form.Usage("remove", remove()))
	require.Equal(t, "--name TEXT --[no-]sure [--no-quiet] [--when TIME] [--where CHAT] [--page LINK]", form.Usage("", hub.Form{Fields: []hub.Field{
		{Name: "name", Type: hub.FieldText, Required: true},
		{Name: "sure", Type: hub.FieldBool, Required: true},
		{Name: "quiet", Type: hub.FieldBool, Value: []string{"true"}},
		{Name: "when", Type: hub.FieldDatetime},
		{Name: "where", Type: hub.FieldChannel},
		{Name: "page", Type: hub.FieldText, Subtype: hub.TextURL},
	}}))
}

func TestHelp(t *testing.T) {
	f := watch()
	f.Fields[0].Required, f.Fields[0].Description = true, "Its slug, or *all*"
	f.Fields[4].Value, f.Fields[4].Max = []string{"meta_forum"}, 20
	require.Equal(t, "**watch**: Hear of every post in a\\_category\n"+
		"\n"+
		"`watch CATEGORY [tag:NAME …] [-tag:NAME …] [text:TEXT …] [--source TEXT] [--style compact|full] [--max-age NUMBER] [--previews]`\n"+
		"\n"+
		"It hears *all*.\n"+
		"\n"+
		"- `CATEGORY`: Its slug, or \\*all\\*; required\n"+
		"- `tag:NAME`: Tags; more than one if you like\n"+
		"- `-tag:NAME`: Not tags; more than one if you like\n"+
		"- `text:TEXT`: Words; more than one if you like\n"+
		"- `--source TEXT`: Forum; at most 20 characters; else meta\\_forum\n"+
		"- `--style compact|full`: Style; Compact or Full text\n"+
		"- `--max-age NUMBER`: Maximum age; a number, such as 5 or -1.5\n"+
		"- `--previews`: Previews\n"+
		"\n"+
		"Examples:\n"+
		"\n"+
		"- `watch support tag:bug`\n"+
		"- ``watch `x` y``\n",
		form.Help("watch", "Hear of every post in a_category", "It hears *all*.", f, []string{"watch support tag:bug", "watch `x` y"}))
	require.Equal(t, "**status**\n\n`status`\n", form.Help("status", "", "", hub.Form{}, nil))
}
