package daemon

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// withRemedy adds to the error of a unit what mends it, where that is not plain.
func withRemedy(err error) error {
	// The unit of systemd has ProtectSystem=strict. systemd makes what may be written when it starts the service, and
	// leaves out what is not there then: a folder that is made later is one that cannot be written.
	if errors.Is(err, syscall.EROFS) && os.Getenv("INVOCATION_ID") != "" {
		return fmt.Errorf("%w: the unit of systemd lets it write to the folders of ReadWritePaths= that were there "+
			"when it was started: make the folder, add it with systemctl edit if need be, and restart the service", err)
	}
	return err
}
