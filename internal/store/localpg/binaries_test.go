package localpg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// install puts a server that only tells its version into folder.
func install(t *testing.T, folder, version string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"initdb", "postgres"} {
		script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for folder, version := range map[string]string{"deb/9.6/bin": "9.6.24", "deb/15/bin": "15.18 (Debian 15.18-0+deb12u1)", "deb/17/bin": "17.2",
		"deb/100/bin": "100beta1", "path/16": "16.1", "old/14": "14.9"} {
		install(t, filepath.Join(root, folder), version)
	}
	links := filepath.Join(root, "links")
	if err := os.Mkdir(links, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "path/16/initdb"), filepath.Join(links, "initdb")); err != nil {
		t.Fatal(err)
	}
	deb := root + "/deb/*/bin"
	for _, tt := range []struct {
		name, path, place string
		made              int
		want, err         string
	}{
		{"newest, by number", "", deb, 0, "deb/100/bin", ""},
		{"the path first, behind a link", links, deb, 0, "path/16", ""},
		{"too old on the path", root + "/old/14", deb, 0, "deb/100/bin", ""},
		{"data of an older version", links, deb, 15, "deb/15/bin", ""},
		{"data of a version that is gone", links, deb, 18, "", "install that version"},
		{"too old only", root + "/old/14", root + "/old/*", 0, "", "install the package postgresql"},
		{"none", "", root + "/none/*", 0, "", "install the package postgresql"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := search(tt.path, []string{tt.place}, tt.made)
			if err != nil && (tt.err == "" || !strings.Contains(err.Error(), tt.err)) {
				t.Fatal(err)
			}
			if tt.want != "" {
				tt.want = filepath.Join(root, tt.want)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLeadingNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"15.18": 15, "17": 17, "17beta1": 17, "18devel": 18, "": 0, "x1": 0, "99999999999999999999": 0} {
		if got := leadingNumber(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
