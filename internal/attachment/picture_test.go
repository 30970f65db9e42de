package attachment_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"runtime"
	"testing"
	"time"

	"zhucan/internal/attachment"
	"zhucan/internal/fault"
)

// The colours of PNG, as its header names them.
const grey, trueColour, trueColourAlpha = 0, 2, 6

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// black is a whole PNG of nothing but zeros, which is small however large the picture is.
func black(t testing.TB, width, height, depth, colour int, also ...[]byte) []byte {
	t.Helper()
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(width)), uint32(height))
	header = append(header, byte(depth), byte(colour), 0, 0, 0)
	var body bytes.Buffer
	w, err := zlib.NewWriterLevel(&body, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	channels := map[int]int{grey: 1, trueColour: 3, trueColourAlpha: 4}[colour]
	if _, err := io.CopyN(w, zeros{}, int64(height)*int64(1+width*channels*depth/8)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	file := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", string(header))...)
	file = append(file, bytes.Join(also, nil)...)
	return append(append(file, chunk("IDAT", body.String())...), chunk("IEND", "")...)
}

// plainPhoto is a JPEG of one colour.
func plainPhoto(t testing.TB, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// framed says other things of a JPEG's frame: that it is progressive, or that its colours are not made smaller.
func framed(content []byte, marker, sampling byte) []byte {
	at := bytes.Index(content, []byte{0xFF, 0xC0})
	c := bytes.Clone(content)
	c[at+1], c[at+11] = marker, sampling
	return c
}

// allocated is how much memory something takes, all in all.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestBombsAreNotDecoded: what counts is what a picture takes in memory, not how many pixels it has. The tests of this one go one by one,
// for what they measure is of the whole process.
func TestBombsAreNotDecoded(t *testing.T) {
	wide := plainPhoto(t, 6000, 4000)
	transparent := chunk("tRNS", "\x00\x00")
	for name, content := range map[string][]byte{
		"sixteen bits":      black(t, 7071, 7071, 16, trueColourAlpha),
		"without alpha":     black(t, 5000, 3000, 16, trueColour),
		"eight bits":        black(t, 6000, 5000, 8, trueColour),
		"one grey is clear": black(t, 6000, 5000, 8, grey, transparent),
		"progressive":       framed(wide, 0xC2, 0x22),
		"not video":         colours(framed(wide, 0xC0, 0x11)),
	} {
		took := allocated(func() {
			if _, err := attachment.Take(t.Context(), content); !fault.Is(err, "TOO_MANY_PIXELS") {
				t.Errorf("%s: %v", name, err)
			}
		})
		if took > 4<<20 {
			t.Errorf("%s: refusing it took %d MiB", name, took>>20)
		}
	}
}

// colours says of a JPEG that it is in red, green and blue, behind the frame.
func colours(content []byte) []byte {
	at := bytes.Index(content, []byte{0xFF, 0xDA})
	return bytes.Join([][]byte{content[:at], segment(0xEE, "Adobe\x00\x64\x00\x00\x00\x00\x00"), content[at:]}, nil)
}

func TestPhotosOfPhonesAreTaken(t *testing.T) {
	for name, content := range map[string][]byte{
		"24 megapixels":     plainPhoto(t, 6000, 4000),
		"48 megapixels":     plainPhoto(t, 8000, 6000),
		"24 megapixels PNG": black(t, 6000, 4000, 8, trueColour),
		"grey scan":         black(t, 4960, 7016, 8, grey),
		"twelve, deep":      black(t, 4000, 3000, 16, trueColourAlpha),
	} {
		took := allocated(func() {
			if _, err := attachment.Take(t.Context(), content); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if took > 105<<20+3*uint64(len(content)) {
			t.Errorf("%s: it took %d MiB", name, took>>20)
		}
	}
}

// TestOnePictureAtATime: while one is decoded others wait, as long as somebody waits for them; papers pass.
func TestOnePictureAtATime(t *testing.T) {
	attachment.Decoding <- struct{}{}
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := attachment.Take(waiting, photo(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second picture is decoded beside the first: %v", err)
	}
	if _, err := attachment.Take(waiting, []byte(paper)); err != nil {
		t.Errorf("a paper waits for a picture: %v", err)
	}
	taken := make(chan error, 1)
	go func() {
		_, err := attachment.Take(t.Context(), photo(t))
		taken <- err
	}()
	<-attachment.Decoding
	if err := <-taken; err != nil {
		t.Errorf("after the first one a picture is refused: %v", err)
	}
}
