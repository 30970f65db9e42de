package localpg

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// oldest is the oldest server that has what the schema needs.
const oldest = 15

// places are where packages put the server's binaries, which are seldom on the path.
var places = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // packages of postgresql.org for Red Hat and its kin
	"/usr/libexec/postgresql*",           // Alpine
	"/opt/homebrew/opt/postgresql@*/bin", // macOS
	"/usr/local/opt/postgresql@*/bin",    // macOS on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
}

// binaries finds the folder with initdb and postgres: the one on the path, else the newest. Data that is there already
// can be read only by the version that made it; made is that version, 0 for none.
func binaries(made int) (string, error) {
	return search(os.Getenv("PATH"), places, made)
}

func search(path string, places []string, made int) (string, error) {
	candidates := onPath(path)
	for _, pattern := range places {
		found, _ := filepath.Glob(pattern) // its only error is a bad pattern
		candidates = append(candidates, newestFirst(found)...)
	}
	for _, folder := range candidates {
		v := version(folder)
		if v >= oldest && (made == 0 || v == made) {
			return folder, nil
		}
	}
	if made != 0 {
		return "", fmt.Errorf("the data was made by PostgreSQL %d, which is not installed: install that version, for instance the package postgresql-%d, or choose another data folder", made, made)
	}
	return "", fmt.Errorf("no PostgreSQL server of version %d or newer is installed: install the package postgresql (Debian, Ubuntu), postgresql-server (openEuler, Fedora) or postgresql@%d (Homebrew)", oldest, oldest)
}

// onPath is the folder of initdb on the path, behind links, where postgres stands beside it.
func onPath(path string) []string {
	for _, folder := range filepath.SplitList(path) {
		real, err := filepath.EvalSymlinks(filepath.Join(folder, "initdb"))
		if err == nil {
			return []string{filepath.Dir(real)}
		}
	}
	return nil
}

func newestFirst(folders []string) []string {
	slices.SortStableFunc(folders, func(a, b string) int { return numberIn(b) - numberIn(a) })
	return folders
}

// numberIn is the first number in a path, which is the version: /usr/pgsql-16/bin is 16.
func numberIn(path string) int {
	start := strings.IndexFunc(path, func(r rune) bool { return r >= '0' && r <= '9' })
	if start < 0 {
		return 0
	}
	return leadingNumber(path[start:])
}

// version asks the server itself: "postgres (PostgreSQL) 15.18 (Debian …)". It is 0 when there is none.
func version(folder string) int {
	if _, err := os.Stat(filepath.Join(folder, "initdb")); err != nil {
		return 0
	}
	out, err := exec.Command(filepath.Join(folder, "postgres"), "--version").Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 3 {
		return 0
	}
	return leadingNumber(fields[2])
}
