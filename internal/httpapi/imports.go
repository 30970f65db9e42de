package httpapi

import (
	"errors"
	"io"
	"net/http"

	"zhucan/internal/fault"
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

func (a *API) createImport(r *Request) (Response, error) { return Response{}, nil }
func (a *API) getImport(r *Request) (Response, error)    { return Response{}, nil }
