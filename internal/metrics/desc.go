package metrics

import "github.com/prometheus/client_golang/prometheus"

// desc is a metric of the Collector.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// The metrics. Their names and labels do not change.
var (
	descReceived      = desc("flute_packets_received_total", "Datagrams of sessions.", "session")
	descReceivedBytes = desc("flute_bytes_received_total", "Bytes of UDP payload of sessions.", "session")
	descAccepted      = desc("flute_packets_accepted_total", "Datagrams that were used.", "session")
	descDuplicate     = desc("flute_packets_duplicate_total", "Datagrams that brought nothing new.", "session")
	descDropped       = desc("flute_packets_dropped_total", "Datagrams that were not used, by reason.",
		"session", "reason")
	descOutside = desc("flute_packets_outside_total",
		"Datagrams that belong to no session, by reason.", "session", "reason")
	descSocket = desc("flute_socket_drops_total",
		"Datagrams that the system dropped: the receive buffer was full.", "group", "iface")
	descUp       = desc("flute_session_up", "1: a session is there.", "session")
	descSessions = desc("flute_sessions", "Transport sessions.", "session")
	descSilent   = desc("flute_sessions_silent", "Sessions that did not answer in time.", "session")
	descHeard    = desc("flute_session_last_packet_timestamp_seconds",
		"Time of the latest packet, to a second.", "session")
	descLoss = desc("flute_session_loss_ratio",
		"Lost symbols: of the latest second (the worst session), and of all time.", "session", "window")
	descMargin = desc("flute_fec_margin_ratio",
		"Symbols beyond those that were needed, in parts of those that came.", "session")
	descSurplus = desc("flute_fec_margin_symbols",
		"Symbols of a source block beyond its source symbols; quantile 0: the least.", "session", "quantile")
	descObjects  = desc("flute_objects_total", "Files, by what became of them.", "session", "state")
	descBytes    = desc("flute_object_bytes_total", "Bytes of files that are complete.", "session")
	descProgress = desc("flute_objects_in_progress", "Files that have not ended.", "session")
	descLacking  = desc("flute_objects_lacking",
		"Files whose latest try has failed, and that have not come since; 16384 at most are told apart.", "session")
	descLongest  = desc("flute_objects_lacking_seconds", "How long the file has lacked that lacks longest.", "session")
	descUnstored = desc("flute_object_store_failures_total",
		"Tries of files that ended since the folder, or its disk, took no more.", "session")
	descDamaged = desc("flute_object_integrity_failures_total",
		"Files that were not what was announced.", "session", "kind")
	descFDT = desc("flute_fdt_instances_total", "FDT Instances; s_tsid_rejected: S-TSIDs of ROUTE.", "session",
		"result")
	descFDTAge = desc("flute_fdt_age_seconds",
		"Time since an FDT Instance was heard that could be read; the oldest of all sessions.", "session")
	descClock = desc("flute_clock_offset_seconds",
		"Sender's clock less this one; the largest of all sessions.", "session")
	descHeld      = desc("flute_session_memory_bytes", "Memory of the sessions.", "session")
	descPrograms  = desc("flute_programs_total", "Programs that took a file.", "session", "result")
	descStreams   = desc("flute_utp_files_total", "Files that came by uTP.", "session", "result")
	descTxPackets = desc("flute_tx_packets_total", "Datagrams sent by the session.", "session")
	descTxBytes   = desc("flute_tx_bytes_total", "Bytes of UDP payload sent by the session.", "session")
	descTxRate    = desc("flute_tx_rate_bits", "Bits of UDP payload in the latest second.", "session")
	descTxQueue   = desc("flute_tx_queue_objects", "Files with packets to come.", "session")
	descTxTurns   = desc("flute_tx_carousel_turns_total", "Complete transfers of files.", "session")
	descTxLate    = desc("flute_tx_late_total", "Events that a file or the session is late.", "session")
	descDepth     = desc("flute_mailbox_depth", "Messages in the fullest mailbox of sessions.", "kind")
	descRestarts  = desc("flute_actor_restarts_total", "Crashes of actors and of their work, by kind of actor.", "kind")
	descSetAside  = desc("flute_quarantined", "What crashed its actor again and again, and was given up.", "kind")
	descMissed    = desc("flute_events_missed_total", "Events that the daemon was too slow for.")
	descWarnings  = desc("flute_warnings_total", "Warnings.")
	descBudget    = desc("flute_memory_budget_bytes", "Memory that may be used.", "scope")
	descUsed      = desc("flute_memory_used_bytes", "Memory that is used.", "scope")
	descUnit      = desc("flute_unit_up",
		"1: the section of the configuration runs, or is finished.", "kind", "session")
	descFailures = desc("flute_unit_failures_total",
		"How often the unit has failed and was started again.", "kind", "session")
	descReload   = desc("flute_config_last_reload_successful", "1: the configuration in use is that of the file.")
	descReloaded = desc("flute_config_last_reload_success_timestamp_seconds",
		"When the configuration in use was read.")
	descClients = desc("flute_api_event_clients", "Clients of the event stream.")
	descLogLost = desc("flute_log_lines_lost_total", "Lines of the log that nobody read in time.")
	descHanded  = desc("flute_sink_events_total", "Tries to hand files to a sink, by result.", "sink", "result")
	descRefused = desc("flute_sink_refused_total",
		"Files that a sink does not get, as the outbox had no room or could not be written.", "sink")
	descWaiting = desc("flute_sink_outbox_depth", "Files that wait for a sink, with those on their way.", "sink")
	descDead    = desc("flute_sink_dead_letters",
		"Files that a sink has not taken, and that are tried no more.", "sink")
	descOldest  = desc("flute_sink_oldest_seconds", "How long the file has waited that waits longest.", "sink")
	descItems   = desc("flute_outbox_items", "Files on their way to sinks, with dead letters.")
	descRecords = desc("flute_outbox_bytes", "Bytes of their records.")
	descBuild   = desc("flute_build_info", "Always 1.", "version")
)
