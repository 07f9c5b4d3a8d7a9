// Package file is a store.Store in a folder.
//
// Objects are staged in the hidden folder .flute-node below the root, in a folder of their own for each open Store.
// Publish makes them durable, then renames them: a name shows either nothing, or the file that was there before, or the
// whole new one, also after a crash. All paths go through os.Root, so that neither a name nor a symbolic link leads out
// of the folder; a link at the final name is replaced, not followed.
//
// # Limitations
//
// The durability of a rename is that of the operating system: on Windows folders cannot be synced. A file cannot be
// published where a folder is, nor below a file.
package file
