package event

// EventName implements [Event].
func (SessionOpened) EventName() string { return "session_opened" }

// EventName implements [Event].
func (SessionClosed) EventName() string { return "session_closed" }

// EventName implements [Event].
func (SessionComplete) EventName() string { return "session_complete" }

// EventName implements [Event].
func (SessionStats) EventName() string { return "session_stats" }

// EventName implements [Event].
func (FDTPublished) EventName() string { return "fdt_published" }

// EventName implements [Event].
func (FDTReceived) EventName() string { return "fdt_received" }

// EventName implements [Event].
func (FDTRejected) EventName() string { return "fdt_rejected" }

// EventName implements [Event].
func (ObjectStarted) EventName() string { return "object_started" }

// EventName implements [Event].
func (ObjectProgress) EventName() string { return "object_progress" }

// EventName implements [Event].
func (ObjectCompleted) EventName() string { return "object_completed" }

// EventName implements [Event].
func (ObjectFailed) EventName() string { return "object_failed" }

// EventName implements [Event].
func (ObjectRefused) EventName() string { return "object_refused" }

// EventName implements [Event].
func (MatrixDetected) EventName() string { return "matrix_detected" }

// EventName implements [Event].
func (Warning) EventName() string { return "warning" }

// EventName implements [Event].
func (Late) EventName() string { return "late" }

// EventName implements [Event].
func (TransferStarted) EventName() string { return "transfer_started" }

// EventName implements [Event].
func (TransferDone) EventName() string { return "transfer_done" }

// EventName implements [Event].
func (QueueEmpty) EventName() string { return "queue_empty" }
