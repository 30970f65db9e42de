package attachment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// interlaced is where a file says whether its picture is interlaced: in its first chunk, which has to be the header.
const interlaced = 28

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// pngChunks are those that make the picture and its colours. Text, time, EXIF and whatever programs have invented go.
var pngChunks = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "pHYs", "sBIT"}

func cleanPNG(content []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(content)))
	out.Write(pngSignature)
	for at := len(pngSignature); ; {
		if at+12 > len(content) {
			return nil, errBroken
		}
		length := int(binary.BigEndian.Uint32(content[at:]))
		end := at + 12 + length
		if length < 0 || length > MaxPhoto || end > len(content) {
			return nil, errBroken
		}
		kind := string(content[at+4 : at+8])
		if crc32.ChecksumIEEE(content[at+4:end-4]) != binary.BigEndian.Uint32(content[end-4:]) {
			return nil, errBroken
		}
		if slices.Contains(pngChunks, kind) {
			out.Write(content[at:end])
		}
		if kind == "IEND" {
			if end != len(content) {
				return nil, errBroken
			}
			return out.Bytes(), nil
		}
		at = end
	}
}
