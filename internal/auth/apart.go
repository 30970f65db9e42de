package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

// job is a password to hash, as it goes to the process that does.
type job struct {
	Password, Salt []byte
	Memory, Passes uint32
}

func (j job) key() []byte { return argon2.IDKey(j.Password, j.Salt, j.Passes, j.Memory, 1, keyLen) }

func here(j job) ([]byte, error) { return j.key(), nil }

// HashApart has passwords hashed by a process of their own, which a command starts when it is first needed. It has to do ServeHashes.
// In this process a flood of sign-ins would keep a scheduler and the garbage collector so busy that who only reads waits for it.
func (p *Passwords) HashApart(command ...string) { p.hash = (&apart{command: command}).key }

// stuck is how long a process may take before it is ended: a thousand times what it needs.
const stuck = 40 * time.Second

// apart are processes that hash. There are never more of them than passwords are hashed beside one another.
type apart struct {
	command []string
	mu      sync.Mutex
	idle    []*hasher
}

// key asks a process. One that has come to an end since it was last asked is replaced, once.
func (a *apart) key(j job) ([]byte, error) {
	key, err := a.ask(j)
	if err != nil {
		key, err = a.ask(j)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the process that hashes: %w", err)
	}
	return key, nil
}

func (a *apart) ask(j job) (key []byte, err error) {
	h, err := a.take()
	if err != nil {
		return nil, err
	}
	defer time.AfterFunc(stuck, func() { _ = h.process.Process.Kill() }).Stop()
	if err = h.in.Encode(j); err == nil {
		err = h.out.Decode(&key)
	}
	if err == nil && len(key) != keyLen {
		err = errors.New("it answered something else")
	}
	if err != nil {
		h.end()
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, h)
	return key, nil
}

func (a *apart) take() (*hasher, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last := len(a.idle) - 1; last >= 0 {
		h := a.idle[last]
		a.idle = a.idle[:last]
		return h, nil
	}
	return startHasher(a.command)
}

// hasher is one such process. It ends when this one does, because nothing more comes to it.
type hasher struct {
	process *exec.Cmd
	pipe    io.Closer
	in      *json.Encoder
	out     *json.Decoder
}

func startHasher(command []string) (*hasher, error) {
	h := &hasher{process: exec.Command(command[0], command[1:]...)}
	h.process.Env = []string{}                                  // it needs no address and no key
	h.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that ServeHashes can make way with all its threads
	in, err := h.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := h.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	h.pipe, h.in, h.out = in, json.NewEncoder(in), json.NewDecoder(out)
	return h, h.process.Start()
}

func (h *hasher) end() {
	_ = h.pipe.Close()
	_ = h.process.Process.Kill()
	_ = h.process.Wait() // it was killed, and says so
}

// quiet is after how long without a password the memory of the last one is given back.
const quiet = time.Second

// ServeHashes answers jobs until there are no more: it is all that the process does which HashApart starts. Whoever reads goes first:
// all threads of its group give way, and not only the one that says so (setpriority(2)), as a hash is made on any of them.
func ServeHashes(in io.Reader, out io.Writer) error {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, 0, 10) // where that is refused it is only more in the way
	debug.SetGCPercent(-1)
	jobs, keys := json.NewDecoder(in), json.NewEncoder(out)
	give := time.AfterFunc(quiet, debug.FreeOSMemory)
	for {
		var j job
		switch err := jobs.Decode(&j); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read a password to hash: %w", err)
		}
		give.Stop()
		if err := keys.Encode(j.key()); err != nil {
			return fmt.Errorf("answer with a hash: %w", err)
		}
		runtime.GC() // once for each, and while nobody waits
		give.Reset(quiet)
	}
}
