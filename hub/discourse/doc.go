// Package discourse asks a Discourse forum over its HTTP API for what webhooks
// do not tell: topics as they are now, who may see them, how the forum is
// ordered, who is in a group, and what was said while nobody listened.
//
// It learns with the eyes of one user, and finds out what others see by asking
// as them. An answer is a fact or an error: where it cannot be told whether a
// thing is gone or only out of reach, it is out of reach.
//
// How a forum answers is read from its source, since its documentation,
// https://docs.discourse.org, does not say how it fails:
//
//   - errors and rate limits: https://github.com/discourse/discourse/blob/main/app/controllers/application_controller.rb
//   - keys: https://github.com/discourse/discourse/blob/main/lib/auth/default_current_user_provider.rb
//   - topics: https://github.com/discourse/discourse/blob/main/app/controllers/topics_controller.rb
//   - posts: https://github.com/discourse/discourse/blob/main/app/controllers/posts_controller.rb
//
// What it refuses to do: change anything on the forum, follow a redirect,
// retry, keep an answer, and tell anybody its key.
package discourse
