package ingest

import "strconv"

// text is a string.
func (c *cursor) text() string {
	if c.peek() != '"' {
		c.skip()
		return ""
	}
	raw, plain := c.quoted()
	if plain {
		return string(raw)
	}
	return unescape(raw)
}

// flag is true or false.
func (c *cursor) flag() bool {
	if b := c.peek(); b == 't' || b == 'f' {
		return c.word() == "true"
	}
	c.skip()
	return false
}

// scalar is the bytes of a number, or of what is in a string; nil for all else.
func (c *cursor) scalar() []byte {
	switch b := c.peek(); {
	case b == '"':
		raw, _ := c.quoted()
		return raw
	case b == '-' || b >= '0' && b <= '9':
		return c.number()
	}
	c.skip()
	return nil
}

func (c *cursor) ident() ident {
	if c.peek() != '"' {
		return numberID(c.scalar())
	}
	if s := c.text(); validID(s) {
		return ident(s)
	}
	return ""
}

func (c *cursor) whole() whole {
	n, err := strconv.Atoi(string(c.scalar()))
	if err != nil {
		return 0
	}
	return whole(n)
}

func (c *cursor) moment() moment { return moment{parseTime(c.scalar())} }

// member is nil if there is no object.
func (c *cursor) member() *member {
	if c.peek() != '{' {
		c.skip()
		return nil
	}
	var m member
	c.object(func(key []byte) {
		switch string(key) {
		case "id":
			m.ID = c.ident()
		case "username":
			m.Username = c.text()
		case "name":
			m.Name = c.text()
		case "avatar_template":
			m.Avatar = c.text()
		case "admin":
			m.Admin = c.flag()
		case "moderator":
			m.Moderator = c.flag()
		case "staff":
			m.Staff = c.flag()
		default:
			c.skip()
		}
	})
	return &m
}
