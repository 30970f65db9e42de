package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"

	"zhucan/api"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// maxFile is how large an uploaded file may be.
const maxFile = 10 << 20

// upload is a multipart body: the file, and what explains it.
type upload struct {
	file    []byte
	mapping string
}

// maxMapping is how large an explanation of headings may be.
const maxMapping = 20_000

// readUpload reads a multipart body of parts that the contract names: a file, and possibly mapping.
func readUpload(in *http.Request, parts openapi3.Schemas) (u upload, err error) {
	reader, err := in.MultipartReader()
	if err != nil {
		return u, fault.New(fault.WrongType, "WRONG_TYPE", "请以multipart/form-data上传文件", "upload the file as multipart/form-data")
	}
	read := map[string]bool{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			if u.file == nil {
				return u, fault.InvalidFields(fault.Field{Name: "file", Code: "REQUIRED", ZH: "缺少文件", EN: "the part named file is missing"})
			}
			return u, nil
		}
		if err != nil {
			return u, badUpload(err)
		}
		name := part.FormName()
		switch {
		case parts[name] == nil:
			return u, unknownField.With(fault.Field{Name: clipped(name), Code: "UNKNOWN_FIELD", ZH: "未定义的字段", EN: "unknown member"})
		case read[name]:
			return u, fault.New(fault.Malformed, "BAD_UPLOAD", "同一字段上传了两次", "a part was uploaded twice").With(repeatedField(name))
		}
		read[name] = true
		switch name {
		case "file":
			u.file, err = readPart(part, maxFile)
		case "mapping":
			var text []byte
			if text, err = readPart(part, maxMapping); fault.Is(err, "TOO_LARGE") {
				err = tooLarge.With(fault.Field{Name: name, Code: "TOO_LONG", ZH: "过长", EN: "too long"})
			}
			u.mapping = string(text)
		}
		if err != nil {
			return u, err
		}
	}
}

// badUpload keeps what was said of a body that is too large or broke off; everything else is none that can be read.
func badUpload(err error) error {
	if f := faultOf(err); f.Kind != fault.Internal {
		return f
	}
	return fault.New(fault.Malformed, "BAD_UPLOAD", "上传内容无法识别", "what was uploaded is no multipart/form-data").Wrap(err)
}

func readPart(part io.Reader, limit int) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(part, int64(limit)+1))
	if err != nil {
		return nil, badUpload(err)
	}
	if len(content) > limit {
		return nil, fault.New(fault.TooLarge, "TOO_LARGE", "文件过大：不超过10兆", "the file is larger than 10 MiB")
	}
	return content, nil
}

func (a *API) createImport(r *Request) (Response, error) {
	up, err := r.upload()
	if err != nil {
		return Response{}, err
	}
	done, first, err := a.takeIn(r, up)
	return imported(r, done, first, err)
}

func (a *API) importAgain(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.ImportRepeat](r)
	if err != nil {
		return Response{}, err
	}
	mapping, err := readMapping(value(in.Mapping))
	if err != nil {
		return Response{}, err
	}
	done, first, err := a.Desk.ImportAgain(r.Ctx, r.Who, id, mapping, value(in.DryRun), r.Key)
	return imported(r, done, first, err)
}

func imported(r *Request, done store.Import, first bool, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	status := http.StatusOK
	if first {
		status = http.StatusCreated
	}
	return Response{Status: status, Version: done.Version, Body: importView(done, r.English)}, nil
}

func (a *API) takeIn(r *Request, up upload) (store.Import, bool, error) {
	if r.Query.Get("kind") == casework.KindRoster {
		return a.Desk.ImportRoster(r.Ctx, r.Who, up.file, r.Query.Get("dry_run") == "true")
	}
	in, err := r.newList(up.file, up.mapping)
	if err != nil {
		return store.Import{}, false, err
	}
	return a.Desk.ImportList(r.Ctx, r.Who, in)
}

func (a *API) getImport(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	done, err := a.Desk.Import(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: done.Version, Body: importView(done, r.English)}, nil
}

func importView(i store.Import, english bool) api.Import {
	v := api.Import{ID: i.ID, Version: i.Version, Kind: api.ImportKind(i.Kind), AreaCode: api.AreaCode(i.Area), DryRun: i.DryRun, State: api.ImportState(i.State), Sender: some(i.Sender),
		AsOf: some(i.AsOf), New: i.New, Changed: i.Changed, Same: i.Same, Refused: i.Refused, Pending: i.Pending, At: i.At.UTC(), FinishedAt: some(i.FinishedAt.UTC()),
		Errors: importErrors(i.Refusals, english)}
	if i.State == store.ImportQueued {
		v.RowsDone, v.RowsTotal = &i.Done, &i.Total
	}
	if i.Reading != nil {
		var reading map[string]any
		_ = json.Unmarshal(i.Reading, &reading) // we wrote it
		v.Reading = reading
	}
	if i.Absence != nil {
		v.Absence = &struct {
			Known   int `json:"known"`
			Missing int `json:"missing"`
		}{i.Absence.Known, i.Absence.Missing}
	}
	if !i.ConfirmedAt.IsZero() {
		v.ConfirmedAt, v.ConfirmedReason = some(i.ConfirmedAt.UTC()), some(i.ConfirmedReason)
	}
	if len(i.Kept) > 0 {
		v.Kept = importErrors(i.Kept, english)
	}
	if i.Failure != nil {
		v.Failure = &importErrors([]store.Refusal{*i.Failure}, english)[0]
	}
	return v
}

func importErrors(refusals []store.Refusal, english bool) []api.ImportError {
	list := []api.ImportError{}
	for _, e := range refusals {
		message := e.ZH
		if english {
			message = e.EN
		}
		list = append(list, api.ImportError{Row: e.Row, Column: e.Column, Code: e.Code, Message: message})
	}
	return list
}
