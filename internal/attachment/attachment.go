// Package attachment looks at what people upload: photos and PDF files, recognised by what they hold and never by their names.
// What a photo says about where, when and by whom it was taken is removed; the picture itself is not touched.
package attachment

import (
	"bytes"
	"context"
	"crypto/sha256"

	"zhucan/internal/fault"
)

// The limits of one file.
const (
	MaxPhoto = 10 << 20 // bytes
	MaxPDF   = 10 << 20 // bytes
)

// The types that are taken.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	PDF  = "application/pdf"
)

// File is a file as it is kept and served.
type File struct {
	Type    string
	Content []byte
	SHA256  [32]byte // of the content as it is served
}

// Errors of files.
var (
	errType   = fault.New(fault.WrongType, "WRONG_TYPE", "只接受JPEG、PNG图片和PDF文件", "only JPEG and PNG pictures and PDF files are taken")
	errSize   = fault.New(fault.TooLarge, "TOO_LARGE", "文件过大：不超过10兆", "the file is too large: at most 10 MiB")
	errBroken = fault.New(fault.Invalid, "BROKEN_FILE", "文件损坏或末尾带有其他内容", "the file is damaged, or something follows its end")
	errActive = fault.New(fault.Invalid, "ACTIVE_CONTENT", "PDF含有脚本、附件、加密或自动动作，不能接受", "the PDF holds scripts, files, encryption or automatic actions")
	errPixels = fault.New(fault.Invalid, "TOO_MANY_PIXELS", "图片像素过多（一般不超过2400万）或色深过高，请用较低的分辨率重拍", "the picture has too many pixels (24 million will do), or too many bits in each; take it again with a lower resolution")
)

// Take checks a file and removes what it says beside its picture. A picture waits for others to be decoded, as long as ctx lasts.
func Take(ctx context.Context, content []byte) (File, error) {
	f := File{}
	switch {
	case bytes.HasPrefix(content, []byte("\xFF\xD8\xFF")):
		f.Type = JPEG
	case bytes.HasPrefix(content, pngSignature):
		f.Type = PNG
	case bytes.HasPrefix(content, []byte("%PDF-")):
		f.Type = PDF
	default:
		return f, errType
	}
	limit := MaxPhoto
	if f.Type == PDF {
		limit = MaxPDF
	}
	if len(content) > limit {
		return f, errSize
	}
	clean := map[string]func([]byte) ([]byte, error){JPEG: cleanJPEG, PNG: cleanPNG, PDF: checkPDF}[f.Type]
	var err error
	if f.Content, err = clean(content); err != nil {
		return f, err
	}
	if f.Type != PDF {
		if err := checkPicture(ctx, f.Content); err != nil {
			return f, err
		}
	}
	f.SHA256 = sha256.Sum256(f.Content)
	return f, nil
}
