package web

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed texts
var textFiles embed.FS

// texts is the catalogue: every text of the pages by its key, in Chinese and in English. A file of texts for each group of pages. It is
// read when it is first asked for, since a command that shows no page starts without.
var texts = sync.OnceValue(func() map[string][2]string {
	all := map[string][2]string{}
	names, err := fs.Glob(textFiles, "texts/*.yaml")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		document, err := textFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		var some map[string][2]string
		if err := yaml.Unmarshal(document, &some); err != nil {
			panic(fmt.Errorf("%s: %w", name, err))
		}
		for key, text := range some {
			if _, twice := all[key]; twice || text[0] == "" || text[1] == "" {
				panic(fmt.Sprintf("%s: the text %s is there twice, or not in both languages", name, key))
			}
			all[key] = text
		}
	}
	return all
})

// say is a text in one of the languages. A key that is not there is shown, and fails every test that sees the page.
func say(english bool, key string, args ...any) string {
	text, ok := texts()[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	format := text[0]
	if english {
		format = text[1]
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
