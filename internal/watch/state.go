package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/flute-node/flute-node/internal/replace"
)

// stateVersion is that of the form of a State.
const stateVersion = 1

// savedState is a State: the files that were sent, by name.
type savedState struct {
	Version int              `json:"version"`
	Folder  string           `json:"folder"` // absolute
	Files   map[string]saved `json:"files"`
}

// saved is a file of a State: its size in bytes, and the time of its last modification in nanoseconds since 1970.
type saved struct {
	Size int64 `json:"size"`
	Time int64 `json:"time"`
}

// load reads the State. There may be none; one of another folder is an error.
func (c *Config) load() (map[string]stamp, error) {
	sent := map[string]stamp{}
	if c.State == "" {
		return sent, nil
	}
	text, err := os.ReadFile(c.State)
	if errors.Is(err, fs.ErrNotExist) {
		return sent, nil
	}
	var s savedState
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	folder, absErr := filepath.Abs(c.Folder)
	switch {
	case err != nil:
	case absErr != nil:
		err = absErr
	case s.Version != stateVersion:
		err = fmt.Errorf("its version is %d, not %d", s.Version, stateVersion)
	case s.Folder != folder:
		err = fmt.Errorf("it is of the folder %s", s.Folder)
	}
	if err != nil {
		return nil, fmt.Errorf("watch: Config.State: %s: %w", c.State, err)
	}
	for name, f := range s.Files {
		sent[name] = stamp{size: f.Size, time: f.Time}
	}
	return sent, nil
}

// save replaces the State: whoever reads it, also after a crash, finds the old one or the new one.
func (c *Config) save(sent map[string]stamp) error {
	folder, err := filepath.Abs(c.Folder)
	if err != nil {
		return err
	}
	s := savedState{Version: stateVersion, Folder: folder, Files: make(map[string]saved, len(sent))}
	for name, v := range sent {
		s.Files[name] = saved{v.size, v.time}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return replace.File(c.State, text)
}
