// Package watch finds out what happens to the files of a folder, so that they are sent when they are whole, again when
// they have changed, and no longer when they are gone.
//
//	w, err := watch.New(watch.Config{Folder: "outbox"})
//	err = w.Run(ctx, func(c watch.Change) error {
//		if c.Removed {
//			return sending.Remove(ctx, tois[c.Name], sender.AtOnce)
//		}
//		toi, err := sending.Update(ctx, c.File, nil, sender.AtOnce)
//		tois[c.Name] = toi
//		return err
//	})
//
// The folder is looked through, with all below it: at the start, when the system tells that something in it has
// changed, and every Rescan. What the system tells is a hint only. So nothing is missed when its queue overflows, when
// a folder is renamed, or when it tells nothing, as for folders on other machines.
//
// A file is whole when it was not changed for the time Settle. One that was renamed from a name that is left alone, as
// many programs do with what they have written, is whole at once, and so is one that was changed last before that time,
// as after mv. A file that is missing for as long is gone: programs replace files by others.
//
// Left alone are names that begin with a dot or end in .part, what is below folders of such names, what Include and
// Exclude say, and what is no regular file: symbolic links are not followed. Warn is told of those.
//
// With a State the names, sizes and times of the files that were sent (Done) are kept in a file, and after a restart
// only what has changed meanwhile is told.
//
// # Limitations
//
// A change that leaves size and modification time as they were is not noticed. A writer that pauses for longer than
// Settle has its file sent unfinished, and again when it has gone on.
package watch
