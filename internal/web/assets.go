package web

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"zhucan/internal/store"
)

//go:embed assets
var assetFiles embed.FS

// assets are styles and scripts. Their names carry a hash of their contents, so a browser keeps them for good.
type assets struct {
	named    map[string]string // app.css to app-0123abcd.css
	contents map[string]asset
}

type asset struct {
	kind    string
	content []byte
}

func readAssets() (*assets, error) {
	a := &assets{named: map[string]string{}, contents: map[string]asset{}}
	names, err := fs.Glob(assetFiles, "assets/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		content, err := assetFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		file, ext := path.Base(name), path.Ext(name)
		sum := sha256.Sum256(content)
		hashed := fmt.Sprintf("%s-%x%s", strings.TrimSuffix(file, ext), sum[:6], ext)
		a.named[file] = hashed
		a.contents[hashed] = asset{kind: mime.TypeByExtension(ext), content: content}
	}
	return a, nil
}

// path is where an asset is; a template that names none that there is fails, and with it the tests.
func (a *assets) path(name string) (string, error) {
	hashed, ok := a.named[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return "/assets/" + hashed, nil
}

func (a *assets) serve(c echo.Context) error {
	one, ok := a.contents[c.Param("name")]
	if !ok {
		return store.NotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(200, one.kind, one.content)
}
