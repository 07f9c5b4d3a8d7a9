// Package file implements [store.Store] on a file system: files appear below one root folder, whole or not at all.
//
// The store stages objects in a folder of its process below root/.flute-node, which no other user may enter, under
// names that cannot be guessed. Publish makes the file durable, makes the folders it needs, renames the file into its
// place, and syncs the folders. Publications at the same time share these syncs: on ext4, XFS, Btrfs and F2FS one sync
// of the file system makes many files durable, as long as that is faster. On Linux large files are written out while
// they come, so that little is left to their sync. After a crash or a loss of power a path therefore leads to the older
// file or to the new one, never to a part of one. The next [New] removes what a process that died left staged.
//
// A staged object is a file from its first byte on. The store keeps the files used last open, [Options].MaxOpen at
// most. If the process has no descriptors left, idle files are closed and calls wait. If somebody removes the root, the
// staging folder or the staged files, or puts something else in the root's place, the store makes what is missing
// again, copies the files that are open there, and tells Options.Warn. A file that was removed while it was closed is
// lost, and its object fails.
//
// All access goes through [os.Root]: no name, and no symbolic link that another process puts in the way, leads out of
// the root. A symbolic link at the name itself is replaced, not followed. The folders used last stay open, 32 at most;
// each is looked up again before it is used.
//
//	st, err := file.New("/srv/received")
//	defer st.Close()
//
// # Limitations
//
// The staging folder is part of the root, or Options.Stage. Files for a folder below the root on another file system
// are copied there, and synced one by one. Symbolic links to folders within the root are followed. On file systems
// without locks, leftovers are not removed. On Windows, folders are not synced. Whoever may write to the root can
// change what was published.
package file
