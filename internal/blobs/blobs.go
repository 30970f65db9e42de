// Package blobs keeps the contents of attachments, sealed, outside the database: in a folder, or where else the blob library
// reaches. Nothing here knows what a content is.
package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file:///folder
	_ "gocloud.dev/blob/memblob"  // mem://, for tests
	"gocloud.dev/gcerrors"

	"zhucan/internal/fault"
	"zhucan/internal/secret"
)

// Store is where blobs lie.
type Store struct {
	bucket *blob.Bucket
	ring   *secret.Ring
}

// Open opens a store by its address: file:///var/lib/zhucan/files for a folder, which is made.
func Open(ctx context.Context, address string, ring *secret.Ring) (*Store, error) {
	address, err := complete(address)
	if err != nil {
		return nil, fmt.Errorf("open the store of files: %w", err)
	}
	bucket, err := blob.OpenBucket(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open the store of files: %w", err)
	}
	if err := takesFiles(address); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store of files: %w", err), bucket.Close())
	}
	return &Store{bucket: bucket, ring: ring}, nil
}

// Folder is the address of a folder.
func Folder(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// folders is what the address of a folder says unless it says otherwise. The folder is made, for its owner alone. A content is written
// beside its place: from the folder for temporary files it could not be moved to another file system. Nothing is kept of it but itself.
var folders = map[string]string{"create_dir": "true", "dir_file_mode": "0700", "no_tmp_dir": "true", "metadata": "skip"}

func complete(address string) (string, error) {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "file" {
		return address, err
	}
	says := at.Query()
	for name, value := range folders {
		if !says.Has(name) {
			says.Set(name, value)
		}
	}
	at.RawQuery = says.Encode()
	return at.String(), nil
}

// takesFiles refuses a folder in which nothing can be written, such as one that root has given back: the first photo would tell otherwise. One that
// is only full has what was kept before, and a service goes on without what it cannot keep.
func takesFiles(address string) error {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "file" {
		return err
	}
	f, err := os.CreateTemp(at.Path, ".try-")
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Close gives the store back.
func (s *Store) Close() error { return s.bucket.Close() }

// Put keeps a content under an id. It is sealed to that id: moved under another it does not open.
func (s *Store) Put(ctx context.Context, id uuid.UUID, content []byte) error {
	sealed, err := s.ring.Seal("attachments", "content", id, string(content))
	if err != nil {
		return err
	}
	if err := s.write(ctx, id.String(), sealed); err != nil && ctx.Err() == nil { // a disk that is full, or the store beyond reach
		return fault.Busy(fmt.Errorf("keep a file: %w", err))
	} else if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	return nil
}

// write puts bytes in their place, all or none: closed without being given up first, half of them would stay there.
func (s *Store) write(ctx context.Context, key string, content []byte) error {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	w, err := s.bucket.NewWriter(ctx, key, nil)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		giveUp()
		_ = w.Close() // says that it was given up
		return err
	}
	return w.Close()
}

// ErrGone is that there is no content under an id, as far as the store knows.
var ErrGone = errors.New("there is no such file")

// Get reads a content.
func (s *Store) Get(ctx context.Context, id uuid.UUID) ([]byte, error) {
	sealed, err := s.bucket.ReadAll(ctx, id.String())
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("read a file: %w", ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	content, err := s.ring.Open("attachments", "content", id, sealed)
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	return []byte(content), nil
}

// Delete removes a content. One that is not there is no error.
func (s *Store) Delete(ctx context.Context, id uuid.UUID) error {
	if err := s.bucket.Delete(ctx, id.String()); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove a file: %w", err)
	}
	return nil
}

// Older lists the ids of contents that were kept before an instant.
func (s *Store) Older(ctx context.Context, than time.Time) (ids []uuid.UUID, err error) {
	list := s.bucket.List(nil)
	for {
		object, err := list.Next(ctx)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return ids, nil
			}
			return nil, fmt.Errorf("list files: %w", err)
		}
		if id, err := uuid.Parse(object.Key); err == nil && object.ModTime.Before(than) {
			ids = append(ids, id)
		}
	}
}
