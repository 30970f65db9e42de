package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrAboveTheWall is the refusal of a database role that row security does not bind, or that could lift it: reads by id have no other wall.
var ErrAboveTheWall = errors.New("数据库账号不受行级安全约束（超级用户、BYPASSRLS或表的所有者），请使用zhucan_app / " +
	"row security does not bind this database role, or the role could lift it (a superuser, BYPASSRLS, or the owner of the tables): the service runs as zhucan_app")

// aboveSQL asks whether one of the roles could read past row security: itself, as whoever it may become, or by altering the tables of the
// audit, which have the owner of all others. Names that are no roles are none.
const aboveSQL = `SELECT EXISTS (SELECT FROM pg_roles asked JOIN pg_roles other ON pg_has_role(asked.oid, other.oid, 'MEMBER')
	WHERE asked.rolname = ANY (string_to_array($1, E'\n')::name[] || session_user || current_user)
	  AND (other.rolsuper OR other.rolbypassrls OR other.oid = (SELECT relowner FROM pg_class WHERE oid = to_regclass('audit_entries'))))`

// keepBelow refuses a connection whose role, or one of others, stands above the wall. It asks in one round trip, and past the tracer: it is no statement of
// anybody's work.
func keepBelow(ctx context.Context, conn *pgx.Conn, others ...string) error {
	answer := conn.PgConn().ExecParams(ctx, aboveSQL, [][]byte{[]byte(strings.Join(others, "\n"))}, nil, nil, nil).Read()
	if answer.Err != nil {
		return fmt.Errorf("ask what the database role may: %w", answer.Err)
	}
	if len(answer.Rows) != 1 || string(answer.Rows[0][0]) != "f" {
		return ErrAboveTheWall
	}
	return nil
}

// keepReplicasBelow refuses replicas at the start whose roles are those of the primary and stand above the wall. A replica itself is asked again
// at each connection, since it is not waited for here and may be another server's.
func (db *DB) keepReplicasBelow(ctx context.Context) error {
	var roles []string
	for _, r := range db.replicas {
		roles = append(roles, r.pool.Config().ConnConfig.User)
	}
	if len(roles) == 0 {
		return nil
	}
	return db.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error { return keepBelow(ctx, conn.Conn(), roles...) })
}
