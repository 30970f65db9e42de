package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"github.com/google/uuid"
)

// picture is a small photo of nothing: a wall and a floor in shades that follow from the service.
func picture(service uuid.UUID, number int) ([]byte, error) {
	const width, height = 160, 120
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	shade := service[15]
	for y := range height {
		for x := range width {
			c := color.RGBA{R: shade/2 + uint8(x), G: uint8(y) + uint8(number)*40, B: 160, A: 255}
			if y > height*2/3 {
				c = color.RGBA{R: 120, G: 110 + shade/4, B: 90 + uint8(number)*20, A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return out.Bytes(), nil
}
