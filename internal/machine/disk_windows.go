package machine

import "golang.org/x/sys/windows"

func sizeOf(path string) (size uint64, err error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	err = windows.GetDiskFreeSpaceEx(p, nil, &size, nil)
	return size, err
}
