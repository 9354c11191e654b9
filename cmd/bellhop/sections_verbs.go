package main

import "github.com/bellhop-chat/bellhop/hub"

type sourcesAdd struct {
	section `embed:""`
	proving `embed:""`
	Kind    string `help:"discourse, json, cloudevents, standard_webhooks or feed; discourse if you say nothing."`
	typed   `embed:""`
}

func (sourcesAdd) Help() string { return aboutSettings }

func (c *sourcesAdd) Run(w *world) error {
	body, err := c.change(w, c.Name, c.Kind)
	if err != nil {
		return err
	}
	return c.send(w, hub.PartSource, "POST", c.query(), body, "is added")
}

type sourcesSet struct {
	section `embed:""`
	proving `embed:""`
	typed   `embed:""`
}

func (sourcesSet) Help() string { return aboutSettings }

func (c *sourcesSet) Run(w *world) error {
	body, err := c.change(w, "", "")
	if err != nil {
		return err
	}
	return c.send(w, hub.PartSource, "PATCH", c.path()+c.query(), body, "is changed")
}

type sourcesCheck struct {
	section `embed:""`
	Kind    string `help:"Of one that is not there yet."`
	typed   `embed:""`
}

func (sourcesCheck) Help() string {
	return `Without settings it is asked as it is, with settings as those would make it.
Nothing is stored or posted.`
}

func (c *sourcesCheck) Run(w *world) error {
	body, err := c.change(w, "", c.Kind)
	if err != nil {
		return err
	}
	return c.check(w, hub.PartSource, body)
}

type sourcesRm struct {
	section `embed:""`
	Yes     bool `help:"Remove it. Without, only what would end is said."`
}

func (c *sourcesRm) Run(w *world) error { return c.remove(w, hub.PartSource, c.Yes) }

type sourcesKinds struct {
	remote `embed:""`
}

func (c *sourcesKinds) Run(w *world) error { return c.kinds(w, hub.PartSource) }

type systemsAdd struct {
	section `embed:""`
	proving `embed:""`
	Kind    string `help:"slack, telegram, mattermost or matrix; the name itself if you say nothing."`
	typed   `embed:""`
}

func (systemsAdd) Help() string { return aboutSettings }

func (c *systemsAdd) Run(w *world) error {
	body, err := c.change(w, c.Name, c.Kind)
	if err != nil {
		return err
	}
	return c.send(w, hub.PartSystem, "POST", c.query(), body, "is added")
}

type systemsSet struct {
	section `embed:""`
	proving `embed:""`
	typed   `embed:""`
}

func (systemsSet) Help() string { return aboutSettings }

func (c *systemsSet) Run(w *world) error {
	body, err := c.change(w, "", "")
	if err != nil {
		return err
	}
	return c.send(w, hub.PartSystem, "PATCH", c.path()+c.query(), body, "is changed")
}

type systemsCheck struct {
	section `embed:""`
	Kind    string `help:"Of one that is not there yet."`
	typed   `embed:""`
}

func (systemsCheck) Help() string {
	return `Without settings it is asked as it is, with settings as those would make it.
Nothing is stored or posted.`
}

func (c *systemsCheck) Run(w *world) error {
	body, err := c.change(w, "", c.Kind)
	if err != nil {
		return err
	}
	return c.check(w, hub.PartSystem, body)
}

type systemsRm struct {
	section `embed:""`
	Yes     bool `help:"Remove it. Without, only what would end is said."`
}

func (c *systemsRm) Run(w *world) error { return c.remove(w, hub.PartSystem, c.Yes) }

type systemsKinds struct {
	remote `embed:""`
}

func (c *systemsKinds) Run(w *world) error { return c.kinds(w, hub.PartSystem) }

type sourcesRotate struct {
	section `embed:""`
}

func (sourcesRotate) Help() string {
	return `The new secret is printed this once: put it into the forum's webhook. What is still
signed with the one before is taken as well, until you take that away:

  bellhop sources set meta previous_secret=`
}

func (c *sourcesRotate) Run(w *world) error {
	return c.send(w, hub.PartSource, "POST", c.path()+"/rotate", nil, "has a new secret")
}
