// Package source finds files to send, and reads them.
//
//	list, err := source.Find(paths, source.Options{})
//	for _, f := range list.Files {
//		toi, err := sending.Add(ctx, f, nil)
//	}
//
// # What is found
//
// [Find] lists the files at and below the given paths. A given path may be a symbolic link. Links below it are left
// out, unless [Options].Links says otherwise. What is found stays below the path, even if somebody replaces a folder by
// a link meanwhile ([os.Root], or openat2 on Linux). Pipes, sockets, devices and empty folders are left out, and are
// never opened. [List].Skipped names what is left out.
//
// # Names
//
// A given file is named by the last element of its path, a file below a folder by its path from the folder's parent:
// d/a.bin and /srv/d/a.bin are "a.bin"; below d and /srv/d the file is "d/a.bin". Below "." and "/" the name of the
// folder is left out; the name of ".." is looked up. With Options.FullNames the name is the given path, cleaned,
// without leading elements that lead out: d/a.bin, ./d/a.bin, ../d/a.bin and /d/a.bin are "d/a.bin". If two files would
// have one name, or the name of one is a folder in the name of another, the error wraps [ErrClash].
//
// # Files that change
//
// [File] returns a [sender.Source] that is open during a transfer only. It knows a file by its device, inode, size and
// modification time. A file that is replaced is sent to its end; the next transfer sends the new one. On Linux the open
// files of a folder that Find was given share one descriptor of it.
//
// # Limitations
//
// A change that leaves size and modification time as they were is not noticed. Nor is a change through a memory mapping
// before the system writes it back. Where files have no inode, as on Windows, a replacement of the same size and time
// is not noticed either. File systems that count time in steps of more than 20 ms, such as FAT, hide a second change
// within a step.
package source
