package upload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	_ "image/gif"  // for image.DecodeConfig
	_ "image/jpeg" // likewise
	_ "image/png"  // likewise
	"net/http"

	"github.com/bellhop-chat/bellhop/providers"
)

var (
	errNoImage = errors.New("it is no PNG, JPEG, GIF or WebP image")
	errBroken  = errors.New("it begins as an image and is none")
)

// mostPixels is the longest side of an image, in pixels.
const mostPixels = 50_000

// Examine tells by its first bytes what an image is, whatever its server says of
// it, and refuses what is none that people look at.
func Examine(data []byte) (providers.File, error) {
	file := providers.File{Type: http.DetectContentType(data), Data: data}
	var size image.Config
	var err error
	switch file.Type {
	case "image/png", "image/jpeg", "image/gif":
		size, _, err = image.DecodeConfig(bytes.NewReader(data))
	case "image/webp":
		size, err = webp(data)
	default:
		return providers.File{}, errNoImage
	}
	if err != nil || size.Width <= 0 || size.Height <= 0 || size.Width > mostPixels || size.Height > mostPixels {
		return providers.File{}, errBroken
	}
	file.Width, file.Height = size.Width, size.Height
	return file, nil
}

// webp reads the size of a WebP image, of each of its three kinds:
// https://developers.google.com/speed/webp/docs/riff_container
func webp(data []byte) (image.Config, error) {
	if len(data) < 30 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" {
		return image.Config{}, errBroken
	}
	body := data[20:] // of the first chunk
	switch string(data[12:16]) {
	case "VP8X":
		return image.Config{Width: 1 + uint24(body[4:]), Height: 1 + uint24(body[7:])}, nil
	case "VP8L":
		if body[0] != 0x2f {
			return image.Config{}, errBroken
		}
		bits := binary.LittleEndian.Uint32(body[1:])
		return image.Config{Width: 1 + int(bits&0x3fff), Height: 1 + int(bits>>14&0x3fff)}, nil
	case "VP8 ":
		if body[3] != 0x9d || body[4] != 0x01 || body[5] != 0x2a {
			return image.Config{}, errBroken
		}
		return image.Config{
			Width: int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff), Height: int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff),
		}, nil
	}
	return image.Config{}, errBroken
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
