package store

import "context"

// LeadStatement is the query of a worklist with the parameters that it has of a day in an area, for a test of how it is planned.
func LeadStatement(list string, t Today) (sql string, args map[string]any) {
	return leads[list], t.args("", LeadKey{})
}

// KeptPlans is how often statements about the persons of an area were run by a plan for any parameters, on one connection: with Pool 1 there is no other.
func (db *DB) KeptPlans(ctx context.Context) (n int, err error) {
	err = db.pool.QueryRow(ctx, "SELECT coalesce(sum(generic_plans), 0) FROM pg_prepared_statements WHERE statement LIKE $1", "%managing_area_code >= %").Scan(&n)
	return n, err
}

// Setting is a setting of PostgreSQL as the service's connections have it.
func (db *DB) Setting(ctx context.Context, name string) (value string, err error) {
	err = db.pool.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value)
	return value, err
}

// ListAwardsStatement is what ListAwards sends.
const ListAwardsStatement = listAwards
