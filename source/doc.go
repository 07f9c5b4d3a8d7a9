// Package source finds files to send, and reads them.
//
//	list, err := source.Find(paths, source.Options{})
//	for _, f := range list.Files {
//		toi, err := sending.Add(ctx, f, nil)
//	}
//
// # What is found
//
// The files at and below the given paths. A path that is given may be a symbolic link. Below it links are left out,
// unless Options.Links says otherwise; what is then found stays below the path, also when somebody puts a link in the
// place of a folder meanwhile ([os.Root]). Pipes, sockets, devices and empty folders are left out, never opened. What
// is left out is listed.
//
// # Names
//
// A file that is given is named by the last element of its path, a file below a folder by its path from the folder's
// parent: d/a.bin and /srv/d/a.bin are "a.bin"; below d and /srv/d they are "d/a.bin". Below "." and "/" there is no
// folder to name; that of ".." is looked up. With Options.FullNames the name is the path as it was given, cleaned,
// without what leads out at its start: d/a.bin, ./d/a.bin, ../d/a.bin and /d/a.bin are "d/a.bin". Two files that would
// have one name, or one of which would be a folder of another's, are an error.
//
// # Files that change
//
// File is a sender.Source: open for a transfer only, and known by its device, inode, size and modification time. So a
// file that is replaced is sent to its end, and the new one in the next transfer.
//
// # Limitations
//
// A change that leaves size and modification time as they were is not seen, nor is one through a memory mapping before
// the system writes it back. Where files have no inode, as on Windows, a file that is replaced by one of the same size
// and time is not seen either. File systems that count time in steps of more than 20 ms, such as FAT, hide a second
// change within a step.
package source
