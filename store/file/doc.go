// Package file is a store.Store on a file system: files appear below one root folder, whole or not at all.
//
// Objects are staged in a folder of this process below root/.flute-node, which nobody else may enter, under names that
// cannot be guessed. Publish syncs the file, makes the folders it needs, renames it into its place, and syncs the folders,
// so that after a crash or a loss of power a path leads to the older file or to the new one, never to a part of one. What
// a process that died left staged is removed by the next New.
//
// A staged object is a file from its first byte on. The files used last are open, Options.MaxOpen at most; when the
// process has no descriptors left, idle files are closed and calls wait. When somebody removes the root, the staging
// folder or the staged files, or puts something else in the root's place, what is missing is made again, Options.Warn
// is told, and files that are open are copied there. A file that was removed while it was closed is lost: its object
// fails.
//
// All access goes through os.Root: no name, and no symbolic link that another process puts in the way, leads out of the
// root. A symbolic link at the very name is replaced, not followed.
//
//	st, err := file.New("/srv/received")
//	defer st.Close()
//
// # Limitations
//
// The staging folder is part of the root, so that a rename suffices; the root must be one file system. Symbolic links to
// folders within the root are followed. On file systems without locks, leftovers are not removed. On Windows, folders are
// not synced. Whoever may write to the root can of course change what was published.
package file
