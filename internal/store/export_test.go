package store

// LeadStatement is the query of a worklist with the parameters that it has of a day in an area, for a test of how it is planned.
func LeadStatement(list string, t Today) (sql string, args map[string]any) {
	return leads[list], t.args("", LeadKey{})
}
