// Package forum keeps what the hub knows of its forums: topics with category,
// tags and visibility, categories with their parents, tags, groups and their
// members, and who may see a topic.
//
// It learns from webhooks, and asks a forum's API for what they did not tell.
// What it was told it keeps in a store, behind the events; what it asked about
// permissions and members it keeps in memory and asks again before long. With
// no API it works from webhooks alone and says what it cannot know.
//
// What it refuses to do: decide who hears of an event (package rules does) and
// speak HTTP (package discourse does).
package forum
