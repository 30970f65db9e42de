package httpapi

import (
	"errors"
	"io"
	"net/http"

	"zhucan/api"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// maxFile is how large an uploaded file may be.
const maxFile = 10 << 20

// readUpload reads the one part named file of a multipart body.
func readUpload(in *http.Request) ([]byte, error) {
	reader, err := in.MultipartReader()
	if err != nil {
		return nil, fault.New(fault.WrongType, "WRONG_TYPE", "请以multipart/form-data上传文件", "upload the file as multipart/form-data")
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, fault.InvalidFields(fault.Field{Name: "file", Code: "REQUIRED", ZH: "缺少文件", EN: "the part named file is missing"})
		}
		if err != nil {
			return nil, err
		}
		if part.FormName() != "file" {
			continue
		}
		file, err := io.ReadAll(io.LimitReader(part, maxFile+1))
		if err != nil {
			return nil, err
		}
		if len(file) > maxFile {
			return nil, fault.New(fault.TooLarge, "TOO_LARGE", "文件超过10MB", "the file is larger than 10 MB")
		}
		return file, nil
	}
}

func (a *API) createImport(r *Request) (Response, error) {
	file, err := r.upload()
	if err != nil {
		return Response{}, err
	}
	done, first, err := a.Desk.ImportRoster(r.Ctx, r.Who, file, r.Query.Get("dry_run") == "true")
	if err != nil {
		return Response{}, err
	}
	status := http.StatusOK
	if first {
		status = http.StatusCreated
	}
	return Response{Status: status, Version: 1, Body: importView(done, r.English)}, nil
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
	return Response{Version: 1, Body: importView(done, r.English)}, nil
}

func importView(i store.Import, english bool) api.Import {
	return api.Import{ID: i.ID, Version: 1, Kind: api.ImportKind(i.Kind), AreaCode: api.AreaCode(i.Area), DryRun: i.DryRun, New: i.New, Changed: i.Changed,
		Same: i.Same, Refused: i.Refused, At: i.At.UTC(), Errors: importErrors(i.Refusals, english)}
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
