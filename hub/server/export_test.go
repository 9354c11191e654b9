package server

// Patterns are those of all routes but the operations of the API, as
// http.ServeMux takes them.
func (s *Server) Patterns() []string { return s.patterns }
