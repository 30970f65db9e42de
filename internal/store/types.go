package store

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"zhucan/internal/calendar"
)

// registerTypes lets ids and days travel as bytes. pgxuuid does so for what is sent; what is read would be written out as text or as a time
// and parsed again, since both can also be read by database/sql.
func registerTypes(types *pgtype.Map) {
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: idCodec{}})
	types.RegisterType(&pgtype.Type{Name: "date", OID: pgtype.DateOID, Codec: dayCodec{}})
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

type dayCodec struct{ pgtype.DateCodec }

func (c dayCodec) PlanScan(types *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*calendar.Date); ok && format == pgtype.BinaryFormatCode {
		return scanDay{}
	}
	return c.DateCodec.PlanScan(types, oid, format, target)
}

type scanDay struct{}

func (scanDay) Scan(src []byte, target any) (err error) {
	day := target.(*calendar.Date)
	switch len(src) {
	case 0: // null is no day
		*day = calendar.Date{}
	case 4:
		*day, err = calendar.FromDays(int32(binary.BigEndian.Uint32(src)))
	default:
		err = fmt.Errorf("a day of %d bytes", len(src))
	}
	return err
}
