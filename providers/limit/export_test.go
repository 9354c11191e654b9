package limit

// Known is how many chats are kept.
func (p *Pacer) Known() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.chats)
}
