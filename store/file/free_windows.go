package file

import "golang.org/x/sys/windows"

const canTellFree = true

// freeBytes returns how many bytes of the disk that path is on are free for this user.
func freeBytes(path string) (free uint64, err error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	err = windows.GetDiskFreeSpaceEx(p, &free, nil, nil)
	return free, err
}
