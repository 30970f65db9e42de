package attachment

import (
	"bytes"
	"encoding/binary"
)

// The markers of a JPEG file that mean something here.
const (
	startOfScan = 0xDA
	baseline    = 0xC0 // the frame: its size and components
	extended    = 0xC1
	progressive = 0xC2
	endOfImage  = 0xD9
	app0        = 0xE0 // JFIF
	app1        = 0xE1 // EXIF, XMP
	app2        = 0xE2 // ICC profile, among others
	app14       = 0xEE // Adobe: how colours are to be read
	app15       = 0xEF
	comment     = 0xFE
)

// cleanJPEG copies the segments that make the picture and its colours, and leaves out all others: EXIF with its position,
// XMP, thumbnails, comments. Of EXIF only the orientation stays, in a segment of our own: without it half of all photos
// would lie on their side, and turning the pixels would cost quality. Newer phones put further pictures behind the end (a
// gain map, a second lens) and announce them (CIPA DC-007); those are left out, too. What else follows the end is refused.
func cleanJPEG(content []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(content)))
	out.Write(content[:2])
	turned, more := false, false
	for at := 2; ; {
		marker, body, next, ok := segment(content, at)
		switch {
		case !ok:
			return nil, errBroken
		case marker == endOfImage:
			if next != len(content) && !more {
				return nil, errBroken
			}
			out.Write([]byte{0xFF, endOfImage})
			return out.Bytes(), nil
		case marker == app1:
			if o := orientation(body); o > 1 && !turned {
				out.Write(orientationOnly(o))
				turned = true
			}
		case marker == app0:
			out.Write(jfif(body))
		case marker == app2 && !bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")):
			more = more || bytes.HasPrefix(body, []byte("MPF\x00"))
		case marker > app2 && marker <= app15 && marker != app14, marker == comment:
		default:
			out.Write(content[at:next])
		}
		at = next
		if marker == startOfScan {
			end := scan(content, at)
			out.Write(content[at:end])
			at = end
		}
	}
}

// jfif is a JFIF segment without the thumbnail that it may hold, or nothing: an extension (JFXX) is a thumbnail alone.
func jfif(body []byte) []byte {
	const fixed = 14 // bytes before the thumbnail, of which the last two are its size
	if len(body) < fixed || !bytes.HasPrefix(body, []byte("JFIF\x00")) {
		return nil
	}
	s := append([]byte{0xFF, app0, 0, fixed + 2}, body[:fixed]...)
	s[len(s)-2], s[len(s)-1] = 0, 0
	return s
}

// segment reads the marker at a place and the body behind it. Any number of fill bytes may stand before a marker; they are
// not copied by who drops the segment, and are harmless in one that stays.
func segment(content []byte, at int) (marker byte, body []byte, next int, ok bool) {
	if at+2 > len(content) || content[at] != 0xFF {
		return 0, nil, 0, false
	}
	for at+2 < len(content) && content[at+1] == 0xFF {
		at++
	}
	marker = content[at+1]
	if marker == endOfImage {
		return marker, nil, at + 2, true
	}
	if at+4 > len(content) {
		return 0, nil, 0, false
	}
	length := int(binary.BigEndian.Uint16(content[at+2:]))
	if next = at + 2 + length; length < 2 || next > len(content) {
		return 0, nil, 0, false
	}
	return marker, content[at+4 : next], next, true
}

// scan is where the entropy-coded data that begins at a place ends: at the next marker that is neither a stuffed byte nor
// a restart.
func scan(content []byte, at int) int {
	for ; at+1 < len(content); at++ {
		if next := content[at+1]; content[at] == 0xFF && next != 0 && (next < 0xD0 || next > 0xD7) {
			return at
		}
	}
	return len(content)
}

// orientation reads tag 0x0112 of an EXIF segment; 0 where there is none.
func orientation(body []byte) uint16 {
	tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 0 || at+2 > len(tiff) {
		return 0
	}
	for n := int(order.Uint16(tiff[at:])); n > 0; n-- {
		entry := at + 2 + (n-1)*12
		if entry+12 <= len(tiff) && order.Uint16(tiff[entry:]) == 0x0112 {
			if o := order.Uint16(tiff[entry+8:]); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 0
}

// orientationOnly is an EXIF segment that says nothing else.
func orientationOnly(o uint16) []byte {
	s := []byte("\xFF\xE1\x00\x22Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.BigEndian.PutUint16(s[28:], o)
	return s
}

// frame is what the memory of decoding depends on.
type frame struct {
	samples     float64 // a pixel
	progressive bool
	converted   bool // the colours are not those of video
}

// frameOf looks through a cleaned file. The colours may be told behind the frame, and even between scans.
func frameOf(content []byte) frame {
	f := frame{samples: 1}
	for at := 2; ; {
		marker, body, next, ok := segment(content, at)
		if !ok || marker == endOfImage {
			return f
		}
		switch marker {
		case baseline, extended, progressive:
			f.samples, f.progressive = samples(body), marker == progressive
		case app14:
			const transform = 11
			f.converted = f.converted || len(body) > transform && bytes.HasPrefix(body, []byte("Adobe")) && body[transform] == 0
		}
		if at = next; marker == startOfScan {
			at = scan(content, at)
		}
	}
}

// samples is how many samples a frame has for a pixel: each component as many as the first, or fewer.
func samples(frame []byte) float64 {
	const first, each = 6, 3 // bytes before the first component, and of one
	count := func(at int) float64 { return float64(frame[at+1]>>4) * float64(frame[at+1]&15) }
	if len(frame) < first+2*each || count(first) == 0 {
		return 1 // grey, whatever it says
	}
	all := 0.0
	for at := first; at+each <= len(frame); at += each {
		all += count(at) / count(first)
	}
	return all
}
