package route

// Rows is how many subscriptions are in force.
func (r *Router) Rows() int { return r.index.Load().Len() }
