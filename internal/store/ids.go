package store

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// registerIDs lets ids travel as bytes. pgxuuid does so for what is sent; what is read would be written out as text and parsed
// again, since the type can also read text.
func registerIDs(types *pgtype.Map) {
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: idCodec{}})
}

type idCodec struct{ pgxuuid.UUIDCodec }

func (c idCodec) PlanScan(types *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return scanID{}
	}
	return c.UUIDCodec.PlanScan(types, oid, format, target)
}

type scanID struct{}

func (scanID) Scan(src []byte, target any) error {
	if src == nil { // null, as the type itself reads it
		src = uuid.Nil[:]
	}
	if len(src) != len(uuid.Nil) {
		return fmt.Errorf("an id of %d bytes", len(src))
	}
	copy(target.(*uuid.UUID)[:], src)
	return nil
}
