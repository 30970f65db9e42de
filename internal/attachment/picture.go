package attachment

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/jpeg" // decodes what Take has cleaned
	_ "image/png"
	"runtime"
)

// The limits of one picture. A few hundred kilobytes can unpack to half a gigabyte, so what counts is the memory that it takes to decode:
// enough for 24 megapixels of a phone, in eight bits, and for 12 that are written progressively.
const (
	maxPixels  = 50_000_000
	maxDecoded = 100 << 20 // bytes
	large      = 16 << 20  // bytes from which on the memory of a picture is given back before the next one is decoded
)

// decoding is had by who decodes a picture: the process has room for one of the largest.
var decoding = make(chan struct{}, 1)

// checkPicture decodes a picture whole, once it is known not to be a bomb.
func checkPicture(ctx context.Context, content []byte) error {
	size, form, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return errBroken
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > maxPixels/size.Height {
		return errPixels
	}
	takes := decodedPNG(size, content)
	if form == "jpeg" {
		takes = decodedJPEG(size, content)
	}
	if takes > maxDecoded {
		return errPixels
	}
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return decode(content, takes)
}

func decode(content []byte, takes int) error {
	_, _, err := image.Decode(bytes.NewReader(content))
	if takes > large {
		runtime.GC() // else two of them lie in memory while the next one is decoded
	}
	if err != nil {
		return errBroken
	}
	return nil
}

// decodedPNG is how many bytes the decoder of PNG takes for a picture. Grey gets colours where one grey is transparent, which stands behind
// what size is read from. An interlaced picture is put together from others.
func decodedPNG(size image.Config, content []byte) int {
	each, transparent := 4, bytes.Contains(content, []byte("tRNS"))
	switch size.ColorModel {
	case color.GrayModel:
		if !transparent {
			each = 1
		}
	case color.Gray16Model:
		if each = 8; !transparent {
			each = 2
		}
	case color.RGBA64Model, color.NRGBA64Model:
		each = 8
	default:
		if _, paletted := size.ColorModel.(color.Palette); paletted {
			each = 1
		}
	}
	if content[interlaced] != 0 {
		each *= 2
	}
	return size.Width * size.Height * each
}

// decodedJPEG is how many bytes the decoder of JPEG takes for a picture: its samples; in a progressive one their coefficients, of four
// bytes, until the last scan; and a second picture where the colours are not those of video.
func decodedJPEG(size image.Config, content []byte) int {
	f := frameOf(content)
	pixels := size.Width * size.Height
	takes := int(float64(pixels) * f.samples)
	if f.progressive {
		takes *= 1 + 4
	}
	if f.converted || size.ColorModel == color.RGBAModel || size.ColorModel == color.CMYKModel {
		takes += 4 * pixels
	}
	return takes
}
